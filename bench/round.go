package main

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// options say how long a run is.
type options struct {
	rounds int
	turn   time.Duration
}

// kind groups the contenders.
type kind string

const (
	baseline kind = "baseline"
	ours     kind = "headcount"
	peer     kind = "peer"
)

// A contender is one way to count an event.
type contender struct {
	name  string
	kind  kind
	note  string
	batch int  // calls at a time, so that the loop around them costs nothing
	alone bool // not measured with two goroutines
	open  func(dir string) (running, error)
}

// running is a contender that is ready. Close is not measured.
type running struct {
	loop  func(n int) // counts n events
	close func()
}

// calls measures every contender once in each round, in a new order each
// time.
func calls(list []contender, dir string, o options) ([]Call, error) {
	if err := flag.Set("test.benchtime", o.turn.String()); err != nil {
		return nil, err
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2)) // RunParallel starts as many goroutines
	result := make([]Call, len(list))
	allocs := make([][]float64, len(list))
	for i, c := range list {
		result[i] = Call{Name: c.name, Kind: c.kind, Note: c.note}
		if err := os.MkdirAll(filepath.Join(dir, fmt.Sprint(i)), 0o700); err != nil {
			return nil, err
		}
	}
	random := rand.New(rand.NewPCG(1, 2)) // the same orders in every run
	for range o.rounds {
		for _, i := range random.Perm(len(list)) {
			c, place := list[i], filepath.Join(dir, fmt.Sprint(i))
			ns, a, err := c.turn(place, false)
			if err != nil {
				return nil, err
			}
			result[i].One = append(result[i].One, ns)
			allocs[i] = append(allocs[i], a)
		}
		for _, i := range random.Perm(len(list)) {
			c, place := list[i], filepath.Join(dir, fmt.Sprint(i))
			if c.alone {
				continue
			}
			ns, _, err := c.turn(place, true)
			if err != nil {
				return nil, err
			}
			result[i].Two = append(result[i].Two, ns)
		}
	}
	for i := range result {
		result[i].Allocs = math.Round(median(allocs[i]))
	}
	return result, nil
}

// turn measures a contender once: the time and the allocations of one call.
// With two goroutines the time is that of the clock on the wall over the
// number of all calls.
func (c contender) turn(dir string, two bool) (ns, allocs float64, err error) {
	r, err := c.open(dir)
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", c.name, err)
	}
	defer r.close()
	r.loop(c.batch) // pages are mapped, connections open
	result := testing.Benchmark(func(b *testing.B) {
		if two {
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					r.loop(c.batch)
				}
			})
			return
		}
		for b.Loop() {
			r.loop(c.batch)
		}
	})
	n := float64(result.N * c.batch)
	if n == 0 {
		return 0, 0, fmt.Errorf("%s: not measured", c.name)
	}
	return round(float64(result.T.Nanoseconds()) / n), float64(result.MemAllocs) / n, nil
}

// round keeps the digits that mean something.
func round(ns float64) float64 { return math.Round(ns*1000) / 1000 }
