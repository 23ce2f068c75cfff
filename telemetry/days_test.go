package telemetry

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
)

// TestFirstReport is at least an hour after the yes and at most a day.
func TestFirstReport(t *testing.T) {
	for range 50 {
		dir := filepath.Join(t.TempDir(), "telemetry")
		synctest.Test(t, func(t *testing.T) {
			c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: "http://127.0.0.1:9", Dir: dir, Consent: always(consent.Granted, 1)})
			if err != nil {
				t.Fatal(err)
			}
			if wait := time.Until(c.Status().NextReport); wait < time.Hour-time.Second || wait > 24*time.Hour {
				t.Errorf("the first report is %v away", wait)
			}
			_ = c.Shutdown(t.Context())
		})
	}
}

// A clock that swings brings no flood, and no silence once it stops.
func TestSwings(t *testing.T) {
	for name, by := range map[string]time.Duration{"five minutes": 5 * time.Minute, "a day": 24 * time.Hour, "a year": 365 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			r := receive(t)
			dir := filepath.Join(t.TempDir(), "telemetry")
			synctest.Test(t, func(t *testing.T) {
				decision := consent.Undecided
				source := sourceFunc(func(context.Context) (consent.Record, error) { return record(decision, 1), nil })
				c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: r.URL, Dir: dir, Consent: source})
				var ahead atomic.Int64
				c.now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
				decision = consent.Granted
				if err = errors.Join(err, c.Refresh(t.Context())); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Until(c.Status().NextReport.Add(-30 * time.Minute)))
				const days = 10
				for range days * 24 * 6 {
					time.Sleep(10 * time.Minute)
					ahead.Store(int64(by) - ahead.Load())
				}
				if got := r.count(); got < days-2 && by <= 24*time.Hour || got > days*24/20+2 {
					t.Errorf("%d reports in %d days", got, days)
				}
				before := r.count()
				time.Sleep(48 * time.Hour)
				synctest.Wait()
				if got := r.count() - before; got < 1 || got > 3 {
					t.Errorf("%d reports in two days", got)
				}
				_ = c.Shutdown(t.Context())
			})
		})
	}
}

// TestTwoClocks: of processes whose clocks are a day apart none sends more than
// one report in twenty hours.
func TestTwoClocks(t *testing.T) {
	r := receive(t)
	dir := filepath.Join(t.TempDir(), "telemetry")
	synctest.Test(t, func(t *testing.T) {
		for _, off := range []time.Duration{0, 24 * time.Hour} {
			decision := consent.Undecided
			source := sourceFunc(func(context.Context) (consent.Record, error) { return record(decision, 1), nil })
			c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: r.URL, Dir: dir, Consent: source})
			c.now = func() time.Time { return time.Now().Add(off) }
			decision = consent.Granted
			if err = errors.Join(err, c.Refresh(t.Context())); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Shutdown(t.Context()) }()
		}
		const days = 10
		time.Sleep(days * 24 * time.Hour)
		if got := r.count(); got < days-2 || got > 2*(days*24/20+1) {
			t.Errorf("%d reports in %d days", got, days)
		}
	})
}

// TestDays runs a whole client for thirty days against a real receiver: one
// report a day, always at the same time of day, and a restart in between.
func TestDays(t *testing.T) {
	r := receive(t)
	dir := filepath.Join(t.TempDir(), "telemetry")
	synctest.Test(t, func(t *testing.T) {
		config := Config{Catalog: compreface.Catalog, Endpoint: r.URL, Dir: dir, Consent: always(consent.Granted, 1)}
		c, err := Init(config)
		if err != nil {
			t.Fatal(err)
		}
		first := c.Status().NextReport
		for day := range 30 {
			time.Sleep(time.Until(first.Add(time.Duration(day)*24*time.Hour + 5*time.Minute)))
			synctest.Wait()
			if got := r.count(); got != day+1 {
				t.Fatalf("%d reports after %d days: %+v", got, day+1, c.Status())
			}
			c.Add(compreface.UserCreated, 1)
			if day == 15 {
				_ = c.Shutdown(t.Context())
				if c, err = Init(config); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = c.Shutdown(t.Context())
	})
	want(t, r.last(t), userCreated+"29")
}
