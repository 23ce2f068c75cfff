package ledger

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A panicking State is the application's code at its worst: it panics in the
// methods that are named, with a secret at the end.
type panicking struct {
	flaky
	in    string
	after bool // Swap panics once it has replaced the value
}

func (s *panicking) fall(method string) {
	if strings.Contains(s.in, method) {
		panic(errors.New(strings.Repeat("driver ", 20) + "secret"))
	}
}

func (s *panicking) Load(ctx context.Context) ([]byte, int64, error) {
	s.fall("Load")
	return s.flaky.Load(ctx)
}

func (s *panicking) Swap(ctx context.Context, version int64, value []byte) error {
	if s.after {
		_ = s.flaky.Swap(ctx, version, value)
	}
	s.fall("Swap")
	return s.flaky.Swap(ctx, version, value)
}

// TestStatePanics: what a State throws is an error, of each method that asks it,
// and nothing is lost or taken twice.
func TestStatePanics(t *testing.T) {
	for _, after := range []bool{false, true} {
		s := &panicking{flaky: flaky{random: rand.New(rand.NewPCG(1, 1))}}
		opened := func() error {
			_, err := Open(ctx, Place{State: s}, owner, abc, noon, yes)
			return err
		}
		destroyed := func() error { return Destroy(ctx, Place{State: s}, owner.Product, yes) }
		s.in = "Swap" // for one that is not there
		thrown(t, "open anew", ErrUnknown, opened())
		s.in = ""
		l, err := Open(ctx, Place{State: s}, owner, abc, noon, yes)
		if err != nil {
			t.Fatal(err)
		}
		add(t, l, 0, 5)
		s.in, s.after = "Swap", after
		thrown(t, "fold", ErrUnknown, l.Sync(ctx))
		thrown(t, "begin", ErrUnknown, setSchedule(l, Schedule{}))
		s.in = "Load"
		thrown(t, "fold", nil, l.Sync(ctx))
		thrown(t, "open", nil, opened())
		thrown(t, "destroy", nil, destroyed())
		_, _, err = Peek(ctx, Place{State: s}, owner.Product)
		thrown(t, "peek", nil, err)
		if err := l.Check(ctx); err != nil {
			t.Errorf("got %v, want no word on a ledger that could not be looked at", err)
		}
		s.in, s.after = "", false
		add(t, l, 0, 1)
		if err := l.Sync(ctx); err != nil {
			t.Fatal(err)
		}
		equal(t, l, 6, 0, 0)
		s.in = "Swap"
		thrown(t, "destroy", ErrUnknown, destroyed())
	}
}

func thrown(t *testing.T, step string, want, err error) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), "panicked") || strings.Contains(err.Error(), "secret") || want != nil && !errors.Is(err, want) || Final(err) {
		t.Errorf("%s: got %v, want what was thrown, its beginning only, and %v", step, err, want)
	}
}

// A repeating State asks its database twice: the first time the answer is lost,
// and the second time there is a conflict with the first.
type repeating struct{ flaky }

func (s *repeating) Swap(ctx context.Context, version int64, value []byte) error {
	_ = s.flaky.Swap(ctx, version, value)
	return s.flaky.Swap(ctx, version, value)
}

func TestConflictOfWhatWasMade(t *testing.T) {
	s := &repeating{flaky{random: rand.New(rand.NewPCG(1, 1))}}
	l, err := Open(ctx, Place{State: s}, owner, abc, noon, yes)
	if err != nil {
		t.Fatal(err)
	}
	for n := range uint64(3) {
		add(t, l, 0, 5)
		if err := l.Sync(ctx); err != nil {
			t.Fatal(err)
		}
		equal(t, l, 5*(n+1), 0, 0)
	}
	sending, err := l.Begin(ctx, noon, noon.Add(time.Second), func(s Schedule) (Schedule, error) { return s, nil })
	if err = errors.Join(err, l.Confirm(ctx, sending)); err != nil {
		t.Errorf("got %v, want the right to send", err)
	}
	for range maxShares { // they add the share of the first process to the totals
		other, err := Open(ctx, Place{State: s}, owner, abc, noon, yes)
		if err != nil {
			t.Fatal(err)
		}
		add(t, other, 1, 1)
		if err := other.Sync(ctx); err != nil {
			t.Fatal(err)
		}
	}
	equal(t, l, 15, maxShares, 0)
	add(t, l, 0, 1)
	if err := l.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	equal(t, l, 16, maxShares, 0)
}

// An unsure State replaces the value with nothing, and its answer is lost.
type unsure struct{ flaky }

func (s *unsure) Swap(ctx context.Context, version int64, value []byte) error {
	err := s.flaky.Swap(ctx, version, value)
	if value == nil && err == nil {
		return errLost
	}
	return err
}

// TestDestroyWaitsThoughUnknown: a no waits for a report of another replica also
// where it is not known whether the totals are destroyed.
func TestDestroyWaitsThoughUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &unsure{flaky{random: rand.New(rand.NewPCG(1, 1))}}
		l, err := Open(ctx, Place{State: s}, owner, abc, time.Now(), yes)
		if err != nil {
			t.Fatal(err)
		}
		keep := func(now Schedule) (Schedule, error) { return now, nil }
		if _, err := l.Begin(ctx, time.Now(), time.Now().Add(15*time.Second), keep); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		err = Destroy(ctx, Place{State: s}, owner.Product, yes)
		if waited := time.Since(began); !errors.Is(err, ErrUnknown) || waited != 2*time.Second { // of the bubble's own clock
			t.Errorf("got %v after %v, want %v after 2s", err, waited, ErrUnknown)
		}
	})
}

// TestDamagedState: a value is trusted whole or not at all.
func TestDamagedState(t *testing.T) {
	for name, change := range map[string][2]string{
		"not JSON":          {`{`, `[`},
		"a wrong type":      {`"day":`, `"day":"x","was":`},
		"a version 1 UUID":  {`"install_guid":"`, `"install_guid":"560eee90-5fca-11eb-988b-0242ac120003","was":"`},
		"an impossible day": {`"day":`, `"day":-1,"was":`},
		"too large a total": {`"a":5`, `"a":1000000000001`},
	} {
		s := &flaky{random: rand.New(rand.NewPCG(1, 1))}
		l, err := Open(ctx, Place{State: s}, owner, abc, noon, yes)
		if err != nil {
			t.Fatal(err)
		}
		add(t, l, 0, 5)
		if err := l.Sync(ctx); err != nil {
			t.Fatal(err)
		}
		before := string(s.value)
		s.value = []byte(strings.Replace(before, change[0], change[1], 1))
		if string(s.value) == before {
			t.Fatalf("%s: %s has no %s", name, before, change[0])
		}
		if err := l.Sync(ctx); !errors.Is(err, errDamaged) {
			t.Errorf("%s: got %v, want %v", name, err, errDamaged)
		}
		again, err := Open(ctx, Place{State: s}, owner, abc, noon, yes)
		if err != nil || again.Quarantined() == "" || again.Identity() == l.Identity() {
			t.Fatalf("%s: got %v, want a new installation that says why", name, err)
		}
		equal(t, again, 0, 0, 0)
		add(t, again, 0, 5)
		if err := again.Sync(ctx); err != nil {
			t.Fatal(err)
		}
		before = string(s.value)
		s.value = []byte(strings.Replace(before, change[0], change[1], 1))
		if string(s.value) == before {
			t.Fatalf("%s: %s has no %s", name, before, change[0])
		}
		if err := Destroy(ctx, Place{State: s}, owner.Product, yes); err != nil || s.value != nil {
			t.Errorf("%s: got %v and %q, want nothing left", name, err, s.value)
		}
	}
}

// TestStateOfOthers: another product's value is neither opened nor destroyed, and
// nothing is made or destroyed where the decision changed meanwhile.
func TestStateOfOthers(t *testing.T) {
	changed := errors.New("the decision changed")
	s := &flaky{random: rand.New(rand.NewPCG(1, 1))}
	if _, err := Open(ctx, Place{State: s}, owner, abc, noon, func() error { return changed }); !errors.Is(err, changed) || s.value != nil {
		t.Errorf("got %v and %q, want nothing made", err, s.value)
	}
	asked := 0
	if _, err := Open(ctx, Place{State: s}, owner, abc, noon, func() error {
		if asked++; asked == 2 { // after it was made
			return changed
		}
		return nil
	}); !errors.Is(err, changed) || s.value != nil {
		t.Errorf("got %v and %q, want what was made destroyed", err, s.value)
	}
	if _, err := Open(ctx, Place{State: s}, owner, abc, noon, yes); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(ctx, Place{State: s}, Owner{Product: "Farm"}, abc, noon, yes); !errors.Is(err, errForeign) {
		t.Errorf("got %v, want %v", err, errForeign)
	}
	if err := Destroy(ctx, Place{State: s}, "Farm", yes); err != nil || s.value == nil {
		t.Errorf("got %v, want another product's totals left", err)
	}
	if err := Destroy(ctx, Place{State: s}, owner.Product, func() error { return changed }); !errors.Is(err, changed) || s.value == nil {
		t.Errorf("got %v, want them left after a new yes", err)
	}
}
