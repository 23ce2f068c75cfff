package panel_test

import (
	"context"
	"testing"
	"time"

	"headcount.example/consent"
)

// A stuck place hangs in Save of a yes, and does not look at its context.
type stuck struct {
	*consent.File
	in, out chan bool
}

func (s *stuck) Save(ctx context.Context, r consent.Record) error {
	if r.Decision == consent.Granted {
		s.in <- true
		<-s.out
	}
	return s.File.Save(ctx, r)
}

// A no whose own Save hangs stops this process, and is answered.
func TestSaveOfANoHangs(t *testing.T) {
	h := open(t, "", func(h *house) {
		h.save(t, consent.Granted, 1)
		h.config.Decisions = &broken{File: h.decisions, during: func() { <-t.Context().Done() }}
	})
	h.Panel.SetTimeout(100 * time.Millisecond)
	if w := h.do(put(`{"decision":"denied","notice":1}`)); w.Code != 500 {
		t.Errorf("got the answer %d, want 500", w.Code)
	}
	if h.stats.Status().On {
		t.Error("got on after a no, want off")
	}
}

// A no does not wait for an earlier answer whose Save hangs: this process stops.
func TestNoWhileSaveHangs(t *testing.T) {
	place := &stuck{in: make(chan bool), out: make(chan bool)}
	h := open(t, "", func(h *house) {
		h.save(t, consent.Denied, 1)
		place.File = h.decisions
		h.config.Decisions = place
	})
	yes := form(h.pressed(t, "granted"))
	h.Panel.SetTimeout(time.Second)
	answered := make(chan bool)
	go func() {
		h.do(yes)
		close(answered)
	}()
	<-place.in
	h.save(t, consent.Granted, 1) // another process says yes, and this one counts
	if err := h.stats.Refresh(t.Context()); err != nil || !h.stats.Status().On {
		t.Fatalf("got %v and %+v, want on", err, h.stats.Status())
	}
	if w := h.do(put(`{"decision":"denied","notice":1}`)); w.Code < 200 || w.Code > 599 {
		t.Errorf("got the answer %d", w.Code)
	}
	if h.stats.Status().On {
		t.Error("got on after a no, want off")
	}
	close(place.out)
	<-answered
}
