package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"headcount.example/catalog/affiliate"
	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/internal/durable"
	"headcount.example/internal/erasure"
)

// The product's own variable at off is a no like any other, also where
// a yes is recorded.
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

// A recorded no is carried out with a context that has ended, by a client that was
// shut down, and by one with a wrong endpoint.
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
		time.Sleep(actAgain + time.Second)
		guid := c.Status().InstallGUID
		if guid == "" {
			t.Errorf("%+v", c.Status())
		}
		away.Store(true)
		if err := c.Refresh(t.Context()); err == nil || c.Status().On {
			t.Errorf("%v, %+v", err, c.Status())
		}
		away.Store(false)
		time.Sleep(actAgain + time.Second)
		if c.Status().InstallGUID != guid {
			t.Errorf("%+v, before %s", c.Status(), guid)
		}
		_ = c.Shutdown(t.Context())
	})
}

// A directory is one product's: another one, with its decisions elsewhere, neither
// counts into its totals nor destroys them.
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

// Two products that keep their decisions in one place, and their totals in two: a
// yes to one is none to the other, and a later yes is a new installation. A no is
// for both.
func TestDecisionsOfTwoProducts(t *testing.T) {
	s := start(t, "https://stats.vendor.invalid", nil)
	granted := consent.Record{Decision: consent.Granted, Where: "test"}
	if err := s.Decide(t.Context(), granted); err != nil || !s.Status().On {
		t.Fatalf("got %v, %+v, want it on", err, s.Status())
	}
	guid := s.Status().InstallGUID
	config := s.config
	config.Catalog, config.Dir = affiliate.Catalog, filepath.Join(t.TempDir(), "other")
	other, err := Init(config)
	t.Cleanup(func() { _ = other.Shutdown(context.Background()) })
	const reason = "the recorded yes is for COMPREFACE_TELEMETRY, not for AFFILIATE_PLATFORM_TELEMETRY: give each product a directory of its own"
	if got := other.Status(); err != nil || got.On || got.Reason != reason {
		t.Errorf("another product: got %v, on %v, %q, want it off: %q", err, got.On, got.Reason, reason)
	}
	if err := other.Decide(t.Context(), granted); err != nil || !other.Status().On {
		t.Errorf("its own yes: got %v, %+v, want it on", err, other.Status())
	}
	if err := s.Refresh(t.Context()); err != nil || s.Status().On || !s.Status().Kept {
		t.Errorf("the first one: got %v, %+v, want it off, and kept", err, s.Status())
	}
	if err := s.Decide(t.Context(), granted); err != nil || !s.Status().On || s.Status().InstallGUID == guid {
		t.Errorf("the first one's later yes: got %v, %+v, want another identifier than %s", err, s.Status(), guid)
	}
	if r, err := s.decisions.Consent(t.Context()); err != nil || r.For != compreface.Catalog.Variable() {
		t.Errorf("got %+v, %v, want a record for %s", r, err, compreface.Catalog.Variable())
	}
	if err := other.Decide(t.Context(), consent.Record{Decision: consent.Denied, Where: "test"}); err != nil {
		t.Error(err)
	}
	if err := s.Refresh(t.Context()); err != nil || s.Status().On || s.Status().Consent.Decision != consent.Denied || s.Status().Kept {
		t.Errorf("after the other one's no: got %v, %+v, want nothing kept", err, s.Status())
	}
}

const decideVariable = "TELEMETRY_TEST_DECIDE"

// decideInChild says no, asks to erase, and is killed at a step.
func decideInChild(how string) {
	var at int
	var endpoint, dir string
	if _, err := fmt.Sscanf(how, "%d %s %s", &at, &endpoint, &dir); err != nil {
		panic(err)
	}
	c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: endpoint, Dir: dir, Consent: consent.NewFile(dir)})
	if err != nil || !c.Status().On {
		panic(fmt.Sprint(err, c.Status()))
	}
	steps := 0
	durable.Step = func(string) {
		if steps++; steps == at {
			self, _ := os.FindProcess(os.Getpid())
			_ = self.Kill()
			select {}
		}
	}
	fmt.Println("decided:", c.Decide(context.Background(), consent.Record{Decision: consent.Denied, Where: "test", Erase: true}))
}

// TestKilledWhileDeciding kills a process that says no and asks to erase, at
// every step. Afterwards the yes stands in full, or nothing with the identifier
// is left but the request, and after one more no nothing at all.
func TestKilledWhileDeciding(t *testing.T) {
	server := receive(t)
	for at := 1; ; at++ {
		server.answer(http.StatusOK)
		s := start(t, server.URL, nil)
		s.decide(t, consent.Granted)
		s.flush(t)
		guid := s.Status().InstallGUID
		finish(s.Client)
		server.answer(http.StatusServiceUnavailable)
		child := exec.Command(os.Args[0], "-test.run=^$")
		child.Env = append(os.Environ(), fmt.Sprintf("%s=%d %s %s", decideVariable, at, server.URL, s.dir))
		out, err := child.CombinedOutput()
		if child.ProcessState.ExitCode() > 0 {
			t.Fatalf("step %d: %v\n%s", at, err, out)
		}
		s.restart(t)
		status := s.Status()
		if status.On != (status.InstallGUID == guid) {
			t.Fatalf("step %d: got %+v, want on under the same identifier, or off", at, status)
		}
		for _, name := range holding(t, s.dir, guid) {
			if !status.On && !strings.HasSuffix(name, erasure.Suffix) {
				t.Errorf("step %d: a no is recorded, and the identifier is in %s", at, name)
			}
		}
		if !status.On && len(status.Erasing) == 0 {
			t.Errorf("step %d: the request is lost: %+v", at, status)
		}
		server.answer(http.StatusOK)
		s.ripe(t)
		if err := s.erase(t.Context()); err != nil {
			t.Errorf("step %d: %v", at, err)
		}
		s.ripe(t)
		if err := s.erasures.try(t.Context(), uuid.MustParse(guid)); err == nil && status.On {
			t.Errorf("step %d: asked twice", at)
		}
		if got := holding(t, s.dir, guid); len(got) != 0 || !s.ledgerIsGone() {
			t.Errorf("step %d: after a no the identifier is in %q", at, got)
		}
		finish(s.Client)
		if err == nil {
			t.Logf("%d steps", at-1)
			if at < 10 {
				t.Error("too few steps: the hook is not called")
			}
			return
		}
	}
}

// TestDecide: a no stops this process in every case, and says what it could not
// do.
func TestDecide(t *testing.T) {
	full := errors.New("the disk is full")
	for name, test := range map[string]struct {
		save func(context.Context, consent.Record) error
		want string
	}{
		"it cannot be recorded": {func(context.Context, consent.Record) error { return full }, "the disk is full"},
		"it panics":             {func(context.Context, consent.Record) error { panic("no") }, "panic: no"},
		"it is lost":            {func(context.Context, consent.Record) error { return nil }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("COMPREFACE_TELEMETRY", "accept:1")
			s := start(t, listenDeaf(t).url(), func(c *Config) { c.Consent = saving{always(consent.Undecided, 0), test.save} })
			if !s.Status().On {
				t.Fatalf("got %+v, want on", s.Status())
			}
			err := s.Decide(t.Context(), consent.Record{Decision: consent.Denied, Where: "test"})
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			for range 2 {
				if s.Status().On || s.Flush(t.Context()) == nil || !s.ledgerIsGone() {
					t.Errorf("got %+v, want off and destroyed", s.Status())
				}
				_ = s.Refresh(t.Context()) // the environment still says yes, and does not count any more
			}
			if err := s.Decide(t.Context(), consent.Record{Decision: consent.Granted, Where: "test"}); (err == nil) != (test.want == "") {
				t.Errorf("a later yes: %v", err)
			}
			if got := s.Status().On; got != (test.want == "") {
				t.Errorf("a later yes: got on %v, want %v", got, test.want == "")
			}
		})
	}
	s := start(t, listenDeaf(t).url(), func(c *Config) { c.Consent = always(consent.Granted, 1) })
	if err := s.Decide(t.Context(), consent.Record{Decision: consent.Denied}); err == nil || s.Status().On {
		t.Errorf("a Source that cannot record: got %v, on %v", err, s.Status().On)
	}
	var none *Client
	if none.Decide(t.Context(), consent.Record{}) == nil || new(Client).Decide(t.Context(), consent.Record{}) == nil {
		t.Error("a client that is none decided something")
	}
}

type saving struct {
	consent.Source
	save func(context.Context, consent.Record) error
}

func (s saving) Save(ctx context.Context, r consent.Record) error { return s.save(ctx, r) }

// TestYesAfterNo: a yes after a no is a new installation, also when no
// process looked in between.
func TestYesAfterNo(t *testing.T) {
	s := start(t, listenDeaf(t).url(), nil)
	s.decide(t, consent.Granted)
	s.Add(compreface.UserCreated, 7)
	guid := s.Status().InstallGUID
	s.decide(t, consent.Granted) // once more: goes on
	if got := s.Status().InstallGUID; got != guid {
		t.Errorf("a yes that goes on: got %s, want %s", got, guid)
	}
	s.refuse(t)
	s.decide(t, consent.Granted)
	if got := s.Status().InstallGUID; got == guid || got == "" {
		t.Errorf("a yes after a no: got identifier %q, before %q", got, guid)
	}
	if got := holding(t, s.dir, guid); len(got) != 0 {
		t.Errorf("the earlier identifier is in %q", got)
	}
	p, err := s.Preview(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	want(t, rowsOf(p), userCreated+"0")
}
