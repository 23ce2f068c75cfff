package telemetry

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/internal/ledger"
)

// kept is a State in memory that counts how often it is asked.
type kept struct {
	asked   atomic.Int64
	mu      sync.Mutex
	value   []byte
	version int64
}

func (k *kept) Load(context.Context) ([]byte, int64, error) {
	k.asked.Add(1)
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.value, k.version, nil
}

func (k *kept) Swap(_ context.Context, version int64, value []byte) error {
	k.asked.Add(1)
	k.mu.Lock()
	defer k.mu.Unlock()
	if version != k.version {
		return ledger.ErrConflict
	}
	k.value, k.version = value, version+1
	return nil
}

// TestWatch: a decision that was recorded elsewhere is acted on within the
// interval; until there is another one, consent is asked for at most
// once each time, and nothing else.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		var now atomic.Pointer[consent.Record]
		now.Store(&consent.Record{})
		source := sourceFunc(func(context.Context) (consent.Record, error) { asked.Add(1); return *now.Load(), nil })
		state := new(kept)
		c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: "https://stats.vendor.invalid", State: state, Consent: source, Watch: time.Minute, Env: env()})
		if err != nil {
			t.Fatal(err)
		}
		rests := func(when string) {
			t.Helper()
			time.Sleep(time.Minute) // what came before is acted on
			synctest.Wait()
			consented, touched := asked.Load(), state.asked.Load()
			time.Sleep(10 * time.Minute)
			synctest.Wait()
			if got := asked.Load() - consented; got > 10 {
				t.Errorf("%s: consent was asked for %d times in 10 minutes, want at most 10", when, got)
			}
			if got := state.asked.Load() - touched; got != 0 && !c.Status().On {
				t.Errorf("%s: the state was touched %d times, want none", when, got)
			}
		}
		decides := func(d consent.Decision, on bool) {
			t.Helper()
			now.Store(&consent.Record{Decision: d, Notice: 1, Time: time.Now(), Since: time.Now()})
			time.Sleep(time.Minute)
			synctest.Wait()
			if got := c.Status(); got.On != on || got.Consent.Decision != d {
				t.Errorf("a minute after %v: %+v", d, got)
			}
		}
		rests("undecided")
		if state.asked.Load() != 0 {
			t.Error("the state was touched before a decision")
		}
		decides(consent.Granted, true)
		rests("granted")
		first := c.Status().InstallGUID
		decides(consent.Denied, false)
		if value, _, _ := state.Load(t.Context()); strings.Contains(string(value), first) {
			t.Errorf("the identifier is still in %s", value)
		}
		rests("denied")
		decides(consent.Granted, true)
		if c.Status().InstallGUID == first {
			t.Error("a yes after a no has the identifier of before")
		}
		_ = c.Shutdown(t.Context())
		synctest.Wait()
		after := asked.Load()
		time.Sleep(time.Hour)
		if got := asked.Load() - after; got != 0 {
			t.Errorf("asked %d times after Shutdown", got)
		}
	})
}

// TestWatchOfASilentSource: looks do not pile up, and it is off.
func TestWatchOfASilentSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		silent := make(chan struct{})
		source := sourceFunc(func(context.Context) (consent.Record, error) {
			if asked.Add(1) > 1 {
				<-silent
			}
			return record(consent.Granted, 1), nil
		})
		dir := filepath.Join(t.TempDir(), "telemetry")
		c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: "https://stats.vendor.invalid", Dir: dir, Consent: source, Watch: time.Minute, Env: env()})
		if err == nil {
			t.Error("Init asks once more before it counts, and has no answer")
		}
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		const most = 9 // one was answered, and eight wait
		if got := asked.Load(); got > most || c.Status().On {
			t.Errorf("asked %d times, want at most %d; status %+v", got, most, c.Status())
		}
		close(silent)
		time.Sleep(2 * time.Minute)
		if !c.Status().On {
			t.Errorf("off after the answer: %+v", c.Status())
		}
		_ = c.Shutdown(t.Context())
	})
}

// TestNoWatch: zero never looks, a faulty configuration neither, and an interval
// that is too short is a fault.
func TestNoWatch(t *testing.T) {
	for interval, want := range map[time.Duration]string{0: "", -time.Second: "Config.Watch is -1s", time.Millisecond: "Config.Watch is 1ms: give at least 1s, or 0 for never"} {
		synctest.Test(t, func(t *testing.T) {
			var asked atomic.Int64
			source := sourceFunc(func(context.Context) (consent.Record, error) { asked.Add(1); return consent.Record{}, nil })
			_, err := Init(Config{Catalog: compreface.Catalog, Endpoint: "https://stats.vendor.invalid", State: new(kept), Consent: source, Watch: interval, Env: env()})
			if (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%v: got %v, want %q", interval, err, want)
			}
			first := asked.Load()
			time.Sleep(24 * time.Hour)
			if got := asked.Load() - first; got != 0 {
				t.Errorf("%v: asked %d times", interval, got)
			}
		}) // and a goroutine that is left would fail here
	}
}
