package telemetry

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"headcount.example/consent"
)

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
