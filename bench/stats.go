package main

import (
	"fmt"
	"math"

	"golang.org/x/perf/benchmath"
)

// summary is the median of some values and its interval of 95 %, as benchstat
// computes them.
func summary(values []float64) benchmath.Summary {
	if len(values) == 0 {
		return benchmath.Summary{Center: math.NaN(), Lo: math.NaN(), Hi: math.NaN()}
	}
	// A sample sorts what it is given.
	sample := benchmath.NewSample(append([]float64(nil), values...), &benchmath.DefaultThresholds)
	return benchmath.AssumeNothing.Summary(sample, 0.95)
}

func median(values []float64) float64 { return summary(values).Center }

// ratios is a over b, round by round: what disturbs a round disturbs both.
func ratios(a, b []float64) []float64 {
	list := make([]float64, min(len(a), len(b)))
	for i := range list {
		list[i] = a[i] / b[i]
	}
	return list
}

// ratio is the median of the ratios of each round.
func ratio(a, b []float64) float64 { return median(ratios(a, b)) }

// figure writes a number with about three digits.
func figure(v float64) string {
	switch {
	case math.IsNaN(v):
		return "–"
	case v >= 1e6:
		return thousands(int64(math.Round(v/1e3)) * 1e3)
	case v >= 100:
		return thousands(int64(math.Round(v)))
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// thousands writes 1234567 as 1,234,567.
func thousands(n int64) string {
	if n < 0 {
		return "-" + thousands(-n)
	}
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}

// around writes a median and how far its interval reaches.
func around(values []float64) string {
	s := summary(values)
	if math.IsNaN(s.Center) {
		return "–"
	}
	return figure(s.Center) + " ± " + s.PctRangeString()
}
