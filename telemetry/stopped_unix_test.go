//go:build unix

package telemetry

import (
	"bufio"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/internal/ledger"
)

// TestNoWhileAnotherStandsStill: a process that counts is stopped, another one
// records a no, and maybe a new yes, and the first one goes on. Nothing that it
// counts is anywhere, and nothing of the old identifier is left.
func TestNoWhileAnotherStandsStill(t *testing.T) {
	for _, again := range []bool{false, true} {
		s := start(t, listenDeaf(t).url(), nil)
		s.decide(t, consent.Granted)
		guid := s.Status().InstallGUID
		child := exec.Command(os.Args[0], "-test.run=^$")
		child.Env = append(os.Environ(), childVariable+"="+s.dir)
		in, err1 := child.StdinPipe()
		out, err2 := child.StdoutPipe()
		if err1 != nil || err2 != nil || child.Start() != nil {
			t.Fatal(err1, err2)
		}
		if line, err := bufio.NewReader(out).ReadString('\n'); line != "counting\n" {
			t.Fatalf("%q, %v", line, err)
		}
		if err := child.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		var status syscall.WaitStatus
		if _, err := syscall.Wait4(child.Process.Pid, &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
			t.Fatalf("got %v and the status %v, want a process that stands still", err, status)
		}
		// It may have been stopped with the lock: then the no says so, and a later
		// attempt finishes.
		err := s.Decide(t.Context(), consent.Record{Decision: consent.Denied, Where: "test"})
		if s.Status().On {
			t.Errorf("got %v and %+v, want off", err, s.Status())
		}
		if got := holding(t, s.dir, guid); len(got) != 0 {
			t.Errorf("while the other process stands still the identifier is in %q", got)
		}
		if again {
			for end := time.Now().Add(time.Minute); !s.Status().On && time.Now().Before(end); {
				_ = s.Decide(t.Context(), consent.Record{Decision: consent.Granted, Where: "test"})
				if !s.Status().On { // the lock is held
					_ = child.Process.Signal(syscall.SIGCONT)
				}
			}
			s.Add(compreface.UserCreated, 3)
		}
		if err := child.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		time.Sleep(300 * time.Millisecond)
		_ = in.Close()
		if err := child.Wait(); err != nil {
			t.Errorf("the other process ended with %v", err)
		}
		if err := s.Refresh(t.Context()); err != nil {
			t.Error(err)
		}
		if got := holding(t, s.dir, guid); len(got) != 0 {
			t.Errorf("again %v: the identifier is in %q", again, got)
		}
		if !again && !s.ledgerIsGone() {
			t.Errorf("after the no there are %q", files(t, s.dir))
		}
	}
}

// TestNoNeedsLessTrust: what would keep a yes from being believed does not keep
// a no from being carried out.
func TestNoNeedsLessTrust(t *testing.T) {
	for name, harm := range map[string]func(t *testing.T, s *setup){
		"the directory has mode 2770": func(t *testing.T, s *setup) { chmod(t, s.dir, 0o770|os.ModeSetgid) },
		"the directory has mode 0770": func(t *testing.T, s *setup) { chmod(t, s.dir, 0o770) },
		"the directory has mode 0777": func(t *testing.T, s *setup) { chmod(t, s.dir, 0o777) },
		"files have mode 0660": func(t *testing.T, s *setup) {
			chmod(t, filepath.Join(s.dir, "consent.json"), 0o660)
			chmod(t, filepath.Join(s.dir, "headcount.totals"), 0o660)
		},
		"the lock of decisions cannot be taken": func(t *testing.T, s *setup) { inTheWay(t, filepath.Join(s.dir, "consent.lock")) },
		"the lock of totals cannot be taken":    func(t *testing.T, s *setup) { inTheWay(t, filepath.Join(s.dir, "headcount.lock")) },
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, listenDeaf(t).url(), nil)
			s.decide(t, consent.Granted)
			guid := s.Status().InstallGUID
			harm(t, s)
			if err := s.Decide(t.Context(), consent.Record{Decision: consent.Denied, Where: "test"}); err != nil {
				t.Error(err)
			}
			if s.Status().On || !s.ledgerIsGone() || len(holding(t, s.dir, guid)) != 0 {
				t.Errorf("got %+v, files %q, want a no that was carried out", s.Status(), files(t, s.dir))
			}
			s.restart(t)
			if got := s.Status(); got.On || got.Consent.Decision != consent.Denied {
				t.Errorf("after a restart: %+v", got)
			}
		})
	}
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func inTheWay(t *testing.T, path string) {
	t.Helper()
	_ = os.Remove(path)
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
}

// TestLoudMistakes: each mistake of a developer is one line that names the
// fault, with consent and without.
func TestLoudMistakes(t *testing.T) {
	for _, d := range []consent.Decision{consent.Granted, consent.Denied} {
		for name, test := range map[string]struct {
			add  func(c *Client)
			want []string
		}{
			"a wrong label":         {func(c *Client) { c.Add(compreface.ServiceCreated.With("canary"), 1) }, []string{"compreface.service.created", "label"}},
			"a bare counter":        {func(c *Client) { c.Add(compreface.ServiceCreated, 1) }, []string{"compreface.service.created", "label"}},
			"an undeclared counter": {func(c *Client) { _, sold := shop(1); c.Add(sold, 1) }, []string{"shop.thing.sold", "not in the catalog"}},
			"n is 0":                {func(c *Client) { c.Add(compreface.UserCreated, 0) }, []string{"compreface.user.created", "n is 0"}},
			"n is negative":         {func(c *Client) { c.Add(compreface.UserCreated, -7) }, []string{"compreface.user.created", "n is -7"}},
		} {
			t.Run(d.String()+" "+name, func(t *testing.T) {
				var log lines
				s := start(t, listenDeaf(t).url(), func(c *Config) { c.Logger = log.logger() })
				s.decide(t, d)
				for range 3 {
					test.add(s.Client)
					time.Sleep(5 * time.Millisecond)
				}
				for end := time.Now().Add(10 * time.Second); log.String() == "" && time.Now().Before(end); {
					time.Sleep(time.Millisecond)
				}
				text := log.String()
				if strings.Count(text, "\n") != 1 || strings.Contains(text, "canary") {
					t.Errorf("logged %q, want one line", text)
				}
				for _, part := range test.want {
					if !strings.Contains(text, part) {
						t.Errorf("logged %q, want %q in it", text, part)
					}
				}
			})
		}
	}
}

// TestVetoOfTheProduct: a veto in the product's own settings is heard.
func TestVetoOfTheProduct(t *testing.T) {
	settings := map[string]string{}
	env := func(name string) (string, bool) { value, ok := settings[name]; return value, ok }
	t.Setenv("DO_NOT_TRACK", "1") // a developer's own is not the product's
	s := start(t, listenDeaf(t).url(), func(c *Config) { c.Env = env })
	s.decide(t, consent.Granted)
	if !s.Status().On {
		t.Errorf("got %+v, want on", s.Status())
	}
	settings["COMPREFACE_TELEMETRY"] = "off"
	if err := s.Refresh(t.Context()); err != nil || s.Status().On || !s.ledgerIsGone() {
		t.Errorf("got %v, %+v, want off", err, s.Status())
	}
}

// TestLoggerHoldsNothing: a Logger that blocks while a report is made does not
// keep another process, or Flush, from sending.
func TestLoggerHoldsNothing(t *testing.T) {
	r := receive(t)
	b := blocking{make(chan struct{}, 9), make(chan struct{})}
	defer close(b.free)
	s := start(t, r.URL, nil)
	s.decide(t, consent.Granted)
	config := s.config
	config.Logger = slog.New(b)
	other, err := Init(config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { go other.Shutdown(t.Context()) }()
	other.Observe(compreface.Collections, func(context.Context) ([]int64, error) { return nil, errors.New("away") })
	go func() { _ = other.Flush(t.Context()) }()
	<-b.called // its Logger blocks now
	keep := func(now ledger.Schedule) (ledger.Schedule, error) { return now, nil }
	l := s.agreed().ledger
	sending, err := l.Begin(t.Context(), time.Now(), time.Now().Add(time.Second), keep)
	if err = errors.Join(err, l.End(t.Context(), sending, sending.Attempt)); err != nil {
		t.Fatalf("got %v, want that the other process does not keep the right to send", err)
	}
	s.flush(t)
}
