package consent

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Decision is what was decided. The zero value is Undecided. Only Granted is a
// yes; a value that has no name here is never one.
type Decision uint8

const (
	Undecided Decision = iota // no decision: off, and may be asked
	Granted                   // yes, to one notice
	Denied                    // no: off, and not asked again
)

// String returns "undecided", "granted" or "denied", and "decision(7)" for a
// value that has no name.
func (d Decision) String() string {
	names := [...]string{"undecided", "granted", "denied"}
	if int(d) < len(names) {
		return names[d]
	}
	return fmt.Sprintf("decision(%d)", uint8(d))
}

// MarshalText returns the word for d, and an error if it has none.
func (d Decision) MarshalText() ([]byte, error) {
	if d > Denied {
		return nil, fmt.Errorf("consent: %v has no word", d)
	}
	return []byte(d.String()), nil
}

// UnmarshalText accepts exactly "undecided", "granted" and "denied". Any other
// word is an error and leaves d Undecided, so that an unheeded error is a no.
func (d *Decision) UnmarshalText(text []byte) error {
	for known := range Denied + 1 {
		if string(text) == known.String() {
			*d = known
			return nil
		}
	}
	*d = Undecided
	return fmt.Errorf("consent: decision %.40q is not undecided, granted or denied", text)
}

// Record is one decision. The zero Record means that there is no decision.
type Record struct {
	Decision Decision  `json:"decision"`
	Notice   int       `json:"notice"` // number of the notice that was shown; 1 or more
	Time     time.Time `json:"time"`   // when; kept in UTC, to the second
	Where    string    `json:"where"`  // where it was given, such as "settings"; printable, at most 100 bytes

	// For names the product by its own variable, such as COMPREFACE_TELEMETRY
	// (catalog.Catalog.Variable); at most 100 bytes. Empty: not known. A yes for
	// another product is none; a no counts for every product.
	For string `json:"for,omitzero"`

	// By is who decided, in the application's own words, such as the number of an
	// account; printable, at most 100 bytes. It is kept with the record. It is
	// never sent, never logged, and decides nothing.
	By string `json:"by,omitzero"`

	// Erase, with a no, asks the receiver to erase what was sent. The process that
	// acts on the no keeps the request before it destroys the identifier. A yes
	// with Erase is not valid.
	Erase bool `json:"erase,omitzero"`

	// Since, of a yes, is when the first yes after the latest no was given, or after
	// a yes for another product. It tells a new installation from one that goes on.
	// [File.Save] sets it. Zero means unknown: then totals that are there go on.
	Since time.Time `json:"since,omitzero"`
}

const (
	maxRecords = 100
	maxText    = 100 // bytes of Where, For and By

	// A record may be this far ahead of the clock. Two hosts that share a
	// directory disagree, and a computer that takes local time for UTC is up to
	// 14 hours ahead; beyond a day no person can have decided then.
	tolerance = 24 * time.Hour
)

// check returns why no person can have left a record; nil if one can.
func check(r Record, now time.Time) error {
	switch {
	case r.Decision != Granted && r.Decision != Denied:
		return fmt.Errorf("decision %q is neither granted nor denied", r.Decision)
	case r.Notice < 1:
		return fmt.Errorf("notice %d is not a positive number", r.Notice)
	case shown(r.Where) != r.Where:
		return fmt.Errorf("where %.110q is not printable text of at most %d bytes", r.Where, maxText)
	case recordable(r.For) != r.For:
		return fmt.Errorf("for %.110q is not the name of a variable, of at most %d bytes", r.For, maxText)
	// By is not quoted: errors go to logs.
	case shown(r.By) != r.By:
		return fmt.Errorf("by is not printable text of at most %d bytes", maxText)
	case r.Erase && r.Decision != Denied:
		return errors.New("only a no can ask to erase")
	case !r.Since.IsZero() && (r.Decision != Granted || r.Since.After(r.Time) || r.Since.Unix() < 0):
		return fmt.Errorf("since %s is not possible", r.Since.UTC().Format(time.RFC3339))
	case r.Time.IsZero():
		return errors.New("the time is missing")
	// Seconds since 1970, because times at the ends of what an int64 holds wrap
	// around in comparisons: the largest is not After anything.
	case r.Time.Unix() < 0:
		return fmt.Errorf("time %s is before 1970", r.Time.UTC().Format(time.RFC3339))
	case r.Time.Unix() > now.Add(tolerance).Unix():
		return fmt.Errorf("time %s is in the future", r.Time.UTC().Format(time.RFC3339))
	}
	return nil
}

// normal is r as it is stored: finer times would say more about a person than needed.
func normal(r Record) Record {
	r.Time = r.Time.UTC().Truncate(time.Second)
	r.Since = r.Since.UTC().Truncate(time.Second)
	return r
}

// shown returns s, or "" if a page or terminal must not show it: line breaks, escape
// sequences and direction overrides are for neither.
func shown(s string) string {
	hidden := func(r rune) bool { return !unicode.IsPrint(r) }
	if len(s) > maxText || !utf8.ValidString(s) || strings.ContainsFunc(s, hidden) {
		return ""
	}
	return s
}

// recordable returns the name of a variable, or "" if it is none or too long.
func recordable(name string) string {
	if len(name) > maxText || !variableName(name) {
		return ""
	}
	return name
}

// Append is for an application that keeps records elsewhere than in a [File]. It returns
// the history to keep: the 100 newest records, with r as the last one. The time of r is
// then in UTC, to the second, and later than that of the record before; a zero Time is
// now. A yes gets its Since. An error says why r is not possible: do not keep it.
func Append(history []Record, r Record, now time.Time) ([]Record, error) {
	if r.Time.IsZero() {
		r.Time = now
	}
	r.Since = time.Time{}
	if r.Decision == Denied { // a no is recorded also with bad text beside it
		r.Where, r.For, r.By = shown(r.Where), recordable(r.For), shown(r.By)
	}
	if err := check(r, now); err != nil {
		return nil, fmt.Errorf("consent: %w", err)
	}
	r, last := normal(r), normal(newest(history))
	same := r.For == last.For || r.For == "" || last.For == "" // product, as far as that is known
	if !r.Time.After(last.Time) {
		r.Time = last.Time.Add(time.Second)
	}
	if r.Decision == Granted {
		r.Since = r.Time
		if last.Decision == Granted && same && !last.Since.IsZero() {
			r.Since = last.Since
		}
	}
	history = append(slices.Clone(history), r)
	return history[max(0, len(history)-maxRecords):], nil
}

// newest returns the last of the records; the zero one if there is none.
func newest(records []Record) Record {
	if len(records) == 0 {
		return Record{}
	}
	return records[len(records)-1]
}
