package main

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

// options say how long a run is. Turns are short, so that half of them or more
// find a busy machine quiet, and the median is of those.
type options struct {
	rounds int
	turn   time.Duration
}

// long is how much longer a turn takes with two goroutines, which have to get
// going, and of those that send, whose sending is to be seen.
const long = 20

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
	alone bool // a message for each event: not measured with two goroutines, and longer
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
			ns, a, err := c.turn(place, o.turn, false)
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
			ns, _, err := c.turn(place, o.turn, true)
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
func (c contender) turn(dir string, length time.Duration, two bool) (ns, allocs float64, err error) {
	if two || c.alone {
		length *= long
	}
	if err := flag.Set("test.benchtime", length.String()); err != nil {
		return 0, 0, err
	}
	r, err := c.open(dir)
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", c.name, err)
	}
	defer r.close()
	r.loop(c.batch)                                  // pages are mapped, connections open
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // what others left is collected before, by Benchmark
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
