package telemetry

import (
	"context"
	"errors"
	"net/http"
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
	"headcount.example/internal/ledger"
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

// Another process acts on the no before the one that asked to erase does.
func TestEraseAfterAnotherProcess(t *testing.T) {
	server := receive(t)
	s := start(t, server.URL, nil)
	s.decide(t, consent.Granted)
	s.flush(t)
	guid := s.Status().InstallGUID
	other, err := Init(s.config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Shutdown(context.Background()) }()
	err = s.Erase(t.Context(), func(ctx context.Context) error {
		if got := s.Status(); got.Erasing || got.Erasure != "" || !got.On {
			t.Errorf("before the no: %+v", got)
		}
		if err := no(s.decisions)(ctx); err != nil {
			return err
		}
		if err := other.Refresh(ctx); err != nil || !s.ledgerIsGone() {
			t.Errorf("the other process: %v, totals are gone: %v", err, s.ledgerIsGone())
		}
		return nil
	})
	if err != nil || server.count() != 2 || server.last(t)[0] != "install_guid "+guid {
		t.Errorf("%v, %d requests, %q", err, server.count(), server.last(t))
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

// Asked for once more, the request that did not arrive is the one that is
// made, when the receiver wants it again.
func TestEraseOnceMore(t *testing.T) {
	server := receive(t)
	server.status, server.retryAfter = http.StatusServiceUnavailable, "10800"
	s := start(t, server.URL, nil)
	s.decide(t, consent.Granted)
	s.heard(t)
	guid := s.Status().InstallGUID
	before := time.Now().Truncate(time.Second)
	if err := s.Erase(t.Context(), no(s.decisions)); err == nil {
		t.Fatal("it arrived")
	}
	if e := s.erasures()[0]; e.Next.Before(before.Add(3*time.Hour)) || e.Next.After(time.Now().Add(3*time.Hour+firstTry)) {
		t.Errorf("asked to wait for 3 hours, tried again on %v", e.Next)
	}
	server.mu.Lock()
	server.status = http.StatusOK
	server.mu.Unlock()
	if err := s.Erase(t.Context(), no(s.decisions)); err == nil || !strings.Contains(err.Error(), "not sent now") || server.count() != 1 {
		t.Errorf("too early: %v, %d requests", err, server.count())
	}
	s.ripe(t, guid)
	if err := s.Erase(t.Context(), no(s.decisions)); err != nil || server.count() != 2 || server.last(t)[0] != "install_guid "+guid {
		t.Errorf("%v, %d requests", err, server.count())
	}
	if status := s.Status(); status.Erasing || strings.Count(status.Erasure, "asked to erase") != 1 {
		t.Errorf("status %+v", status)
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

// A request that is sure is the one for its identifier; before, each who asks
// has one, and forgets only that.
func TestEraseKeptOnce(t *testing.T) {
	s := start(t, listenDeaf(t).url(), nil)
	guid, ctx := uuid.New(), t.Context()
	keep := func() string {
		t.Helper()
		mark, err := s.keepErasure(ctx, guid)
		if err != nil {
			t.Fatal(err)
		}
		return mark
	}
	holds := func(when string, n, sure int) {
		t.Helper()
		list := s.erasures()
		if len(list) != n || len(slices.DeleteFunc(list, func(e erasure) bool { return e.Unsure })) != sure {
			t.Errorf("%s: %+v, want %d, %d of them sure", when, s.erasures(), n, sure)
		}
	}
	one, two := keep(), keep()
	holds("two ask", 2, 0)
	if err := s.dropErasure(ctx, one); err != nil {
		t.Error(err)
	}
	holds("one has no record", 1, 0)
	if err := s.sureErasure(ctx, guid, two); err != nil {
		t.Error(err)
	}
	holds("the other has", 1, 1)
	if three := keep(); three != "" {
		t.Errorf("a third asks, %q", three)
	}
	if err := errors.Join(s.sureErasure(ctx, guid, ""), s.dropErasure(ctx, "")); err != nil {
		t.Error(err)
	}
	holds("and has a record as well", 1, 1)
}

// Two ask at once, and one of them has no record of a no.
func TestEraseByTwo(t *testing.T) {
	for name, fails := range map[string]error{"one fails": errors.New("refused"), "both": nil} {
		t.Run(name, func(t *testing.T) {
			server := receive(t)
			s := start(t, server.URL, nil)
			s.decide(t, consent.Granted)
			s.flush(t)
			other, err := Init(s.config)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = other.Shutdown(context.Background()) }()
			in, on, out := make(chan struct{}), make(chan struct{}), make(chan error, 1)
			go func() {
				out <- s.Erase(context.Background(), func(ctx context.Context) error {
					close(in)
					<-on
					if fails != nil {
						return fails
					}
					return no(s.decisions)(ctx)
				})
			}()
			<-in
			err = other.Erase(t.Context(), func(ctx context.Context) error {
				close(on)
				if first := <-out; (first == nil) != (fails == nil) {
					t.Errorf("the first: %v", first)
				}
				return no(s.decisions)(ctx)
			})
			if err != nil || server.count() != 2 || len(s.pendingErasures()) != 0 || !s.ledgerIsGone() {
				t.Errorf("%v, %d requests, %+v", err, server.count()-1, s.erasures())
			}
		})
	}
}

// The no takes so long that another process no longer expects it.
func TestEraseSlowly(t *testing.T) {
	server := receive(t)
	s := start(t, server.URL, nil)
	s.decide(t, consent.Granted)
	s.flush(t)
	err := s.Erase(t.Context(), func(ctx context.Context) error {
		s.age(t, patienceToRecord)
		s.reviewErasures()
		if list := s.erasures(); len(list) != 0 {
			t.Errorf("it is expected: %+v", list)
		}
		return no(s.decisions)(ctx)
	})
	if err != nil || server.count() != 2 {
		t.Errorf("%v, %d requests", err, server.count()-1)
	}
}

// A no, a yes and a report of another process come between: both identifiers
// are asked about, and nothing is left.
func TestEraseOvertaken(t *testing.T) {
	server := receive(t)
	s := start(t, server.URL, nil)
	s.decide(t, consent.Granted)
	s.flush(t)
	c, err := Init(s.config)
	if err != nil {
		t.Fatal(err)
	}
	other := &setup{Client: c, config: s.config, decisions: s.decisions, dir: s.dir}
	defer func() { _ = c.Shutdown(context.Background()) }()
	first, second := s.Status().InstallGUID, ""
	err = s.Erase(t.Context(), func(ctx context.Context) error {
		other.decide(t, consent.Denied)
		other.decide(t, consent.Granted)
		other.flush(t)
		second = other.Status().InstallGUID
		return no(s.decisions)(ctx)
	})
	if err != nil || server.last(t)[0] != "install_guid "+first || !s.ledgerIsGone() || other.Flush(t.Context()) == nil {
		t.Errorf("%v, %q", err, server.last(t))
	}
	if err := s.tryErasure(t.Context(), uuid.MustParse(second)); err != nil || server.last(t)[0] != "install_guid "+second {
		t.Errorf("%v, %q", err, server.last(t))
	}
}

// A yes that comes while the no is acted on is left alone, also by somebody
// who has nothing to erase.
func TestEraseBeforeNewYes(t *testing.T) {
	s := start(t, listenDeaf(t).url(), nil)
	kept := s.decisions
	other, err := Init(s.config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Shutdown(context.Background()) }()
	armed := false
	s.config.Consent = sourceFunc(func(ctx context.Context) (consent.Record, error) {
		r, err := kept.Consent(ctx)
		if armed && r.Decision == consent.Denied {
			armed = false
			err = errors.Join(err, kept.Save(ctx, consent.Record{Decision: consent.Granted, Notice: 1, Where: "other"}), other.Refresh(ctx))
		}
		return r, err
	})
	s.restart(t)
	err = s.Erase(t.Context(), func(ctx context.Context) error { armed = true; return no(kept)(ctx) })
	if err == nil || armed || s.ledgerIsGone() || !other.Status().On {
		t.Errorf("%v: totals are gone: %v, the other process: %+v", err, s.ledgerIsGone(), other.Status())
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

// A request that was kept for one receiver is not another's.
func TestEraseOfAnotherReceiver(t *testing.T) {
	first, second := receive(t), receive(t)
	first.status = http.StatusServiceUnavailable
	s := start(t, first.URL, nil)
	s.decide(t, consent.Granted)
	s.heard(t)
	if err := s.Erase(t.Context(), no(s.decisions)); err == nil {
		t.Fatal("it arrived")
	}
	s.config.Endpoint = second.URL
	s.restart(t)
	if err := s.Erase(t.Context(), no(s.decisions)); err == nil || !strings.Contains(err.Error(), "kept for another receiver") || second.count() != 0 {
		t.Errorf("%v, %d requests", err, second.count())
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

// Where nothing was sent, the receiver does not hear of the identifier.
func TestEraseWithoutReport(t *testing.T) {
	schedule := func(change func(*ledger.Schedule)) func(*testing.T, *setup) {
		return func(t *testing.T, s *setup) {
			r := s.agreed()
			want, err := r.ledger.Schedule(t.Context())
			change(&want)
			for now := (ledger.Schedule{}); now != want; { // the loop begins with a look of its own
				if err = errors.Join(err, r.ledger.SetSchedule(t.Context(), nil, want)); err != nil {
					t.Fatal(err)
				}
				time.Sleep(50 * time.Millisecond)
				now, err = r.ledger.Schedule(t.Context())
			}
		}
	}
	for name, c := range map[string]struct {
		before func(*testing.T, *setup)
		sent   bool
	}{
		"nothing":                     {func(*testing.T, *setup) {}, false},
		"nothing, by another process": {func(t *testing.T, s *setup) { s.restart(t) }, false},
		"under the identifier before": {func(t *testing.T, s *setup) {
			s.heard(t)
			s.decide(t, consent.Denied)
			s.decide(t, consent.Granted)
		}, false},
		"a report":                 {func(t *testing.T, s *setup) { s.heard(t) }, true},
		"a report, journal gone":   {schedule(func(c *ledger.Schedule) { c.Settled += 2 }), true},
		"an attempt, journal gone": {schedule(func(c *ledger.Schedule) { c.Failures = 1 }), true},
		"the journal is damaged": {func(t *testing.T, s *setup) {
			s.heard(t)
			list, err := filepath.Glob(filepath.Join(s.dir, "journal", "*[0-9]*"))
			if err != nil || len(list) != 1 {
				t.Fatal(list, err)
			}
			if err := os.WriteFile(list[0], []byte("?"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			server := receive(t)
			s := start(t, server.URL, nil)
			s.decide(t, consent.Granted)
			c.before(t, s)
			err := s.Erase(t.Context(), no(s.decisions))
			if c.sent != (err == nil) || c.sent == errors.Is(err, ErrNothingToErase) || c.sent != (server.count() == 1) {
				t.Errorf("%v, %d requests", err, server.count())
			}
			if status := s.Status(); status.On || status.Erasing || c.sent != (status.Erasure != "") || !s.ledgerIsGone() {
				t.Errorf("status %+v", status)
			}
		})
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

// The function that records the no may do what applications do after it, or
// take for ever: nobody else waits for it.
func TestEraseCallsBack(t *testing.T) {
	server := receive(t)
	s := start(t, server.URL, nil)
	s.decide(t, consent.Granted)
	s.flush(t)
	done := make(chan error, 1)
	go func() {
		done <- s.Erase(context.Background(), func(ctx context.Context) error {
			if _, ok := ctx.Deadline(); !ok {
				t.Error("it may take for ever")
			}
			return errors.Join(no(s.decisions)(ctx), s.Refresh(ctx))
		})
	}()
	select {
	case err := <-done:
		if err != nil || server.count() != 2 {
			t.Errorf("%v, %d requests", err, server.count())
		}
	case <-time.After(30 * time.Second):
		t.Fatal("it waits for itself")
	}
}

// Another process has turned off and on since this one looked.
func TestEraseOutOfDate(t *testing.T) {
	server := receive(t)
	s := start(t, server.URL, nil)
	s.decide(t, consent.Granted)
	s.flush(t)
	c, err := Init(s.config)
	if err != nil {
		t.Fatal(err)
	}
	other := &setup{Client: c, config: s.config, decisions: s.decisions, dir: s.dir}
	defer func() { _ = other.Shutdown(context.Background()) }()
	other.decide(t, consent.Denied)
	other.decide(t, consent.Granted)
	other.flush(t)
	guid := other.Status().InstallGUID
	if err := s.Erase(t.Context(), no(s.decisions)); err != nil || server.last(t)[0] != "install_guid "+guid {
		t.Errorf("%v: asked to erase %q, want %s", err, server.last(t), guid)
	}
	if got := holding(t, s.dir, guid); len(got) != 0 || !s.ledgerIsGone() {
		t.Errorf("the identifier is in %q", got)
	}
}

// Requests are kept up to a size, and those that are there stay.
func TestErasuresAreBounded(t *testing.T) {
	s := start(t, listenDeaf(t).url(), nil)
	kept := 200
	if err := s.changeErasures(t.Context(), func(list []erasure) []erasure {
		for range kept {
			guid := uuid.New()
			list = append(list, erasure{GUID: &guid, Product: "CompreFace", URL: s.gate.URL(), Asked: time.Now()})
		}
		return list
	}); err != nil {
		t.Fatal(err)
	}
	for kept < 1000 {
		guid := uuid.New()
		if _, err := s.keepErasure(t.Context(), guid); err != nil {
			break
		}
		kept++
	}
	if kept == 200 || kept == 1000 || len(s.pendingErasures()) != kept {
		t.Errorf("kept %d, there are %d", kept, len(s.pendingErasures()))
	}
}

// Nor does it when another process is sure of the request first.
func TestEraseWithoutReportAmongProcesses(t *testing.T) {
	server := receive(t)
	s := start(t, server.URL, nil)
	s.decide(t, consent.Granted)
	other, err := Init(s.config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Shutdown(context.Background()) }()
	err = s.Erase(t.Context(), func(ctx context.Context) error {
		err := no(s.decisions)(ctx)
		other.reviewErasures()
		if list := other.pendingErasures(); len(list) != 1 || list[0].Unsure {
			t.Errorf("the other process is not sure: %+v", list)
		}
		return err
	})
	if !errors.Is(err, ErrNothingToErase) || server.count() != 0 || len(s.pendingErasures()) != 0 {
		t.Errorf("%v, %d requests, %+v", err, server.count(), s.pendingErasures())
	}
}
