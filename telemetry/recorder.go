package telemetry

// A recorder touches the ledger and the callbacks, and knows nothing of consent,
// of reports that are sent, and of the client.

import (
	"context"
	"sync"
	"time"

	"headcount.example/catalog"
	"headcount.example/internal/gate"
	"headcount.example/internal/ledger"
)

// A recorder is what exists while consent holds: the open ledger, and where Add
// finds each total. A local one counts in memory for the operator's own reader.
type recorder struct {
	ledger    *ledger.Ledger
	metrics   []catalog.Definition
	callbacks *callbacks
	totals    []total // in the order of the catalog's series
	byCounter map[catalog.Counter]ledger.Slot
	local     bool
	began     time.Time // of a local one
	yes       int64     // see ledger.Owner

	ctx     context.Context // ends with the consent it was made under
	cancel  context.CancelFunc
	wake    chan struct{} // asks the reporter to look at the ledger soon
	done    chan struct{} // closed when the reporter's loop has ended
	sending chan struct{} // holds a token while a report is on its way

	mu      sync.Mutex
	answers map[catalog.RangeGauge]answer // of this day, for a report that has to be sent again
}

// A total is where a recorder counts one series.
type total struct {
	counter catalog.Counter
	slot    ledger.Slot
}

// An answer is what a callback said on a day.
type answer struct {
	day    time.Time
	counts []int64
}

// newRecorder opens a ledger with a place for each counter series.
func newRecorder(metrics []catalog.Definition, callbacks *callbacks, open func(series []string) (*ledger.Ledger, error)) (*recorder, error) {
	r := &recorder{
		metrics: metrics, callbacks: callbacks, byCounter: map[catalog.Counter]ledger.Slot{}, answers: map[catalog.RangeGauge]answer{},
		wake: make(chan struct{}, 1), done: make(chan struct{}), sending: make(chan struct{}, 1),
	}
	var names []string
	for _, d := range metrics {
		for _, s := range d.Series {
			if d.Kind == catalog.KindCounter { // sizes are collected, never kept
				names = append(names, s.Counter.String())
				r.totals = append(r.totals, total{counter: s.Counter})
			}
		}
	}
	var err error
	if r.ledger, err = open(names); err != nil {
		return nil, err
	}
	for i := range r.totals {
		r.totals[i].slot = r.ledger.Slot(i)
		r.byCounter[r.totals[i].counter] = r.totals[i].slot
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r, nil
}

// slot returns the total of a counter; nil when the catalog does not have it.
// The counter says where it is, unless it is in several catalogs.
func (r *recorder) slot(counter catalog.Counter) ledger.Slot {
	if i := counter.Index(); uint(i) < uint(len(r.totals)) && r.totals[i].counter == counter {
		return r.totals[i].slot
	}
	return r.byCounter[counter]
}

// look asks the reporter to look at the ledger soon.
func (r *recorder) look() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// asking says whether callbacks are called for a report.
type asking int

const (
	askNone      asking = iota
	askForReport        // and keep the answer: a report that is sent again says what it said first
	askForView          // a report that has to be sent again shows what it will say
)

// collect puts a report together from the totals and the callbacks.
func (r *recorder) collect(ctx context.Context, now time.Time, ask asking) (gate.Report, error) {
	today := now.UTC().Truncate(24 * time.Hour)
	id := r.ledger.Identity()
	report := gate.Report{GUID: id.GUID, Since: id.Day, Day: today}
	if r.local {
		report.GUID, report.Since = placeholder, r.began
	} else if today.Before(id.Day) {
		report.Day = id.Day // a clock that went back does not end before it began
	}
	totals := make([]uint64, len(r.totals))
	if err := r.ledger.Totals(ctx, totals); err != nil {
		return gate.Report{}, err
	}
	next := 0
	for _, d := range r.metrics {
		values := make([]int64, len(d.Series))
		if d.Kind == catalog.KindCounter {
			for i := range values {
				values[i] = int64(totals[next])
				next++
			}
		} else {
			ranges(values, r.counts(ctx, d, today, ask))
		}
		report.Values = append(report.Values, values)
	}
	return report, nil
}

// counts asks a callback, or returns what it said for this day's report. That is
// kept until that report needs no repetition, and no longer than the yes.
func (r *recorder) counts(ctx context.Context, d catalog.Definition, today time.Time, ask asking) []int64 {
	if ask == askNone || r.callbacks.get(d.RangeGauge) == nil {
		return nil
	}
	r.mu.Lock()
	kept, ok := r.answers[d.RangeGauge]
	r.mu.Unlock()
	if ok && kept.day.Equal(today) {
		return kept.counts
	}
	counts := r.callbacks.counts(ctx, d)
	if counts != nil && ask == askForReport {
		r.mu.Lock()
		r.answers[d.RangeGauge] = answer{today, counts}
		r.mu.Unlock()
	}
	return counts
}

// forget has the next report call the callbacks anew.
func (r *recorder) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.answers)
}

// ranges fills in the points of a range gauge: those that are not zero. Where
// there is nothing at all the first range is sent with the value 0: without a
// point a receiver could not tell "none" from "unknown", and would keep the old
// ranges.
func ranges(values, counts []int64) {
	empty := counts != nil
	for i := range values {
		values[i] = gate.Absent
		if counts != nil && counts[i] > 0 {
			values[i], empty = counts[i], false
		}
	}
	if empty {
		values[0] = 0
	}
}
