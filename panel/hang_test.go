package panel_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"headcount.example/consent"
	"headcount.example/panel"
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
	synctest.Test(t, func(t *testing.T) {
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
	})
}

// A no does not wait for an earlier answer whose Save hangs: this process stops.
func TestNoWhileSaveHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
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
	})
}

// A full place hangs in History, looks at no context, and counts its calls.
type full struct {
	*consent.File
	calls atomic.Int32
	out   chan bool
}

func (f *full) History(ctx context.Context) ([]consent.Record, error) {
	f.calls.Add(1)
	<-f.out
	return f.File.History(ctx)
}

// TestCallsAreBounded: requests that find History hung, also those of who is not
// logged in, keep no more goroutines than there are tokens. A no is saved meanwhile,
// and the tokens come back.
func TestCallsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		place := &full{out: make(chan bool)}
		h := open(t, "", func(h *house) {
			h.save(t, consent.Granted, 1)
			place.File = h.decisions
			h.config.Decisions = place
		})
		h.Panel.SetTimeout(50 * time.Millisecond)
		var all sync.WaitGroup
		for range 5 * panel.MaxCalls {
			all.Go(func() {
				if w := h.do(httptest.NewRequest("GET", mounted+"/api/signup", nil)); w.Code != http.StatusOK {
					t.Errorf("got %d, want 200 and nothing asked", w.Code)
				}
			})
		}
		all.Wait()
		if got := place.calls.Load(); got == 0 || got > panel.MaxCalls {
			t.Errorf("got %d calls of History at a time, want some and at most %d", got, panel.MaxCalls)
		}
		if h.do(put(`{"decision":"denied","notice":1}`)); h.stats.Status().On {
			t.Error("got on after a no, want off")
		}
		if list, err := place.File.History(t.Context()); err != nil || len(list) != 2 || list[1].Decision != consent.Denied {
			t.Errorf("got the records %v and %v, want the no saved", list, err)
		}
		h.Panel.SetTimeout(time.Minute)
		close(place.out)
		if s := h.state(t); len(s.History) != 2 {
			t.Errorf("got the records %v once History answers, want 2", s.History)
		}
	})
}

// A gone place ends the goroutine of its Save, as a test's FailNow does.
type gone struct{ *consent.File }

func (gone) Save(context.Context, consent.Record) error {
	runtime.Goexit()
	return nil
}

// TestSaveEndsItsGoroutine: what never answered is not saved, and the answer says so.
// A no stops this process all the same.
func TestSaveEndsItsGoroutine(t *testing.T) {
	h := open(t, "", func(h *house) {
		h.save(t, consent.Granted, 1)
		h.config.Decisions = gone{h.decisions}
	})
	if w := h.do(put(`{"decision":"denied","notice":1}`)); w.Code != http.StatusInternalServerError {
		t.Errorf("got the answer %d, want 500", w.Code)
	}
	if h.stats.Status().On {
		t.Error("got on after a no, want off")
	}
}

// TestWhoHangs: a no is recorded and acted on where Who and Language do not return, and
// has no name.
func TestWhoHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, "", func(h *house) {
			h.save(t, consent.Granted, 1)
			h.config.Who = func(*http.Request) string { <-t.Context().Done(); return "account 7" }
			h.config.Language = h.config.Who
		})
		h.Panel.SetTimeout(100 * time.Millisecond) // of the bubble: what the disk takes does not count
		answered := make(chan int, 1)
		go func() { answered <- h.do(put(`{"decision":"denied","notice":1}`)).Code }()
		select {
		case code := <-answered:
			if list := h.records(t); code != http.StatusOK || len(list) != 2 || list[1].Decision != consent.Denied || list[1].By != "" {
				t.Errorf("got %d and the records %v, want 200 and a no without a name", code, list)
			}
		case <-time.After(time.Minute):
			t.Error("got no answer to a no, want one")
		}
		if h.stats.Status().On {
			t.Error("got on after a no, want off")
		}
	})
}
