package telemetry

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
)

// TestNoSweeps: what killed processes were writing is removed at a no. It holds the
// identifier, and no reader of the journal or of the requests finds it.
func TestNoSweeps(t *testing.T) {
	s := start(t, listenDeaf(t).url(), nil)
	s.decide(t, consent.Granted)
	guid := s.Status().InstallGUID
	var left []string
	for _, name := range []string{"journal/.00000001.json.new-1", "erasure/.0123456789abcdef.request.new-1"} {
		path := filepath.Join(s.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(guid), 0o600); err != nil {
			t.Fatal(err)
		}
		left = append(left, path)
	}
	s.decide(t, consent.Denied)
	for _, path := range left {
		if exists(path) {
			t.Errorf("after a no there is %q", path)
		}
	}
}

// TestReportOfAnEarlierYes: nothing is sent under an identifier that a no took back,
// also where another yes follows before this process looks.
func TestReportOfAnEarlierYes(t *testing.T) {
	r := receive(t)
	s := start(t, r.URL, nil)
	s.decide(t, consent.Granted)
	guid := s.Status().InstallGUID
	s.Add(compreface.UserCreated, 7)
	s.refuse(t)
	if err := s.decisions.Save(t.Context(), consent.Record{Decision: consent.Granted, Notice: 1, Where: "test"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Flush(t.Context()); err == nil || r.count() != 0 {
		t.Errorf("got %v, %d reports, want an error and none", err, r.count())
	}
	for end := time.Now().Add(time.Minute); (s.Status().InstallGUID == guid || !s.Status().On) && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	s.flush(t)
	if got := r.last(t); got[0] == "install_guid "+guid {
		t.Errorf("got %q, want another identifier", got)
	}
	want(t, r.last(t), userCreated+"0")
}

// A hangingSwap keeps a no waiting.
type hangingSwap struct {
	memoryState
	hangs atomic.Bool
}

func (s *hangingSwap) Swap(ctx context.Context, version int64, value []byte) error {
	if value == nil && s.hangs.Load() {
		time.Sleep(7 * time.Second)
	}
	return s.memoryState.Swap(ctx, version, value)
}

// TestYesWhileANoIsActedOn: a decision that had to wait too long for an earlier one is
// acted on once that one has ended.
func TestYesWhileANoIsActedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		state := &hangingSwap{}
		p := &place{record: yesAt(time.Now())}
		c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: "http://127.0.0.1:9", State: state, Consent: p})
		if err != nil {
			t.Fatal(err)
		}
		state.hangs.Store(true)
		p.set(consent.Record{Decision: consent.Denied})
		go func() { _ = c.Refresh(t.Context()) }()
		synctest.Wait()
		p.set(yesAt(time.Now()))
		if err := c.Refresh(t.Context()); err == nil {
			t.Error("got no error, want that an earlier decision is being acted on")
		}
		time.Sleep(10 * time.Second)
		if got := c.Status(); !got.On {
			t.Errorf("got %+v, want on", got)
		}
		_ = c.Shutdown(t.Context())
	})
}

// TestEndedContextAsksNothing: a Flush whose time is over has nothing looked at.
func TestEndedContextAsksNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		source := sourceFunc(func(context.Context) (consent.Record, error) {
			asked.Add(1)
			return yesAt(time.Unix(1, 0)), nil
		})
		c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: "http://127.0.0.1:9", State: &memoryState{}, Consent: source})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		before := asked.Load()
		ended, end := context.WithCancel(t.Context())
		end()
		if err := c.Flush(ended); err == nil {
			t.Error("got no error")
		}
		synctest.Wait()
		if got := asked.Load(); got != before {
			t.Errorf("got %d calls of Config.Consent, want %d", got, before)
		}
		_ = c.Shutdown(t.Context())
	})
}

// A waitingState writes when it is told to.
type waitingState struct {
	memoryState
	free chan struct{}
}

func (s *waitingState) Swap(ctx context.Context, version int64, value []byte) error {
	if s.free != nil {
		<-s.free
	}
	return s.memoryState.Swap(ctx, version, value)
}

// TestShutdownTwice: Shutdown says that what was counted is written once it is, also
// where another Shutdown has begun to write it.
func TestShutdownTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		state := &waitingState{}
		c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: "http://127.0.0.1:9", State: state, Consent: always(consent.Granted, 1)})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		state.free = make(chan struct{})
		c.Add(compreface.UserCreated, 1)
		go func() { _ = c.Shutdown(context.Background()) }()
		synctest.Wait()
		limited, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Shutdown(limited); err == nil {
			t.Error("got no error while nothing is written")
		}
		close(state.free)
		if err := c.Shutdown(t.Context()); err != nil {
			t.Errorf("got %v, want that it is written", err)
		}
	})
}

type panickingError struct{ error }

func (panickingError) As(any) bool { panic("As") }

// TestErrorThatPanics: an error of a callback does not end the host either.
func TestErrorThatPanics(t *testing.T) {
	var log lines
	s := start(t, receive(t).URL, func(c *Config) { c.Logger = log.logger() })
	s.decide(t, consent.Granted)
	s.Observe(compreface.Collections, func(context.Context) ([]int64, error) { return nil, panickingError{context.Canceled} })
	s.flush(t)
}
