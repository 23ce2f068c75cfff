// Package pagetest makes fleets for tests of the page: their tables of
// figures and the answers from them. The same arguments give the same fleet.
package pagetest

import (
	"math/rand/v2"
	"sync"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/figures"
	"headcount.example/cmd/headcount/internal/schema"
)

// AsOf is the day of every fleet's answer: 2026-11-25.
const AsOf day.Day = 20782

// A Fleet is what an archive would hold.
type Fleet struct {
	List   *schema.Schema // the catalog
	Counts *figures.Tables
	Beside answer.Known
}

// Answer is the fleet's answer as of AsOf.
func (f *Fleet) Answer(window int) *answer.Answer {
	return answer.Compute(f.Counts, f.List, f.List, f.Beside, AsOf, window)
}

// Empty is an archive of a product without a report.
func Empty(catalog string) *Fleet {
	list, err := schema.Load(catalog)
	if err != nil {
		panic(err)
	}
	return &Fleet{List: list, Counts: &figures.Tables{}}
}

// Typical is a fleet of about 9,000 installations of a catalog, of which
// installations have joined over 200 days. It is made once.
var Typical = sync.OnceValue(func() *Fleet { return New("compreface", 10_150, 200) })

// New makes a fleet of a shipped catalog that grew to so many installations
// in so many days to AsOf, with churn, pauses, restores and faults.
func New(catalog string, installations, days int) *Fleet {
	f := Empty(catalog)
	random := rand.New(rand.NewPCG(uint64(installations), uint64(days)))
	b := figures.NewBuilder(f.List, AsOf.Month())
	for n := range installations {
		one(b, f.List, random, joined(random, n, installations, days), days)
	}
	f.Counts = b.Tables()
	if installations > 100 {
		n := int64(installations)
		f.Beside = answer.Known{Erased: n / 200, Pending: 3, LateErased: n / 900, Kinds: map[string]int64{
			answer.Torn: n / 700, answer.Foreign: 2, answer.BadGUID: n / 400, answer.UnknownLabel: n / 250, answer.AbsurdValue: 4}}
	}
	return f
}

// joined is the day, counted from the first, on which an installation came:
// a tenth on the first days, the others more often later.
func joined(random *rand.Rand, n, of, days int) int {
	if of == 1 {
		return 0
	}
	if n < of/10 {
		return random.IntN(min(14, days))
	}
	return max(random.IntN(days), random.IntN(days))
}

// one makes the reports of an installation.
func one(b *figures.Builder, list *schema.Schema, random *rand.Rand, day0, days int) {
	life := days - day0
	switch random.IntN(20) {
	case 0, 1:
		life = 1 + random.IntN(2)
	case 2, 3, 4, 5:
		life = 1 + random.IntN(days)
	}
	values := start(list, random)
	habit := 70 + random.IntN(31) // of a hundred days it is on
	pause := -1
	if random.IntN(12) == 0 {
		pause = random.IntN(days)
	}
	var state figures.Installation
	for d := day0; d < days && d < day0+life; d++ {
		if d > day0 && (random.IntN(100) >= habit || pause >= 0 && d > pause && d < pause+40) {
			continue
		}
		step(list, random, values)
		r := schema.Report{Day: AsOf - day.Day(days-1-d), Values: values}
		b.Add(&state, &r)
		if random.IntN(400) == 0 {
			b.Add(&state, &r)
		}
	}
}

// start chooses what an installation uses: each later series less likely.
func start(list *schema.Schema, random *rand.Rand) []int64 {
	values := make([]int64, len(list.Series))
	size := random.IntN(8)
	place := 0
	for i, s := range list.Series {
		m := list.Metrics[s.Metric]
		if i == 0 || list.Series[i-1].Metric != s.Metric {
			place = 0
		}
		switch {
		case m.Kind == schema.Counter && random.IntN(100) < max(3, 97-5*s.Metric-place*(19-len(list.Series)/3)):
			values[i] = 1 + random.Int64N(4)
		case m.Kind == schema.RangeGauge && place <= size && random.IntN(3) > 0:
			values[i] = 1 + random.Int64N(int64(8-size+1))
		}
		place++
	}
	return values
}

// step is what happens on a day: counters in use grow, and a thing may grow
// into the next range.
func step(list *schema.Schema, random *rand.Rand, values []int64) {
	for i, s := range list.Series {
		gauge := list.Metrics[s.Metric].Kind == schema.RangeGauge
		switch {
		case !gauge && values[i] > 0 && random.IntN(12) == 0:
			values[i] += 1 + random.Int64N(3)
		case !gauge && values[i] > 20 && random.IntN(4000) == 0:
			values[i] -= 5 // an older backup was restored
		case gauge && i+1 < len(values) && list.Series[i+1].Metric == s.Metric && values[i] > 0 && random.IntN(150) == 0:
			values[i]--
			values[i+1]++
		}
	}
}
