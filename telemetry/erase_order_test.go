package telemetry

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
)

const eraseVariable = "TELEMETRY_TEST_ERASE"

// no records a no, as an application gives it to Erase.
func no(decisions *consent.File) func(context.Context) error {
	return func(ctx context.Context) error {
		return decisions.Save(ctx, consent.Record{Decision: consent.Denied, Notice: 1, Where: "test"})
	}
}

// eraseInChild asks to erase and is killed before the no is recorded, or
// after it.
func eraseInChild(how string) {
	point, rest, _ := strings.Cut(how, " ")
	endpoint, dir, _ := strings.Cut(rest, " ")
	decisions := consent.NewFile(dir)
	c, _ := Init(Config{Catalog: compreface.Catalog, Endpoint: endpoint, Dir: dir, Consent: decisions})
	_ = c.Erase(context.Background(), func(ctx context.Context) error {
		if point == "after" {
			if err := no(decisions)(ctx); err != nil {
				return err
			}
		}
		self, _ := os.FindProcess(os.Getpid())
		_ = self.Kill()
		select {}
	})
}

// Killed before the no was recorded, nobody has decided anything; killed after
// it, the request is not lost.
func TestEraseKilled(t *testing.T) {
	for point, asked := range map[string]bool{"before": false, "after": true} {
		t.Run(point, func(t *testing.T) {
			server := receive(t)
			s := start(t, server.URL, nil)
			s.decide(t, consent.Granted)
			s.flush(t)
			guid := s.Status().InstallGUID
			_ = s.Shutdown(t.Context())
			child := exec.Command(os.Args[0], "-test.run=^$")
			child.Env = append(os.Environ(), eraseVariable+"="+point+" "+server.URL+" "+s.dir)
			if out, err := child.CombinedOutput(); child.ProcessState.Success() {
				t.Fatalf("the process was not killed: %v\n%s", err, out)
			}
			s.restart(t)
			if status := s.Status(); status.On == asked || status.Erasing != asked || (status.Erasure != "") != asked {
				t.Errorf("status %+v", status)
			}
			if !asked {
				if status := s.Status(); status.InstallGUID != guid {
					t.Errorf("the identifier is another one: %+v", status)
				}
				if err := s.tryErasure(t.Context(), uuid.MustParse(guid)); err == nil || server.count() != 1 {
					t.Errorf("asked to erase without a no: %v, %d requests", err, server.count())
				}
				s.age(t, 2*time.Minute)
				s.restart(t)
				if got := holding(t, s.dir, guid); slices.Contains(got, "erasure/requests.json") {
					t.Errorf("the identifier is in %q", got)
				}
				return
			}
			if got := holding(t, s.dir, guid); !slices.Equal(got, []string{"erasure/requests.json"}) {
				t.Errorf("the identifier is in %q", got)
			}
			if err := s.tryErasure(t.Context(), uuid.MustParse(guid)); err != nil || server.count() != 2 || server.last(t)[0] != "install_guid "+guid {
				t.Errorf("%v, %d requests, %q", err, server.count(), server.last(t))
			}
		})
	}
}

// age makes all requests older.
func (s *setup) age(t *testing.T, by time.Duration) {
	t.Helper()
	err := s.changeErasures(t.Context(), func(list []erasure) []erasure {
		for i := range list {
			list[i].Asked = list[i].Asked.Add(-by)
		}
		return list
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A no that could not be recorded changes nothing.
func TestEraseWithoutRecord(t *testing.T) {
	full := errors.New("the disk is full")
	for name, said := range map[string]error{"an error": full, "no error, and no record": nil} {
		server := receive(t)
		s := start(t, server.URL, nil)
		s.decide(t, consent.Granted)
		guid := s.Status().InstallGUID
		err := s.Erase(t.Context(), func(context.Context) error { return said })
		if err == nil || said != nil && !errors.Is(err, said) || server.count() != 0 {
			t.Errorf("%s: %v, %d requests", name, err, server.count())
		}
		if status := s.Status(); !status.On || status.InstallGUID != guid || status.Erasing || slices.Contains(holding(t, s.dir, guid), "erasure/requests.json") {
			t.Errorf("%s: %+v, %q", name, status, holding(t, s.dir, guid))
		}
	}
}

// A no that says it failed, and stands, is a no.
func TestEraseRecordedAllTheSame(t *testing.T) {
	server := receive(t)
	s := start(t, server.URL, nil)
	s.decide(t, consent.Granted)
	s.heard(t)
	guid := s.Status().InstallGUID
	err := s.Erase(t.Context(), func(ctx context.Context) error {
		return errors.Join(no(s.decisions)(ctx), errors.New("slow disk"))
	})
	s.mu.Lock()
	if s.later == nil {
		t.Error("the request is not tried later")
	}
	s.mu.Unlock()
	if err == nil || !strings.Contains(err.Error(), "slow disk") || s.Status().On || !s.ledgerIsGone() || !s.Status().Erasing {
		t.Errorf("%v, %+v", err, s.Status())
	}
	if err := s.tryErasure(t.Context(), uuid.MustParse(guid)); err != nil || server.count() != 1 {
		t.Errorf("%v, %d requests", err, server.count())
	}
}

// The product's own variable is a no that nobody recorded.
func TestEraseByVariable(t *testing.T) {
	server := receive(t)
	s := start(t, server.URL, nil)
	s.decide(t, consent.Granted)
	s.heard(t)
	guid := s.Status().InstallGUID
	t.Setenv("COMPREFACE_TELEMETRY", "off")
	if err := s.Erase(t.Context(), nil); err != nil || server.count() != 1 || server.last(t)[0] != "install_guid "+guid {
		t.Errorf("%v, %d requests", err, server.count())
	}
}

// An identifier that cannot be looked at now is not none.
func TestEraseOfUnreadable(t *testing.T) {
	s := start(t, listenDeaf(t).url(), nil)
	s.decide(t, consent.Granted)
	s.heard(t)
	t.Setenv("DO_NOT_TRACK", "1")
	s.restart(t)
	t.Setenv("DO_NOT_TRACK", "")
	path := filepath.Join(s.dir, "headcount.totals")
	if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
		t.Fatal(err)
	}
	err := s.Erase(t.Context(), no(s.decisions))
	if err == nil || errors.Is(err, ErrNothingToErase) || !strings.Contains(err.Error(), "cannot be read") || s.Status().On {
		t.Errorf("%v, on %v", err, s.Status().On)
	}
}

// Under the product's own variable there need not be a record of a no.
func TestEraseByVariableKilled(t *testing.T) {
	s := start(t, listenDeaf(t).url(), nil)
	s.decide(t, consent.Granted)
	s.heard(t)
	t.Setenv("COMPREFACE_TELEMETRY", "off")
	if _, err := s.keepRequest(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	s.age(t, time.Hour) // killed here, and started later
	s.restart(t)
	if !s.Status().Erasing || !s.ledgerIsGone() {
		t.Errorf("%+v, %+v", s.Status(), s.erasures())
	}
}

// What to do with a request is found out by whoever can read the record: until
// then it is neither made nor forgotten.
func TestEraseUnreadable(t *testing.T) {
	server := receive(t)
	var away atomic.Bool
	s := start(t, server.URL, nil)
	kept := s.decisions
	s.config.Consent = sourceFunc(func(ctx context.Context) (consent.Record, error) {
		if away.Load() {
			return consent.Record{}, errors.New("the database is away")
		}
		return kept.Consent(ctx)
	})
	s.restart(t)
	s.decide(t, consent.Granted)
	s.heard(t)
	guid := s.Status().InstallGUID
	err := s.Erase(t.Context(), func(ctx context.Context) error {
		err := no(kept)(ctx)
		away.Store(true)
		return err
	})
	if err == nil || server.count() != 0 {
		t.Errorf("%v, %d requests", err, server.count())
	}
	s.age(t, time.Hour)
	_ = s.Shutdown(t.Context())
	if s.Client, err = Init(s.config); err == nil {
		t.Error("the database is not away")
	}
	if got := holding(t, s.dir, guid); !slices.Contains(got, "erasure/requests.json") {
		t.Fatalf("the request is lost: %q", got)
	}
	away.Store(false)
	if err := s.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.tryErasure(t.Context(), uuid.MustParse(guid)); err != nil || server.count() != 1 {
		t.Errorf("%v, %d requests", err, server.count())
	}
}
