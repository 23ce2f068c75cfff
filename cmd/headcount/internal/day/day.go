// Package day counts days of the UTC calendar.
package day

import (
	"fmt"
	"time"
)

// A Day is a day in UTC: the number of days since 1970-01-01.
type Day int32

// None is no day: before every day that a report can have.
const None Day = -1 << 31

// First and Last bound the days that a report may have: outside them a clock
// was wrong. They do not depend on the clock of this machine, so that the
// same input gives the same archive on every machine.
const (
	First Day = 18262 // 2020-01-01
	Last  Day = 47481 // 2099-12-31
)

const layout = "2006-01-02"

// Of returns the day of a time, in UTC; None if it is too far away.
func Of(t time.Time) Day {
	seconds := t.Unix()
	d := seconds / 86400
	if seconds%86400 < 0 {
		d--
	}
	if d < int64(None)+1 || d > 1<<31-1 {
		return None
	}
	return Day(d)
}

// Parse reads a day as in 2026-11-25.
func Parse(text string) (Day, error) {
	t, err := time.Parse(layout, text)
	if err != nil {
		return None, fmt.Errorf("day %q is not of the form 2026-11-25", text)
	}
	return Of(t), nil
}

// Time is the beginning of the day.
func (d Day) Time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// String returns the day as in 2026-11-25; "none" for None.
func (d Day) String() string {
	if d == None {
		return "none"
	}
	return d.Time().Format(layout)
}

// MarshalText writes the day as String does.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (d *Day) UnmarshalText(text []byte) (err error) {
	if string(text) == "none" {
		*d = None
		return nil
	}
	*d, err = Parse(string(text))
	return err
}

// Week is the Monday of the day's week.
func (d Day) Week() Day {
	w := (int32(d) + 3) % 7 // 1970-01-01 was a Thursday
	if w < 0 {
		w += 7
	}
	return d - Day(w)
}

// Month is the first day of the day's month.
func (d Day) Month() Day {
	// Days since 0000-03-01, in eras of 400 years; a year begins in March, so
	// that the leap day is its last. time.Date does the same, ten times slower.
	z := int64(d) + 719468
	era := z / 146097
	if z < 0 {
		era = (z - 146096) / 146097
	}
	ofEra := z - era*146097
	year := (ofEra - ofEra/1460 + ofEra/36524 - ofEra/146096) / 365
	ofYear := ofEra - (365*year + year/4 - year/100)
	month := (5*ofYear + 2) / 153
	return d - Day(ofYear-(153*month+2)/5)
}

// NextMonth is the first day of the month after the day's.
func (d Day) NextMonth() Day { return (d.Month() + 31).Month() }
