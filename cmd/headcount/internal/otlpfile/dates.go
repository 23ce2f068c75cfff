package otlpfile

import "headcount.example/cmd/headcount/internal/day"

const nanosPerDay = 86400 * 1_000_000_000

// dayOf is the day of a point's time, or day.None if no report can have it.
func dayOf(unixNano uint64) day.Day {
	d := day.Day(unixNano / nanosPerDay) // at most 213,503
	if d < day.First || d > day.Last {
		return day.None
	}
	return d
}
