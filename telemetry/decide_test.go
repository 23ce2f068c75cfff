package telemetry

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"headcount.example/catalog/affiliate"
	"headcount.example/catalog/compreface"
	"headcount.example/consent"
)

// The product's own variable at off is a no like any other, also where
// somebody said yes on a page.
func TestOffTakesBack(t *testing.T) {
	r := receive(t)
	t.Run("a recorded yes", func(t *testing.T) {
		s := start(t, r.URL, nil)
		s.decide(t, consent.Granted)
		t.Setenv("COMPREFACE_TELEMETRY", "off")
		s.restart(t)
		if s.Status().On || exists(filepath.Join(s.dir, "headcount.totals")) {
			t.Errorf("%+v, and there are %q", s.Status(), files(t, s.dir))
		}
	})
	s := start(t, r.URL, func(c *Config) { c.Consent = nil })
	guid := ""
	for round := range 2 {
		t.Setenv("COMPREFACE_TELEMETRY", "accept:1")
		s.restart(t)
		s.Add(compreface.UserCreated, 7)
		s.flush(t)
		want(t, r.last(t), userCreated+"7")
		if now := s.Status().InstallGUID; now == guid {
			t.Errorf("round %d: the same identifier %s", round, now)
		} else {
			guid = now
		}
		t.Setenv("COMPREFACE_TELEMETRY", "off")
		s.restart(t)
		if exists(filepath.Join(s.dir, "headcount.totals")) {
			t.Errorf("off, and there are %q", files(t, s.dir))
		}
	}
}

// Somebody who closes the page, a client that was shut down, and one whose
// endpoint is wrong: a recorded no is carried out all the same.
func TestNoIsCarriedOut(t *testing.T) {
	for name, ask := range map[string]func(t *testing.T, s *setup) error{
		"context ended": func(t *testing.T, s *setup) error {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			return s.Refresh(ctx)
		},
		"after Shutdown": func(t *testing.T, s *setup) error {
			_ = s.Shutdown(t.Context())
			return s.Refresh(t.Context())
		},
		"faulty endpoint": func(t *testing.T, s *setup) error {
			_ = s.Shutdown(t.Context())
			s.config.Endpoint = "ftp://stats"
			_, err := Init(s.config)
			if err == nil {
				t.Error("the endpoint was taken")
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, listenDeaf(t).url(), nil)
			s.decide(t, consent.Granted)
			s.refuse(t)
			if err := ask(t, s); err != nil {
				t.Error(err)
			}
			if exists(filepath.Join(s.dir, "headcount.totals")) {
				t.Errorf("a no was recorded, and there are %q", files(t, s.dir))
			}
		})
	}
}

// A source that cannot answer for a while stops everything, says so, and is
// asked again.
func TestSourceIsAwayForAWhile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "telemetry")
	synctest.Test(t, func(t *testing.T) {
		var away atomic.Bool
		away.Store(true)
		c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: "http://127.0.0.1:9", Dir: dir,
			Consent: sourceFunc(func(context.Context) (consent.Record, error) {
				if away.Load() {
					return consent.Record{}, errors.New("no database")
				}
				return record(consent.Granted, 1), nil
			})})
		if err == nil || !strings.Contains(err.Error(), "no database") || c.Status().On || exists(dir) {
			t.Errorf("%v, %+v", err, c.Status())
		}
		away.Store(false)
		time.Sleep(retryAfter + time.Second)
		guid := c.Status().InstallGUID
		if guid == "" {
			t.Errorf("%+v", c.Status())
		}
		away.Store(true)
		if err := c.Refresh(t.Context()); err == nil || c.Status().On {
			t.Errorf("%v, %+v", err, c.Status())
		}
		away.Store(false)
		time.Sleep(retryAfter + time.Second)
		if c.Status().InstallGUID != guid {
			t.Errorf("%+v, before %s", c.Status(), guid)
		}
		_ = c.Shutdown(t.Context())
	})
}

// A directory is one product's: a yes to one is no yes to another, and a no
// of one is no no of the other.
func TestOneDirectoryOneProduct(t *testing.T) {
	r := receive(t)
	s := start(t, r.URL, nil)
	s.decide(t, consent.Granted)
	s.Add(compreface.UserCreated, 1)
	other := s.config
	other.Catalog = affiliate.Catalog
	c, err := Init(other)
	if err == nil || !strings.Contains(err.Error(), `belongs to "CompreFace"`) || c.Status().On {
		t.Errorf("%v, %+v", err, c.Status())
	}
	if c.Flush(t.Context()) == nil || r.count() != 0 {
		t.Error("sent under another product's yes")
	}
	other.Consent = always(consent.Denied, 1)
	if c, err = Init(other); err != nil || c.Status().On {
		t.Errorf("%v, %+v", err, c.Status())
	}
	s.flush(t)
	want(t, r.last(t), userCreated+"1")
}
