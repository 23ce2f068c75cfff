package main

import (
	"fmt"
	"math"
)

// A target is what this project promised itself, and what became of it.
type target struct {
	what  string
	limit float64
	least bool // the limit is the least, not the most
	unit  string
	value float64
}

func (t target) met() bool {
	if t.least {
		return t.value >= t.limit
	}
	return t.value <= t.limit // false for what was not measured
}

func (t target) row() []string {
	sign, result := "≤", "**missed**"
	if t.least {
		sign = "≥"
	}
	if t.met() {
		result = "met"
	}
	return []string{t.what, sign + " " + number(t.limit) + t.unit, figure(t.value) + t.unit, result}
}

// number writes a limit as it was promised.
func number(v float64) string {
	if v == math.Trunc(v) {
		return thousands(int64(v))
	}
	return fmt.Sprint(v)
}

func targets(r Record) []target {
	base, add := r.call(bare), r.call(durable)
	most := func(values ...float64) float64 {
		m := math.NaN()
		for i, v := range values {
			if i == 0 || v > m || math.IsNaN(v) {
				m = v
			}
		}
		return m
	}
	var requests []float64
	for _, d := range r.Wire.Days {
		requests = append(requests, float64(d.Request))
	}
	idle := r.footprint(again)
	return []target{
		{what: "Add, granted, durable, one goroutine, beside a bare atomic add", limit: 5, unit: " ×", value: ratio(add.One, base.One)},
		{what: "Add, denied, beside a bare atomic add", limit: 1, unit: " ×", value: ratio(r.call(denied).One, base.One)},
		{what: "Add on a nil client, beside a bare atomic add", limit: 1, unit: " ×", value: ratio(r.call(noClient).One, base.One)},
		{what: "allocations of an Add: granted, fallback, labelled, denied or nil", limit: 0, value: most(add.Allocs, r.call(fallback).Allocs,
			r.call(labelled).Allocs, r.call(denied).Allocs, r.call(noClient).Allocs)},
		{what: "faster than OTel's counter with a prebuilt option", limit: 10, least: true, unit: " ×", value: ratio(r.call(prebuilt).One, add.One)},
		{what: "faster than golang.org/x/telemetry", limit: 10, least: true, unit: " ×", value: ratio(r.call(goCounter).One, add.One)},
		{what: "a day's request, however much was counted", limit: 600, unit: " bytes", value: most(requests...)},
		{what: "Init, undecided", limit: 1, unit: " ms", value: median(r.footprint(undecided).InitNS) / 1e6},
		{what: "Init, granted, totals exist", limit: 1, unit: " ms", value: median(idle.InitNS) / 1e6},
		{what: "Init, granted, first start (synced)", limit: 20, unit: " ms", value: median(r.footprint(first).InitNS) / 1e6},
		{what: "goroutines while denied or undecided", limit: 0, value: most(r.footprint(saidNo).Goroutines, r.footprint(undecided).Goroutines)},
		{what: "goroutines while granted", limit: 1, value: idle.Goroutines},
		{what: "heap while granted", limit: 64, unit: " KiB", value: idle.Heap / 1024},
	}
}
