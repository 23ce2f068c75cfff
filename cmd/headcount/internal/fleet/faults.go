package fleet

import (
	"math/rand/v2"

	"headcount.example/cmd/headcount/internal/day"
)

// faults are what goes wrong with lines. They have their own random numbers,
// so that a fleet lives the same life whether it is written or sent.
type faults struct{ rng *rand.Rand }

// newFaults returns nil for a clean fleet.
func newFaults(o Options) *faults {
	if o.Clean {
		return nil
	}
	return &faults{rand.New(rand.NewPCG(o.Seed, 0x6661756c7473))}
}

// one is true once in so many times.
func (f *faults) one(in int) bool { return f.rng.IntN(in) == 0 }

// maxHeld bounds the reports that are held back.
const maxHeld = 4096

// faulty writes a report, and what may go wrong before it.
func (w *writer) faulty(f *form, e *event) error {
	if w.faults.one(30) {
		if err := w.nonsense(f, e); err != nil {
			return err
		}
	}
	switch w.faults.rng.IntN(250) {
	case 0: // two installations in one request
		if e.sole && w.pair == nil {
			w.pair = f.appendResource(nil, e.guid, e.values)
			return nil
		}
	case 1: // another Collector's file, put behind this one
		if e.sole && len(w.held) < maxHeld {
			w.held = append(w.held, held{e.day + 1 + day.Day(w.faults.rng.IntN(4)), f.appendReport(nil, e.guid, e.values)})
			return nil
		}
	}
	w.line = append(w.line[:0], head...)
	if w.pair != nil {
		w.line = append(append(w.line, w.pair...), ',')
		w.pair = nil
	}
	w.line = append(f.appendResource(w.line, e.guid, e.values), foot...)
	return w.whole(w.line)
}

// unpair writes the report that waits for another one's request.
func (w *writer) unpair() error {
	if w.pair == nil {
		return nil
	}
	w.line = append(append(append(w.line[:0], head...), w.pair...), foot...)
	w.pair = nil
	return w.whole(w.line)
}

// nonsense writes something that is not a report of the catalog, or is of no
// day that counts.
func (w *writer) nonsense(f *form, e *event) error {
	report := f.appendReport(nil, e.guid, e.values)
	input := &w.count.truth.Input
	switch w.faults.rng.IntN(12) {
	case 0, 1: // a full disk: a piece of a report, and a whole one on the same line
		input.Torn++
		return w.piece(w.cut(report))
	case 2: // a power failure
		input.Torn++
		return w.alone(append(w.cut(report), make([]byte, 1+w.faults.rng.IntN(600))...))
	case 3:
		input.Torn++
		return w.alone(w.cut(report))
	case 4: // a hole in the file
		return w.piece(make([]byte, 1+w.faults.rng.IntN(300)))
	case 5:
		input.Torn++
		return w.alone([]byte(foreign[w.faults.rng.IntN(len(foreign))]))
	case 6: // a clock that was never set
		input.Refused++
		return w.whole(newForm(w.o.Schema, day.Day(w.faults.rng.IntN(3))).appendReport(nil, e.guid, e.values))
	case 7:
		input.Refused++
		return w.whole(newForm(w.o.Schema, day.Last+1+day.Day(w.faults.rng.IntN(300))).appendReport(nil, e.guid, e.values))
	case 8: // a clock that is ahead: what is later does not exist
		if later := w.o.End + 1 + day.Day(w.faults.rng.IntN(40)); later <= day.Last {
			return w.whole(newForm(w.o.Schema, later).appendReport(nil, e.guid, e.values))
		}
		return nil
	case 9:
		return w.alone(nil)
	default:
		input.Refused++
		return w.whole(w.forge(f, e, report))
	}
}

// piece writes text that the next report shares a line with.
func (w *writer) piece(text []byte) error {
	w.joined = true
	return w.put(text)
}

// cut is the beginning of a report.
func (w *writer) cut(report []byte) []byte {
	return report[:1+w.faults.rng.IntN(len(report)-1)]
}

// foreign are lines of other programs.
var foreign = []string{
	`{"resourceSpans":[]}`,
	`{}`,
	`null`,
	`[]`,
	`<html><body><h1>502 Bad Gateway</h1></body></html>`,
	`2026/11/25 09:16:31 disk full`,
	`"2021-03-15 09:16:31.676","4a3f","USER_CREATE"`,
	`{"resource` + "\xff\xfe" + `Metrics":[]}`,
}
