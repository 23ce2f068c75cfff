package telemetry

// A recorder touches the ledger and the callbacks, and knows nothing of consent,
// of reports that are sent, and of the client.

import (
	"context"
	"time"

	"github.com/google/uuid"

	"headcount.example/catalog"
	"headcount.example/internal/gate"
	"headcount.example/internal/ledger"
)

// A recorder is what exists while consent holds: the open ledger, and where Add
// finds each total. One that counts in memory for the operator's own reader was
// made without consent.
type recorder struct {
	ledger    *ledger.Ledger
	callbacks *callbacks
	totals    []total   // in the order of the catalog's series
	yes       int64     // see ledger.Owner
	began     time.Time // when counting without consent began; zero with consent

	ctx     context.Context // ends with the consent it was made under
	cancel  context.CancelFunc
	wake    chan struct{} // asks the reporter to look at the ledger soon
	done    chan struct{} // closed when the reporter's loop has ended
	sending chan struct{} // holds a token while a report is on its way

	stored, planned ledger.Schedule // of the reporter's loop alone: what it saw, and what it makes of that
}

// A total is where a recorder counts one series.
type total struct {
	counter catalog.Counter
	slot    ledger.Slot
}

// newRecorder counts in a ledger that was opened with the names of the counters.
func newRecorder(l *ledger.Ledger, callbacks *callbacks) *recorder {
	r := &recorder{
		ledger: l, callbacks: callbacks,
		wake: make(chan struct{}, 1), done: make(chan struct{}), sending: make(chan struct{}, 1),
	}
	for i, c := range callbacks.counters {
		r.totals = append(r.totals, total{c, l.Slot(i)})
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

// newLocal counts in memory, without consent and without a loop.
func newLocal(callbacks *callbacks, now time.Time) *recorder {
	r := newRecorder(ledger.Memory(callbacks.series()), callbacks)
	r.began = now
	close(r.done)
	return r
}

// agreed says whether the recorder counts under consent. A nil one does not.
func (r *recorder) agreed() bool { return r != nil && r.began.IsZero() }

// under says whether the recorder counts under an identifier.
func (r *recorder) under(guid uuid.UUID) bool { return r.agreed() && r.ledger.Identity().GUID == guid }

// slot returns the total of a counter; nil when the catalog does not have it.
// The counter says where it is, unless it is in several catalogs.
func (r *recorder) slot(counter catalog.Counter) ledger.Slot {
	if i := counter.Index(); uint(i) < uint(len(r.totals)) && r.totals[i].counter == counter {
		return r.totals[i].slot
	}
	if i, ok := r.callbacks.declared[counter]; ok {
		return r.totals[i].slot
	}
	return nil
}

// look asks the reporter to look at the ledger soon.
func (r *recorder) look() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// placeholder stands where an identifier would be if there were one.
var placeholder = uuid.MustParse("00000000-0000-4000-8000-000000000000")

// collect puts a report together from the totals and, if observe is set, the
// callbacks.
func (r *recorder) collect(ctx context.Context, now time.Time, observe bool) (gate.Report, error) {
	id := r.ledger.Identity()
	report := gate.Report{GUID: id.GUID, Since: id.Day, Day: now}
	if !r.agreed() {
		report.GUID, report.Since = placeholder, r.began
	}
	totals := make([]uint64, len(r.totals))
	if err := r.ledger.Totals(ctx, totals); err != nil {
		return gate.Report{}, err
	}
	for _, d := range r.callbacks.metrics {
		values := make([]int64, len(d.Series))
		if d.Kind == catalog.KindRangeGauge {
			values = r.callbacks.values(ctx, d, observe)
		} else {
			for i := range values {
				values[i] = int64(totals[i])
			}
			totals = totals[len(values):]
		}
		report.Values = append(report.Values, values)
	}
	return report, nil
}
