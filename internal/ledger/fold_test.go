package ledger

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// TestFoldedTogether lets two processes and two ledgers of this one count and
// fold at the same time.
func TestFoldedTogether(t *testing.T) {
	const each, turns = 1000, 10
	dir := foldedDirectory(t)
	other := start(t, "add", dir, "1000", "b", "a", "mine")
	third := start(t, "add", dir, "1000", "c", "b")
	other.hears("open")
	third.hears("open")
	var all sync.WaitGroup
	for range 2 {
		l := open(t, dir, abc...)
		all.Go(func() {
			for range turns {
				for range each {
					l.Add(l.Slot(0), 1)
					l.Add(l.Slot(1), 1)
				}
				if err := l.Sync(ctx); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range turns {
		other.says("sync")
		third.says("sync")
	}
	for range turns {
		other.hears("refused 0")
		third.hears("refused 0")
	}
	all.Wait()
	l := open(t, dir, "a", "b", "c", "mine")
	equal(t, l, 3*each*turns, 4*each*turns, each*turns, each*turns)
	if l.Mapped() {
		t.Error("mapped")
	}
}

// TestFoldedAndKilled says exactly what is lost: all since the last Sync.
func TestFoldedAndKilled(t *testing.T) {
	dir := foldedDirectory(t)
	other := start(t, "add", dir, "1000", "a")
	other.hears("open")
	other.says("sync")
	other.hears("refused 0")
	other.says("go")
	other.hears("refused 0")
	equal(t, open(t, dir, "a"), 1000)
	other.kill()
	equal(t, open(t, dir, "a"), 1000)
}

func TestFoldedShowsWhatIsNotWritten(t *testing.T) {
	dir := foldedDirectory(t)
	l, other := open(t, dir, abc...), open(t, dir, abc...)
	add(t, l, 0, 5)
	add(t, other, 0, 7)
	equal(t, l, 5, 0, 0)
	equal(t, other, 7, 0, 0)
	for _, err := range []error{l.Sync(ctx), l.Sync(ctx), other.Sync(ctx)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	equal(t, l, 12, 0, 0)
	equal(t, other, 12, 0, 0)
}

func TestFoldedStopsAtMax(t *testing.T) {
	dir := foldedDirectory(t)
	l, other := open(t, dir, abc...), open(t, dir, abc...)
	add(t, l, 0, Max)
	add(t, other, 0, Max-1)
	for _, l := range []*Ledger{l, other, l} {
		if err := l.Sync(ctx); err != nil {
			t.Fatal(err)
		}
		equal(t, l, Max, 0, 0)
	}
}

func TestSchedule(t *testing.T) {
	for kind, empty := range kinds {
		t.Run(kind, func(t *testing.T) {
			dir := empty(t)
			l, other := open(t, dir, abc...), open(t, dir, abc...)
			fresh := l.Schedule()
			if fresh.Due.Before(noon.Add(time.Hour)) || fresh.Due.After(noon.Add(24*time.Hour)) || fresh.Failures != 0 || fresh.Reported {
				t.Errorf("got %+v, want a first report between an hour and a day from now", fresh)
			}
			add(t, l, 0, 1)
			for _, want := range []Schedule{{Due: noon.Local(), Failures: 3, Reported: true}, {}, {Failures: 1}} {
				if err := errors.Join(setSchedule(l, want), other.Sync(ctx)); err != nil {
					t.Fatal(err)
				}
				if got := other.Schedule(); !got.Due.Equal(want.Due) || got.Failures != want.Failures || got.Reported != want.Reported {
					t.Errorf("got %+v, want %+v", got, want)
				}
			}
			for _, odd := range []Schedule{{Due: noon.AddDate(-9000, 0, 0)}, {Failures: 1 << 30, Due: noon.AddDate(1<<20, 0, 0)}} {
				if err := errors.Join(setSchedule(l, odd), other.Sync(ctx)); err != nil {
					t.Fatal(err)
				}
				if got := other.Schedule(); got.Failures < 0 || got.Due.Unix() < 0 || got.Due.Unix() > maxDue {
					t.Errorf("got %+v", got)
				}
			}
			equal(t, other, 1, 0, 0)
			same(t, l, open(t, dir, abc...), 1, 0, 0)
		})
	}
}

func TestFoldedFaults(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(t *testing.T, dir, path string)
		want   error // of Sync; Check says the same
	}{
		"destroyed": {func(t *testing.T, dir, path string) {
			if err := destroyIn(dir); err != nil {
				t.Error(err)
			}
		}, errGone},
		"wiped by a process that was killed then": {func(t *testing.T, dir, path string) {
			if err := overwrite(path); err != nil {
				t.Error(err)
			}
		}, errGone},
		"another installation": {func(t *testing.T, dir, path string) {
			if err := destroyIn(dir); err != nil {
				t.Error(err)
			}
			makeFolded(t, dir)
		}, errGone},
		"a mapped one": {func(t *testing.T, dir, path string) {
			if err := destroyIn(dir); err != nil {
				t.Error(err)
			}
			open(t, dir, abc...)
		}, errGone},
		"removed":   {func(t *testing.T, dir, path string) { _ = os.Remove(path) }, errGone},
		"a bit":     {func(t *testing.T, dir, path string) { damageByte(t, path, 100) }, errDamaged},
		"truncated": {func(t *testing.T, dir, path string) { _ = os.Truncate(path, 10) }, errDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			dir := with(foldedDirectory)(t)
			path := filepath.Join(dir, stateName)
			l := open(t, dir, abc...)
			add(t, l, 0, 1)
			c.damage(t, dir, path)
			before, _ := os.ReadFile(path)
			for call, err := range map[string]error{"Sync": l.Sync(ctx), "Check": l.Check(ctx), "Totals": l.Totals(ctx, make([]uint64, 3)), "Begin": setSchedule(l, Schedule{})} {
				if !errors.Is(err, c.want) {
					t.Errorf("%s: got %v, want %v", call, err, c.want)
				}
			}
			if l.Add(l.Slot(0), 1) {
				t.Error("counts on")
			}
			if after, _ := os.ReadFile(path); string(after) != string(before) {
				t.Error("the file was changed")
			}
		})
	}
}

// TestFoldedKeepsCounting cannot write, and loses nothing in memory.
func TestFoldedKeepsCounting(t *testing.T) {
	dir := with(foldedDirectory)(t)
	l := open(t, dir, abc...)
	lock := filepath.Join(dir, lockName)
	if err := errors.Join(os.RemoveAll(lock), os.Mkdir(lock, 0o700)); err != nil {
		t.Fatal(err)
	}
	add(t, l, 0, 10)
	for range 3 {
		if err := l.Sync(ctx); err == nil {
			t.Fatal("written")
		}
		add(t, l, 0, 1)
		if err := l.Check(ctx); err != nil {
			t.Error(err)
		}
	}
	equal(t, l, 18, 6, 7)
	if err := os.RemoveAll(lock); err != nil {
		t.Fatal(err)
	}
	if err := l.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	same(t, l, open(t, dir, abc...), 18, 6, 7)
}

// A flaky State loses answers: it swaps, or not, and says that it failed.
type flaky struct {
	mu      sync.Mutex
	value   []byte
	version int64
	random  *rand.Rand
	odds    int   // of 10 that an answer is lost
	swaps   int64 // that were asked for
}

var errLost = fmt.Errorf("%w: the answer was lost", ErrUnknown)

func (f *flaky) Load(context.Context) ([]byte, int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.value, f.version, nil
}

func (f *flaky) Swap(_ context.Context, version int64, value []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.swaps++
	if version != f.version {
		return ErrConflict
	}
	lost := f.random.IntN(10) < f.odds
	if lost && f.random.IntN(2) == 0 {
		return errLost
	}
	f.value, f.version = value, f.version+1
	if lost {
		return errLost
	}
	return nil
}

// TestLostAnswers: several processes fold into a State whose answers get lost.
// Every count is in it once.
func TestLostAnswers(t *testing.T) {
	for seed := range uint64(50) {
		state := &flaky{random: rand.New(rand.NewPCG(seed, 7))}
		var all sync.WaitGroup
		const turns, each = 60, 3
		for range 4 {
			l, err := Open(ctx, Place{State: state}, owner, abc, noon, yes)
			if err != nil {
				t.Fatal(err)
			}
			all.Go(func() {
				for range turns {
					add(t, l, 1, each)
					_ = l.Sync(ctx)
					_ = setSchedule(l, Schedule{Failures: 1})
				}
				for l.Sync(ctx) != nil {
				}
			})
			state.mu.Lock()
			state.odds = 5
			state.mu.Unlock()
			defer func() { state.odds = 0 }()
		}
		all.Wait()
		state.odds = 0
		l, err := Open(ctx, Place{State: state}, owner, abc, noon, yes)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, l, 0, 4*turns*each, 0)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// TestAtRest: a ledger in a State that has nothing new is one Load, and a fold
// is one Load and one Swap, whatever the number of series.
func TestAtRest(t *testing.T) {
	state := &flaky{random: rand.New(rand.NewPCG(1, 1))}
	l, err := Open(ctx, Place{State: state}, owner, abc, noon, yes)
	if err != nil {
		t.Fatal(err)
	}
	before := state.swaps
	for range 10 {
		if err := l.Sync(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if got := state.swaps - before; got != 0 {
		t.Errorf("got %d swaps at rest, want 0", got)
	}
	for i := range abc {
		add(t, l, i, 1)
	}
	if err := l.Sync(ctx); err != nil || state.swaps-before != 1 {
		t.Errorf("got %v, %d swaps, want one", err, state.swaps-before)
	}
}

func FuzzReadValue(f *testing.F) {
	state := &flaky{random: rand.New(rand.NewPCG(1, 1))}
	if _, err := Open(ctx, Place{State: state}, owner, abc, noon, yes); err != nil {
		f.Fatal(err)
	}
	f.Add(state.value)
	f.Add([]byte(`{"install_guid":"560eee90-5fca-11eb-988b-0242ac120003","totals":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := readValue(data)
		if err == nil && (v.GUID.Version() != 4 || v.Day < 0 || v.Phase < 0 || v.Phase >= day) {
			t.Errorf("trusted %q", data)
		}
	})
}
