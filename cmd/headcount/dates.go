package main

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"headcount.example/cmd/headcount/internal/day"
)

var dateForm = regexp.MustCompile(`^(\d{4})-(\d{2})-(\d{2})$`)

// parseDay reads a day as in 2026-11-25. Its error says what is wrong with
// the text.
func parseDay(text string) (day.Day, error) {
	on, err := day.Parse(text)
	if err == nil {
		return on, nil
	}
	parts := dateForm.FindStringSubmatch(text)
	if parts == nil {
		return day.None, fmt.Errorf("%q is not a date like 2026-11-25", text)
	}
	year, _ := strconv.Atoi(parts[1]) // of digits alone
	month, _ := strconv.Atoi(parts[2])
	if month < 1 || month > 12 {
		return day.None, fmt.Errorf("%q is not a day of the calendar: months are 01 to 12", text)
	}
	last := time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC)
	return day.None, fmt.Errorf("%q is not a day of the calendar: %s %d has %d days", text, last.Month(), year, last.Day())
}
