package main_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A request to erase that did not arrive is sent by a later command, whichever
// it is: not before it is due, and once.
func TestLaterCommandErases(t *testing.T) {
	for _, command := range []string{"report", "program create spring", "settings telemetry status", "settings telemetry journal", "settings telemetry erase"} {
		t.Run(command, func(t *testing.T) {
			receiver := newReceiver(t)
			s := open(t, receiver.URL)
			s.run(0, "settings telemetry on")
			s.run(0, "settings telemetry send")
			receiver.away.Store(true)
			s.run(1, "settings telemetry erase")
			receiver.away.Store(false)
			s.says("not delivered yet, tried until ")
			s.run(0, "report")
			s.says("not delivered yet, tried until ")
			if n := receiver.asked.Load(); n != 2 {
				t.Fatalf("%d requests before it is due", n)
			}
			s.later()
			s.run(0, command)
			s.says("; the request was delivered on ")
			s.later()
			s.run(0, "report")
			if n := receiver.asked.Load(); n != 3 {
				t.Errorf("%d requests, want a report and two to erase", n)
			}
			if left := s.requests(); len(left) != 0 {
				t.Errorf("the identifier is still kept: %q", left)
			}
		})
	}
}

// A new yes does not keep the request for the old identifier from being made.
func TestLaterCommandErasesAfterANewYes(t *testing.T) {
	receiver := newReceiver(t)
	s := open(t, receiver.URL)
	s.run(0, "settings telemetry on")
	s.run(0, "settings telemetry send")
	receiver.away.Store(true)
	s.run(1, "settings telemetry erase")
	receiver.away.Store(false)
	s.run(0, "settings telemetry on")
	s.run(0, "report")
	if n := receiver.asked.Load(); n != 2 {
		t.Fatalf("%d requests before it is due", n)
	}
	s.later()
	s.run(0, "report")
	out, _ := s.run(0, "settings telemetry status")
	if n := receiver.asked.Load(); n != 3 || !strings.Contains(out, "the request was delivered on ") || !strings.Contains(out, "usage statistics: on") {
		t.Errorf("%d requests; the status says %q", n, out)
	}
}

// While the receiver stays away each try counts, and no command fails.
func TestLaterCommandDoesNotErase(t *testing.T) {
	receiver := newReceiver(t)
	s := open(t, receiver.URL)
	s.run(0, "settings telemetry on")
	s.run(0, "settings telemetry send")
	receiver.away.Store(true)
	s.run(1, "settings telemetry erase")
	s.later()
	s.run(0, "report")
	s.says("not delivered yet, tried until ")
	receiver.away.Store(false)
	s.later()
	s.env = []string{"DO_NOT_TRACK=1"}
	out, _ := s.run(0, "settings telemetry status")
	if n := receiver.asked.Load(); n != 3 || !strings.Contains(out, "tried until ") {
		t.Errorf("%d requests, one of them under a veto; the status says %q", n, out)
	}
}

// receiver takes everything, or nothing while it is away.
type receiver struct {
	*httptest.Server
	away  atomic.Bool
	asked atomic.Int64
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		r.asked.Add(1)
		w.Header().Set("Content-Type", "application/x-protobuf")
		if r.away.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

// says checks what the status says, off as it is.
func (s *shop) says(want string) {
	s.t.Helper()
	out, fault := s.run(0, "settings telemetry status")
	if fault != "" || strings.Count(out, "what was sent: asked to erase on ") != 1 || !strings.Contains(out, want) || !strings.Contains(out, "usage statistics: off, no on ") {
		s.t.Errorf("the status says %q and %q, want %q", out, fault, want)
	}
}

// requests lists the requests to erase that are kept.
func (s *shop) requests() []string {
	s.t.Helper()
	list, err := filepath.Glob(filepath.Join(s.data, "telemetry", "erasure", "*.request"))
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

// later makes the requests to erase due, as some time does.
func (s *shop) later() {
	s.t.Helper()
	due := time.Now().Add(-time.Second)
	for _, path := range s.requests() {
		if err := os.Chtimes(path, due, due); err != nil {
			s.t.Fatal(err)
		}
	}
}
