package fleet

import (
	"context"
	"math/rand/v2"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/schema"
)

// An event is a report, or a request to erase, in the order in which a
// Collector would get it. It is valid until the sink returns.
type event struct {
	machine int // that sent it
	of      int // whose identifier it has
	guid    *[16]byte
	day     day.Day
	erase   bool
	sole    bool    // the identifier has no other report on this day
	values  []int64 // by series
}

// A sink takes the events of a fleet.
type sink interface {
	event(e *event) error
	endDay(d day.Day) error
}

// A fleet makes events. Machine i sends before machine i+1 on each day: their
// phase is drawn once, as the reporter's is.
type fleet struct {
	o        Options
	rng      *rand.Rand
	machines []machine
	counters []int   // their series
	gauges   [][]int // by range gauge: its series
	weights  []float32
	likely   []uint8  // by counter: of 256 machines, how many use it
	totals   []uint32 // by machine and counter
	sizes    []uint32 // by machine and range
	ranges   int
	top      uint32 // largest total
	values   []int64
	now      event // the one being made
	mute     bool  // the report being made has no sizes
	later    []int // machines that report again on this day
}

func newFleet(o Options) *fleet {
	f := &fleet{o: o, rng: rand.New(rand.NewPCG(o.Seed, 0x68656164636f756e)), values: make([]int64, len(o.Schema.Series)),
		top: uint32(min(o.Schema.Max, 4_000_000_000))}
	f.layout()
	f.machines = make([]machine, o.Installations, o.Installations+o.Installations/300+1)
	for i := range f.machines {
		f.machines[i] = newMachine(f.rng, int32(i), o.Days)
		if o.Grown {
			f.machines[i].move(-f.machines[i].join)
		}
	}
	if !o.Clean {
		f.misfortunes()
	}
	f.totals = make([]uint32, len(f.machines)*len(f.counters))
	f.sizes = make([]uint32, len(f.machines)*f.ranges)
	return f
}

// layout finds the series of the list and how popular they are: of each
// metric's labels the first is used most.
func (f *fleet) layout() {
	rank, last := 0, -1
	for i, s := range f.o.Schema.Series {
		if s.Metric != last {
			rank, last = 0, s.Metric
			if f.o.Schema.Metrics[s.Metric].Kind == schema.RangeGauge {
				f.gauges = append(f.gauges, nil)
			}
		}
		if f.o.Schema.Metrics[s.Metric].Kind == schema.RangeGauge {
			g := len(f.gauges) - 1
			f.gauges[g] = append(f.gauges[g], i)
			f.ranges++
			continue
		}
		f.counters = append(f.counters, i)
		f.weights = append(f.weights, 1/float32(1+rank))
		f.likely = append(f.likely, uint8(240/(1+rank/2)))
		rank++
	}
}

// misfortunes chooses who asks to erase and who is cloned.
func (f *fleet) misfortunes() {
	for i := range f.machines {
		m := &f.machines[i]
		if f.rng.IntN(60) != 0 || int(m.join) >= f.o.Days {
			continue
		}
		m.erase = m.join + f.rng.Int32N(int32(f.o.Days)-m.join)
		switch f.rng.IntN(10) {
		case 0: // never reports
			m.join = never
		case 1, 2: // goes on after the request
		default:
			m.gone, m.back = min(m.gone, m.erase+1), never
		}
	}
	for range len(f.machines)/300 + 1 {
		of := f.rng.IntN(f.o.Installations)
		clone := newMachine(f.rng, int32(of), f.o.Days)
		original := &f.machines[of]
		original.cloned = true
		clone.guid, clone.cloned, clone.noSizes, clone.older = original.guid, true, original.noSizes, original.older
		f.machines = append(f.machines, clone)
	}
}

// run makes the events of every day up to last.
func (f *fleet) run(ctx context.Context, last day.Day, to sink) error {
	for on := int32(0); on <= int32(last-f.o.first()); on++ {
		for i := range f.machines {
			if i%4096 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			if err := f.turn(i, on, to); err != nil {
				return err
			}
		}
		if err := f.again(len(f.later), on, to); err != nil {
			return err
		}
		if err := to.endDay(f.o.first() + day.Day(on)); err != nil {
			return err
		}
	}
	return nil
}

// turn is a machine's time of day.
func (f *fleet) turn(i int, on int32, to sink) error {
	m := &f.machines[i]
	if m.reports(f.rng, on, f.o.first()) {
		twice := !f.o.Clean && f.rng.IntN(60) == 0
		if err := f.report(i, on, !twice && !m.cloned, to); err != nil {
			return err
		}
		if twice {
			f.later = append(f.later, i)
		}
	}
	if m.erase == on {
		f.now = event{machine: i, of: int(m.of), guid: &m.guid, day: f.o.first() + day.Day(on), erase: true}
		return to.event(&f.now)
	}
	if len(f.later) > 0 && f.rng.IntN(50) == 0 {
		return f.again(1, on, to)
	}
	return nil
}

// again sends the second reports of so many machines.
func (f *fleet) again(n int, on int32, to sink) error {
	for _, i := range f.later[:n] {
		if err := f.report(i, on, false, to); err != nil {
			return err
		}
	}
	f.later = f.later[:copy(f.later, f.later[n:])]
	return nil
}

func (f *fleet) report(i int, on int32, sole bool, to sink) error {
	m := &f.machines[i]
	f.live(i)
	f.fill(i)
	f.now = event{machine: i, of: int(m.of), guid: &m.guid, day: f.o.first() + day.Day(on), sole: sole, values: f.values}
	return to.event(&f.now)
}

// fill puts a machine's figures into a report. A range without things is not
// in it, as in the product's reports.
func (f *fleet) fill(i int) {
	for c, s := range f.counters {
		f.values[s] = int64(f.totals[i*len(f.counters)+c])
	}
	m := &f.machines[i]
	if n := len(f.counters); m.older && n > 1 {
		f.values[f.counters[n-1]] = schema.Absent
	}
	at := i * f.ranges
	for _, series := range f.gauges {
		for _, s := range series {
			f.values[s] = schema.Absent
			if n := f.sizes[at]; n > 0 && !f.mute {
				f.values[s] = int64(n)
			}
			at++
		}
	}
}
