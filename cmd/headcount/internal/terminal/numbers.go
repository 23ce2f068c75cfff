package terminal

import (
	"fmt"
	"strconv"
	"time"

	"headcount.example/cmd/headcount/internal/number"
)

// notKnown stands where a figure is not known. It is never 0.
const notKnown = "not known"

// Number writes a whole number with commas: 8,762.
func Number(n int64) string { return number.Grouped(n) }

// Count writes a number and the word for one or for several.
func Count(n int64, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return Number(n) + " " + several
}

// percent writes a share; nil is not known. What is not all is never 100 %,
// and what is something is never 0 %.
func percent(share *float64) string {
	switch {
	case share == nil:
		return notKnown
	case *share > 0 && *share < 0.0005:
		return "< 0.1 %"
	case *share < 1 && *share >= 0.9995:
		return "99.9 %"
	}
	return strconv.FormatFloat(100**share, 'f', 1, 64) + " %"
}

// Bytes writes a number of bytes in the largest unit of 1000 that fits.
func Bytes(n int64) string {
	if n < 1000 && n > -1000 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n), 0
	for (value >= 999.95 || value <= -999.95) && unit < 6 {
		value /= 1000
		unit++
	}
	return fmt.Sprintf("%.1f %cB", value, " kMGTPE"[unit])
}

// span writes a duration as people say it: 42 s, 3 min 20 s, 2 h 5 min.
func span(d time.Duration) string {
	s := int64((d + time.Second/2) / time.Second)
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return fmt.Sprintf("%d min %d s", s/60, s%60)
	default:
		return fmt.Sprintf("%d h %d min", s/3600, s%3600/60)
	}
}
