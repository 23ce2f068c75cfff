package oracle

import (
	"fmt"
	"time"
)

// A day is a number of days since 1970-01-01, in UTC.
var (
	firstDay = dayOf(2020, 1, 1)
	lastDay  = dayOf(2099, 12, 31)
)

func dayOf(year int, month time.Month, day int) int {
	return int(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

func parseDay(text string) (int, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return 0, fmt.Errorf("oracle: day %q is not of the form 2026-11-25", text)
	}
	return dayOf(t.Date()), nil
}

func dateOf(day int) time.Time { return time.Unix(int64(day)*86400, 0).UTC() }

func text(day int) string { return dateOf(day).Format(time.DateOnly) }

// monday is the Monday on or before a day.
func monday(day int) int {
	for dateOf(day).Weekday() != time.Monday {
		day--
	}
	return day
}
