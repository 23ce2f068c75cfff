package telemetry

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"headcount.example/catalog"
	"headcount.example/catalog/compreface"
	"headcount.example/consent"
)

// shutdownSoon is called in a bubble: it measures what Shutdown waits for, and not how
// fast the machine is.
func shutdownSoon(t *testing.T, c *Client) {
	t.Helper()
	begin := time.Now()
	if err := c.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if took := time.Since(begin); took > 50*time.Millisecond {
		t.Errorf("Shutdown took %v", took)
	}
}

// TestShutdownWhileServerHangs: the request is ended, not waited for.
func TestShutdownWhileServerHangs(t *testing.T) {
	r := receive(t)
	r.held = make(chan struct{}, 1)
	synctest.Test(t, func(t *testing.T) {
		s := start(t, r.URL, nil)
		s.decide(t, consent.Granted)
		failed := make(chan error, 1)
		go func() { failed <- s.Flush(context.Background()) }()
		<-r.held
		// Whatever ends this process now, the next attempt is not at once.
		if noted := s.live.Load().ledger.Schedule(); noted.Failures != 1 || !noted.Due.After(time.Now().Add(firstRetry/4)) {
			t.Errorf("while it is on its way: %+v", noted)
		}
		shutdownSoon(t, s.Client)
		if err := <-failed; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want that the report was ended", err)
		}
	})
}

func TestShutdownWhileObserverHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "https://stats.vendor.invalid", nil)
		s.decide(t, consent.Granted)
		called, free, failed := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		defer close(free)
		s.Observe(compreface.Collections, func(context.Context) ([]int64, error) { close(called); <-free; return nil, nil })
		go func() { failed <- s.Flush(context.Background()) }()
		<-called
		shutdownSoon(t, s.Client)
		if err := <-failed; err == nil {
			t.Error("Flush says that the report arrived")
		}
	})
}

// TestShutdownWhileSourceHangs in the last look: nothing is sent when it
// comes back.
func TestShutdownWhileSourceHangs(t *testing.T) {
	elsewhere := listenDeaf(t)
	synctest.Test(t, func(t *testing.T) {
		called, free, failed := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		asked := 0 // three times by Init: before it opens the totals, under their lock, and after
		s := start(t, elsewhere.url(), func(c *Config) {
			c.Consent = sourceFunc(func(context.Context) (consent.Record, error) {
				if asked++; asked > 3 {
					close(called)
					<-free
				}
				return record(consent.Granted, 1), nil
			})
		})
		go func() { failed <- s.Flush(context.Background()) }()
		<-called
		shutdownSoon(t, s.Client)
		close(free)
		if err := <-failed; err == nil {
			t.Error("sent after Shutdown")
		}
	})
	elsewhere.untouched(t)
}

// TestShutdownWhileLoopHangs in the Source: only that callback's goroutine is
// left, and when it comes back nothing is sent.
func TestShutdownWhileLoopHangs(t *testing.T) {
	noLookups(t)
	dir := filepath.Join(t.TempDir(), "telemetry")
	synctest.Test(t, func(t *testing.T) {
		free, called := make(chan struct{}), new(atomic.Int64)
		source := sourceFunc(func(context.Context) (consent.Record, error) {
			if called.Add(1) > 3 { // Init asks three times
				<-free
			}
			return record(consent.Granted, 1), nil
		})
		c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: "https://stats.vendor.invalid", Dir: dir, Consent: source})
		if err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(25 * time.Hour); called.Load() < 4 && time.Now().Before(end); {
			time.Sleep(time.Second) // it waits for five
		}
		if called.Load() != 4 {
			t.Fatalf("asked %d times", called.Load())
		}
		begin := time.Now()
		if err := c.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if took := time.Since(begin); took > 50*time.Millisecond {
			t.Errorf("took %v", took)
		}
		close(free)
	})
}

func TestShutdownWhileLoggerBlocks(t *testing.T) {
	r := receive(t)
	r.status = 500
	synctest.Test(t, func(t *testing.T) {
		b := blocking{make(chan struct{}, 9), make(chan struct{})}
		defer close(b.free)
		s := start(t, r.URL, func(c *Config) { c.Logger = slog.New(b) })
		s.decide(t, consent.Granted)
		go func() { _ = s.Flush(context.Background()) }()
		<-b.called
		shutdownSoon(t, s.Client)
	})
}

// TestShutdownLeavesNothing, any number of times, from anywhere: the bubble
// fails the test when a goroutine stays.
func TestShutdownLeavesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "telemetry")
	elsewhere := listenDeaf(t)
	synctest.Test(t, func(t *testing.T) {
		c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: elsewhere.url(), Dir: dir, Consent: always(consent.Granted, 1)})
		if err != nil || !c.Status().On {
			t.Fatal(err, c.Status())
		}
		begin := time.Now()
		var all sync.WaitGroup
		for range 32 {
			all.Go(func() {
				for range 3 {
					if err := c.Shutdown(context.Background()); err != nil {
						t.Error(err)
					}
				}
			})
			all.Go(func() { c.Add(compreface.UserCreated, 1); c.Status(); _ = c.Refresh(context.Background()) })
		}
		all.Wait()
		if took := time.Since(begin); took > 50*time.Millisecond {
			t.Errorf("took %v", took)
		}
		if s := c.Status(); s.On || s.Reason != "shut down" {
			t.Errorf("%+v", s)
		}
		if err := c.Flush(context.Background()); err == nil {
			t.Error("sent after Shutdown")
		}
		time.Sleep(48 * time.Hour)
	})
	elsewhere.untouched(t)
}

func TestShutdownOfAnEndedContext(t *testing.T) {
	s := start(t, "https://stats.vendor.invalid", nil)
	s.decide(t, consent.Granted)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Shutdown(ctx); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if s.Status().On || s.Shutdown(ctx) != nil {
		t.Error("still on")
	}
}

// TestNothingToWorkWith: nil and zero clients, nil contexts, nonsense.
func TestNothingToWorkWith(t *testing.T) {
	faulty, err := Init(Config{})
	if err == nil {
		t.Fatal("no error for nothing at all")
	}
	live := start(t, "https://stats.vendor.invalid", nil)
	live.decide(t, consent.Granted)
	var none context.Context
	for name, c := range map[string]*Client{"nil": nil, "zero": {}, "faulty": faulty, "live": live.Client} {
		t.Run(name, func(t *testing.T) {
			for _, n := range []int64{0, -1, -1 << 63, 1<<63 - 1} {
				c.Add(compreface.UserCreated, n)
				c.Add(catalog.Counter{}, n)
				c.Add(compreface.ServiceCreated, n)
			}
			c.Observe(compreface.Collections, nil)
			c.Observe(compreface.Collections, func(context.Context) ([]int64, error) { return nil, nil })
			p, err := c.Preview(none, true)
			if (err == nil) != (name == "live") {
				t.Errorf("preview %v, %v", p, err)
			}
			if name != "live" {
				if err := c.Flush(none); err == nil {
					t.Error("sent")
				}
			}
			if err := c.Refresh(none); err != nil {
				t.Error(err)
			}
			if s := c.Status(); s.On != (name == "live") || s.Reason == "" {
				t.Errorf("%+v", s)
			}
			if err := c.Shutdown(none); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestShutdownEndsErasure: Shutdown ends a request that is on its way.
func TestShutdownEndsErasure(t *testing.T) {
	server := receive(t)
	s := start(t, server.URL, nil)
	s.decide(t, consent.Granted)
	s.heard(t)
	held := make(chan struct{})
	server.hold(held)
	erased := make(chan error)
	go func() { erased <- s.erase(context.Background()) }()
	<-held
	_ = s.Shutdown(t.Context())
	if err := <-erased; err == nil {
		t.Error("it says that the request arrived")
	}
}

// TestEraseAfterShutdown: the no is acted on, the request is kept, and the error
// says why it has not arrived.
func TestEraseAfterShutdown(t *testing.T) {
	server := receive(t)
	s := start(t, server.URL, nil)
	s.decide(t, consent.Granted)
	s.flush(t)
	guid := s.Status().InstallGUID
	_ = s.Shutdown(t.Context())
	if err := s.erase(t.Context()); err == nil || !strings.Contains(err.Error(), "the client shut down") || strings.Contains(err.Error(), "taken back") {
		t.Errorf("got %v, want that the client shut down", err)
	}
	if err := s.erasures.allowed(t.Context(), uuid.MustParse(guid)); !errors.Is(err, errShutDown) {
		t.Errorf("the last look: got %v, want %v", err, errShutDown)
	}
	if !s.ledgerIsGone() || server.count() != 1 || len(holding(t, s.dir, guid)) != 1 {
		t.Errorf("got %q and %d requests, want the request kept", files(t, s.dir), server.count())
	}
}

// TestEndedContextIsNoFaultOfTheSource: where the caller's time is over the error
// says that, and not that Config.Consent does not answer.
func TestEndedContextIsNoFaultOfTheSource(t *testing.T) {
	s := start(t, listenDeaf(t).url(), nil)
	s.decide(t, consent.Granted)
	ended, end := context.WithCancel(t.Context())
	end()
	for name, err := range map[string]error{"report": s.Flush(ended), "request": s.erasures.allowed(ended, uuid.New())} {
		if !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "does not answer") {
			t.Errorf("%s: got %v, want %v", name, err, context.Canceled)
		}
	}
	if !s.Status().On {
		t.Errorf("got %+v, want on", s.Status())
	}
}
