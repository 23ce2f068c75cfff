package fleet

import (
	"bufio"
	"context"
	"time"

	"headcount.example/cmd/headcount/internal/day"
)

// A writer writes events as lines, and what goes wrong between them.
type writer struct {
	f        *fleet
	o        Options
	count    *count
	faults   *faults
	progress func(Progress)
	to       *bufio.Writer
	rotate   func(at time.Time) error // nil: never

	order   order
	form    *form // of the day
	formDay day.Day
	line    []byte
	joined  bool   // the line has no end yet: the next report shares it
	pair    []byte // a report's resource, for the request of the next one
	held    []held // reports that come into the file late
	today   int64  // lines of the day, a millisecond each
	size    int64  // of the file
	bytes   int64  // of all files
	reports int64
}

type held struct {
	due  day.Day
	line []byte
}

func (w *writer) run(ctx context.Context) error {
	if err := w.f.run(ctx, w.o.last(), w); err != nil {
		return err
	}
	if err := w.release(day.Last + 1); err != nil {
		return err
	}
	if err := w.endLine(); err != nil {
		return err
	}
	w.tell(w.o.last())
	return w.to.Flush()
}

func (w *writer) formOf(d day.Day) *form {
	if w.form == nil || w.formDay != d {
		w.form, w.formDay = newForm(w.o.Schema, d), d
		w.form.order = w.order
	}
	return w.form
}

func (w *writer) event(e *event) error {
	w.count.event(e)
	w.reports++
	f := w.formOf(e.day)
	if e.erase {
		if w.faults != nil && w.faults.one(8) {
			f = newForm(w.o.Schema, e.day+30) // a clock was ahead; the request counts all the same
		}
		w.line = f.appendErasure(w.line[:0], e.guid)
		return w.whole(w.line)
	}
	if w.faults != nil {
		return w.faulty(f, e)
	}
	w.line = f.appendReport(w.line[:0], e.guid, e.values)
	return w.whole(w.line)
}

func (w *writer) endDay(d day.Day) error {
	if err := w.unpair(); err != nil {
		return err
	}
	w.count.endDay(d)
	w.today = 0
	if err := w.release(d + 1); err != nil {
		return err
	}
	w.tell(d)
	return nil
}

func (w *writer) tell(d day.Day) {
	if w.progress != nil {
		w.progress(Progress{Day: int(d-w.o.first()) + 1, Days: int(w.o.last()-w.o.first()) + 1, Reports: w.reports, Bytes: w.bytes})
	}
}

// release writes the reports that were held back until a day.
func (w *writer) release(d day.Day) error {
	kept := w.held[:0]
	for _, h := range w.held {
		if h.due > d {
			kept = append(kept, h)
			continue
		}
		if err := w.whole(h.line); err != nil {
			return err
		}
	}
	w.held = kept
	return nil
}

// whole writes a line with one report or more.
func (w *writer) whole(line []byte) error {
	if err := w.put(line); err != nil {
		return err
	}
	w.joined = true
	if w.faults == nil || !w.faults.one(200) {
		return w.endLine()
	}
	// Killed before the end of line; and once more, early in the next report.
	if !w.faults.one(3) {
		return nil
	}
	w.count.truth.Input.Torn++
	return w.put([]byte(head[:1+w.faults.rng.IntN(len(head)-2)]))
}

// alone writes text that must not share its line with a report.
func (w *writer) alone(text []byte) error {
	if err := w.endLine(); err != nil {
		return err
	}
	if err := w.put(text); err != nil {
		return err
	}
	w.joined = true
	return w.endLine()
}

func (w *writer) put(text []byte) error {
	n, err := w.to.Write(text)
	w.size += int64(n)
	w.bytes += int64(n)
	return err
}

var endOfLine = []byte("\n")

func (w *writer) endLine() error {
	if !w.joined {
		return nil
	}
	w.joined = false
	w.today++
	if err := w.put(endOfLine); err != nil {
		return err
	}
	if w.rotate == nil || w.o.Rotate == 0 || w.size < w.o.Rotate {
		return nil
	}
	w.size = 0
	if err := w.to.Flush(); err != nil {
		return err
	}
	return w.rotate(w.now())
}

// now is when a Collector would have written the newest line.
func (w *writer) now() time.Time {
	return w.formDay.Time().Add(time.Duration(w.today) * time.Millisecond)
}
