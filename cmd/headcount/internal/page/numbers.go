package page

import (
	"math"
	"strconv"
	"strings"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/number"
)

// notKnown stands for a figure that cannot be computed. It is never 0.
const notKnown = "not known"

// mostDigits is the number from which a count is written as 1.00×10¹⁵: no
// fleet has it, and a page that a forged report reaches must stay readable.
const mostDigits = 1_000_000_000_000_000

// count writes a number with thousands separators: 8,762.
func count(n int64) string {
	if n >= mostDigits || n <= -mostDigits {
		return power(float64(n))
	}
	return strings.Replace(number.Grouped(n), "-", "−", 1)
}

func power(v float64) string {
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', 2, 64), "e+")
	return strings.Replace(mantissa, "-", "−", 1) + "×10" + strings.Map(func(r rune) rune { return []rune("⁰¹²³⁴⁵⁶⁷⁸⁹")[r-'0'] }, exponent)
}

// signed writes a change with its sign: +312, −7, 0.
func signed(n int64) string {
	if n > 0 {
		return "+" + count(n)
	}
	return count(n)
}

// short writes a number on an axis: 8,000, 150k, 1.5M.
func short(v float64) string {
	if v >= mostDigits {
		return power(v)
	}
	for _, unit := range []struct {
		of   float64
		name string
	}{{1e12, "tn"}, {1e9, "bn"}, {1e6, "M"}, {1e5, "k"}} {
		if v >= unit.of {
			of := unit.of
			if unit.name == "k" {
				of = 1000
			}
			return strconv.FormatFloat(v/of, 'f', -1, 64) + unit.name
		}
	}
	return count(int64(v))
}

// percent writes n of a total. It shows 0% and 100% only where they are
// exact, and what is of nothing is not known.
func percent(n, of int64) string {
	if of <= 0 {
		return notKnown
	}
	return percentOf(float64(n) / float64(of))
}

func percentOf(share float64) string {
	p := 100 * share
	switch {
	case p == 0:
		return "0%"
	case p < 0.1:
		return "<0.1%"
	case p < 9.95:
		return strconv.FormatFloat(p, 'f', 1, 64) + "%"
	case p >= 99.5 && p < 100:
		return ">99%"
	}
	return strconv.FormatFloat(math.Round(p), 'f', 0, 64) + "%"
}

// shareText writes a share of the answer; nil is not known.
func shareText(share *float64) string {
	if share == nil {
		return notKnown
	}
	return percentOf(*share)
}

// width is a share as the length of a bar: 0 to 100.
func width(share float64) string {
	return strconv.FormatFloat(math.Round(1000*min(max(share, 0), 1))/10, 'f', -1, 64)
}

// plural chooses the word for a number.
func plural(n int64, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

// long writes a day in words: 25 November 2026.
func long(d day.Day) string {
	return strings.Replace(d.Time().Format("2 January 2006"), " ", "\u00a0", 1)
}

// brief writes a day in few characters: 25 Nov 2026.
func brief(d day.Day) string { return d.Time().Format("2 Jan 2006") }
