package telemetry

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
)

// descriptors lists the open files of this process, where the system tells.
func descriptors() []string {
	entries, _ := os.ReadDir("/proc/self/fd")
	var list []string
	for _, e := range entries {
		to, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err == nil && filepath.Base(to) != "fd" {
			list = append(list, to)
		}
	}
	slices.Sort(list)
	return list
}

// TestZeroFootprint: without a yes nothing exists. The bubble fails the test
// when a goroutine is left, and 30 days pass in it.
func TestZeroFootprint(t *testing.T) {
	granted := func() consent.Source { return always(consent.Granted, 1) }
	for _, test := range []struct {
		name   string
		source func() consent.Source
		setenv [2]string
		change func(*Config)
		before func(t *testing.T, dir string) // what is in the directory already
	}{
		{name: "undecided", source: func() consent.Source { return always(consent.Undecided, 0) }},
		{name: "denied", source: func() consent.Source { return always(consent.Denied, 1) }},
		{name: "nil source", source: func() consent.Source { return nil }},
		{name: "nil pointer to a file", source: func() consent.Source { return (*consent.File)(nil) }},
		{name: "no file", change: func(c *Config) { c.Consent = consent.NewFile(c.Dir) }},
		{name: "corrupt file", change: func(c *Config) { c.Consent = consent.NewFile(c.Dir) }, before: func(t *testing.T, dir string) {
			if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, "consent.json"), []byte(`{"version":1,"rec`), 0o600)); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "error", source: func() consent.Source {
			return sourceFunc(func(context.Context) (consent.Record, error) {
				return record(consent.Granted, 1), errors.New("no database")
			})
		}},
		{name: "panic", source: func() consent.Source {
			return sourceFunc(func(context.Context) (consent.Record, error) { panic("no database") })
		}},
		{name: "unknown decision", source: func() consent.Source { return always(consent.Decision(7), 1) }},
		{name: "outdated notice", source: func() consent.Source { return always(consent.Granted, 0) }},
		{name: "later notice", source: func() consent.Source { return always(consent.Granted, 2) }},
		{name: "DO_NOT_TRACK", source: granted, setenv: [2]string{"DO_NOT_TRACK", "1"}},
		{name: "OTEL_SDK_DISABLED", source: granted, setenv: [2]string{"OTEL_SDK_DISABLED", "true"}},
		{name: "variable says off", source: granted, setenv: [2]string{"COMPREFACE_TELEMETRY", "off"}},
		{name: "variable misspelt", source: granted, setenv: [2]string{"COMPREFACE_TELEMETRY", "acept:1"}},
		{name: "fault: endpoint", source: granted, change: func(c *Config) { c.Endpoint = "http://stats.vendor.invalid" }},
		{name: "fault: directory", source: granted, change: func(c *Config) { c.Dir = "telemetry" }},
		{name: "fault: catalog", source: granted, change: func(c *Config) { c.Catalog = nil }},
	} {
		t.Run(test.name, func(t *testing.T) {
			noLookups(t)
			elsewhere := listenDeaf(t)
			parent := t.TempDir()
			config := Config{Catalog: compreface.Catalog, Endpoint: elsewhere.url(), Dir: filepath.Join(parent, "a", "telemetry")}
			if test.source != nil {
				config.Consent = test.source()
			}
			if test.change != nil {
				test.change(&config)
			}
			if test.setenv[0] != "" {
				t.Setenv(test.setenv[0], test.setenv[1])
			}
			if test.before != nil {
				test.before(t, config.Dir)
			}
			calm()
			there, open := files(t, parent), descriptors()
			synctest.Test(t, func(t *testing.T) { liveOffFor(t, config, 30) })
			now := descriptors()
			if made := files(t, parent); !slices.Equal(made, there) {
				t.Errorf("files %q, before %q", made, there)
			}
			for _, f := range open { // one of an earlier test may be closed only now
				if i := slices.Index(now, f); i >= 0 {
					now = slices.Delete(now, i, i+1)
				}
			}
			if len(now) > 0 {
				t.Errorf("open %q, beside %q", now, open)
			}
			if _, err := os.Stat("telemetry"); err == nil {
				t.Error("a relative directory was made")
			}
			elsewhere.untouched(t)
		})
	}
}

// goroutinesNow counts goroutines that have a stack to show: not the
// runtime's own, which come and go.
func goroutinesNow() int { return strings.Count("\n\n"+stacks(), "\n\ngoroutine ") }

func stacks() string {
	stack := make([]byte, 1<<18)
	return string(stack[:runtime.Stack(stack, true)])
}

// calm waits until the goroutines of earlier tests have ended. In a bubble it would not
// wait: time there does not.
func calm() {
	goroutines := goroutinesNow()
	for steady := 0; steady < 20; steady++ {
		time.Sleep(time.Millisecond)
		if now := goroutinesNow(); now != goroutines {
			goroutines, steady = now, 0
		}
	}
}

// liveOffFor uses every method, every day.
func liveOffFor(t *testing.T, config Config, days int) {
	goroutines := goroutinesNow()
	c, err := Init(config)
	if c == nil {
		t.Fatalf("no client, %v", err)
	}
	asked := 0
	c.Observe(compreface.Collections, func(context.Context) ([]int64, error) { asked++; return []int64{1}, nil })
	for range days {
		c.Add(compreface.UserCreated, 1)
		c.Add(compreface.ServiceCreated.With(compreface.Detection), 1)
		if _, err := c.Preview(t.Context(), false); err != nil && c.outbox.gate != nil {
			t.Error(err)
		}
		if err := c.Flush(t.Context()); err == nil {
			t.Error("Flush sent")
		}
		if err := c.Refresh(t.Context()); (err != nil) != c.Status().Consent.Failed {
			t.Errorf("%v, and the source failed: %v", err, c.Status().Consent.Failed)
		}
		if s := c.Status(); s.On || s.InstallGUID != "" || s.Reason == "" || !s.NextReport.IsZero() || !s.Since.IsZero() {
			t.Errorf("%+v", s)
		}
		if c.live.Load() != nil {
			t.Error("there is a recorder")
		}
		time.Sleep(24 * time.Hour)
	}
	if asked != 0 {
		t.Errorf("the application was asked %d times", asked)
	}
	synctest.Wait()  // a source that cannot answer is asked again every five minutes, and so just now
	for range 1000 { // those of an earlier test, which end on their own
		if goroutinesNow() <= goroutines {
			break
		}
		runtime.Gosched()
	}
	if now := goroutinesNow(); now > goroutines {
		t.Errorf("%d goroutines, before %d\n%s", now, goroutines, stacks())
	}
	if err := c.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
