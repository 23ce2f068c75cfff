package telemetry

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/internal/gate"
)

// A process that was told of a no, and comes to act on it only when there is
// a new yes, destroys nothing; and one that was told of a yes makes nothing
// when there is a no.
func TestComesLate(t *testing.T) {
	for name, c := range map[string]struct {
		told, then consent.Decision
	}{"a no, and then a new yes": {consent.Denied, consent.Granted}, "a yes, and then a no": {consent.Granted, consent.Denied}} {
		t.Run(name, func(t *testing.T) {
			s := start(t, "https://stats.vendor.invalid", nil)
			guid := ""
			if c.told == consent.Denied { // the new yes has been acted on by another process
				s.decide(t, consent.Granted)
				s.Add(compreface.UserCreated, 7)
				guid = s.Status().InstallGUID
			}
			var asked atomic.Int64
			config := s.config
			config.Consent = sourceFunc(func(context.Context) (consent.Record, error) {
				if asked.Add(1) == 1 {
					return record(c.told, 1), nil
				}
				return record(c.then, 1), nil
			})
			late, err := Init(config)
			if err != nil {
				t.Error(err)
			}
			defer func() { _ = late.Shutdown(t.Context()) }()
			if got := late.Status(); got.InstallGUID != guid || got.On != (guid != "") {
				t.Errorf("%+v, want %q", got, guid)
			}
			if exists(s.dir+"/headcount.totals") != (guid != "") {
				t.Errorf("there are %q", files(t, s.dir))
			}
			if guid != "" {
				if err := s.live.Load().ledger.Check(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// A no waits for a report that is being ended, for two seconds and no longer.
func TestNoWaitsTwoSeconds(t *testing.T) {
	dir := t.TempDir() + "/telemetry"
	synctest.Test(t, func(t *testing.T) {
		var no atomic.Bool
		c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: "http://127.0.0.1:9", Dir: dir,
			Consent: sourceFunc(func(context.Context) (consent.Record, error) {
				if no.Load() {
					return record(consent.Denied, 1), nil
				}
				return record(consent.Granted, 1), nil
			})})
		if err != nil {
			t.Fatal(err)
		}
		for _, busy := range []time.Duration{time.Second, time.Hour} { // how long the report takes to end
			no.Store(false)
			if err := c.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			r := c.agreed()
			r.sending <- struct{}{}
			time.AfterFunc(busy, func() { <-r.sending })
			no.Store(true)
			begin := time.Now()
			if err := c.Refresh(t.Context()); err != nil {
				t.Error(err)
			}
			if waited := time.Since(begin); waited != min(busy, 2*time.Second) { // of the bubble's own clock
				t.Errorf("waited %v for a report that takes %v", waited, busy)
			}
			if exists(dir + "/headcount.totals") {
				t.Error("not destroyed")
			}
		}
		_ = c.Shutdown(t.Context())
		time.Sleep(time.Hour)
	})
}

// TestSendingHasAnEnd: a report and a request to erase have a time after which
// nothing of it is written, also without a deadline of the caller: the process may
// have been paused.
func TestSendingHasAnEnd(t *testing.T) {
	for name, dir := range map[string]string{"with a journal": t.TempDir(), "without": ""} {
		s := start(t, listenDeaf(t).url(), func(c *Config) { c.Dir, c.State = dir, &memoryState{} })
		bounded := false
		err := s.outbox.send(context.Background(), gate.Report{GUID: uuid.New(), Day: time.Now(), Erase: true}, func(ctx context.Context) error {
			_, bounded = ctx.Deadline()
			return errEnded
		})
		if !errors.Is(err, errEnded) || !bounded {
			t.Errorf("%s: got %v, a deadline: %v, want one", name, err, bounded)
		}
	}
}

// A slowLoad answers late once slow is set.
type slowLoad struct {
	memoryState
	slow atomic.Bool
}

func (s *slowLoad) Load(ctx context.Context) ([]byte, int64, error) {
	if s.slow.CompareAndSwap(true, false) {
		time.Sleep(sendTimeout + time.Second)
	}
	return s.memoryState.Load(ctx)
}

// TestRightToSendEnds: where the last look takes longer than the right to send,
// nothing is sent, and the error says so.
func TestRightToSendEnds(t *testing.T) {
	r := receive(t)
	synctest.Test(t, func(t *testing.T) {
		state, looks := &slowLoad{}, atomic.Int64{}
		source := sourceFunc(func(context.Context) (consent.Record, error) {
			if looks.Add(-1) == 0 {
				state.slow.Store(true)
			}
			return record(consent.Granted, 1), nil
		})
		c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: r.URL, State: state, Consent: source})
		if err != nil {
			t.Fatal(err)
		}
		looks.Store(2) // the last one is the second of a report
		err = c.Flush(t.Context())
		const want = "telemetry: not sent: it took longer than 15s: "
		if err == nil || !strings.HasPrefix(err.Error(), want) || r.count() != 0 || c.agreed().ledger.Schedule().Reported {
			t.Errorf("got %v, %d reports and %+v, want %q, and none", err, r.count(), c.agreed().ledger.Schedule(), want)
		}
		_ = c.Shutdown(t.Context())
	})
}

// A silentState answers until hang is set, and then only once ctx has ended.
type silentState struct {
	memoryState
	hang atomic.Bool
}

func (s *silentState) Load(ctx context.Context) ([]byte, int64, error) {
	if s.hang.Load() {
		<-ctx.Done()
		return nil, 0, ctx.Err()
	}
	return s.memoryState.Load(ctx)
}

// TestNoIsBounded: a no returns also where everything of the application hangs, and
// a report does not end.
func TestNoIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, state, free := &silentSource{free: make(chan struct{})}, &silentState{}, make(chan struct{})
		save := func(context.Context, consent.Record) error { <-free; return nil }
		c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: "http://127.0.0.1:9", State: state, Consent: saving{source, save}})
		if err != nil || !c.Status().On {
			t.Fatalf("got %v and %+v, want on", err, c.Status())
		}
		c.agreed().sending <- struct{}{}
		source.hang.Store(true)
		state.hang.Store(true)
		began := time.Now()
		err = c.Decide(context.Background(), consent.Record{Decision: consent.Denied})
		if took := time.Since(began); err == nil || c.Status().On || took > 20*time.Second { // of the bubble's own clock
			t.Errorf("got %v and on %v after %v, want an error, off, and 20s at most", err, c.Status().On, took)
		}
		close(source.free)
		close(free)
		_ = c.Shutdown(t.Context())
		time.Sleep(time.Hour)
	})
}

// TestSlowSave: a no that is recorded while the Source hangs takes no longer.
func TestSlowSave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &silentSource{free: make(chan struct{})}
		save := func(context.Context, consent.Record) error { time.Sleep(saveTimeout); return nil }
		c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: "http://127.0.0.1:9", State: &memoryState{}, Consent: saving{source, save}})
		if err != nil {
			t.Fatal(err)
		}
		source.hang.Store(true)
		began := time.Now()
		err = c.Decide(context.Background(), consent.Record{Decision: consent.Denied})
		if took := time.Since(began); err != nil || c.Status().On || took > 10*time.Second {
			t.Errorf("got %v and on %v after %v, want off and 10s at most", err, c.Status().On, took)
		}
		close(source.free)
		_ = c.Shutdown(t.Context())
	})
}
