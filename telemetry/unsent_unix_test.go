//go:build unix

package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"

	"headcount.example/consent"
	"headcount.example/internal/gate"
)

// closedPort returns an address that refuses connections, and open, which has a
// receiver listen there. No other process can take the port in between.
func closedPort(t *testing.T) (address string, open func() *receiver) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	socket := os.NewFile(uintptr(fd), "socket")
	t.Cleanup(func() { socket.Close() })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port), func() *receiver {
		t.Helper()
		err := syscall.Listen(fd, 16)
		listener, e := net.FileListener(socket)
		if err = errors.Join(err, e); err != nil {
			t.Fatal(err)
		}
		r := &receiver{status: http.StatusOK}
		r.Server = httptest.NewUnstartedServer(http.HandlerFunc(r.serve))
		r.Listener.Close()
		r.Listener = listener
		r.Start()
		t.Cleanup(r.Close)
		return r
	}
}

// TestEraseWithoutConnection: a report that met no receiver is none: the receiver
// does not hear of the identifier, at the no or later.
func TestEraseWithoutConnection(t *testing.T) {
	address, open := closedPort(t)
	s := start(t, "http://"+address, nil)
	s.decide(t, consent.Granted)
	guid := s.Status().InstallGUID
	for range 2 {
		if err := s.Flush(t.Context()); err == nil || errors.Is(err, gate.ErrUnanswered) {
			t.Fatalf("got %v, want that there is no connection", err)
		}
	}
	if list, err := s.Journal(); err != nil || len(list) != 2 || !strings.HasPrefix(list[0].Outcome, "not sent: ") {
		t.Errorf("got %+v, %v, want two entries that say so", list, err)
	}
	server := open()
	if err := s.erase(t.Context()); err != nil {
		t.Error(err)
	}
	if err := s.EraseEarlier(t.Context(), guid); err == nil || !strings.Contains(err.Error(), "the journal knows of nothing") {
		t.Errorf("later: got %v, want an error: nothing was sent", err)
	}
	if got := s.Status(); server.count() != 0 || len(got.Erasing) != 0 || got.Erasure != "" || !s.ledgerIsGone() {
		t.Errorf("got %d requests and %+v, want none, and the totals gone", server.count(), got)
	}
}

// TestEraseAfterAnAttempt: what may have left counts as a report, whatever came
// after it.
func TestEraseAfterAnAttempt(t *testing.T) {
	for name, attempt := range map[string]func(*testing.T, *setup, *receiver){
		"a report": func(t *testing.T, s *setup, _ *receiver) { s.flush(t) },
		"a report that was refused": func(t *testing.T, s *setup, r *receiver) {
			r.answer(http.StatusServiceUnavailable)
			if err := s.Flush(t.Context()); err == nil {
				t.Error("got no error, want one")
			}
			r.answer(http.StatusOK)
		},
		"no answer": func(t *testing.T, s *setup, r *receiver) {
			ctx, cancel := context.WithCancel(t.Context())
			held := make(chan struct{}, 1)
			r.mu.Lock()
			r.held = held
			r.mu.Unlock()
			go func() { <-held; cancel() }()
			if err := s.Flush(ctx); !errors.Is(err, gate.ErrUnanswered) {
				t.Errorf("got %v, want %v", err, gate.ErrUnanswered)
			}
			r.mu.Lock()
			r.held = nil
			r.mu.Unlock()
		},
		"a kill": func(t *testing.T, s *setup, _ *receiver) { // before it could say what became of it
			if _, _, err := s.reporter.begin(t.Context(), s.agreed(), false); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := receive(t)
			s := start(t, r.URL, nil)
			s.decide(t, consent.Granted)
			attempt(t, s, r)
			if name != "a kill" { // or another process has the right to send
				gone := s.outbox.gate
				closed, _ := closedPort(t)
				s.outbox.gate, _ = gate.New(s.config.Catalog, "http://"+closed)
				if err := s.Flush(t.Context()); err == nil {
					t.Error("got no error where nothing listens, want one")
				}
				s.outbox.gate = gone
			}
			s.restart(t)
			before := r.count()
			if err := s.erase(t.Context()); err != nil || r.count() != before+1 {
				t.Errorf("got %v and %d more requests, want 1", err, r.count()-before)
			}
		})
	}
}
