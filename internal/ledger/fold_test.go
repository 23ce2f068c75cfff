package ledger

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
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

func TestFoldedSchedule(t *testing.T) {
	for kind, empty := range kinds {
		t.Run(kind, func(t *testing.T) {
			dir := empty(t)
			l, other := open(t, dir, abc...), open(t, dir, abc...)
			fresh, err := l.Schedule(ctx)
			if err != nil || !fresh.Due.IsZero() || fresh.Failures != 0 {
				t.Errorf("%+v, %v", fresh, err)
			}
			if kind == "mapped" && fresh.Settled != SlotAt(noon, l.Identity().Phase) {
				t.Errorf("the first report is not for the next slot: %+v", fresh)
			}
			add(t, l, 0, 1)
			for _, want := range []Schedule{{Settled: 20_517, Due: noon.Local(), Failures: 3}, {}, {Settled: 1}} {
				if err := l.SetSchedule(ctx, nil, want); err != nil {
					t.Fatal(err)
				}
				if got, err := other.Schedule(ctx); err != nil || got.Settled != want.Settled || !got.Due.Equal(want.Due) || got.Failures != want.Failures {
					t.Errorf("%+v, %v, want %+v", got, err, want)
				}
			}
			for _, odd := range []Schedule{{Settled: -5, Failures: -1, Due: noon.AddDate(-9000, 0, 0)}, {Settled: 1 << 62, Failures: 1 << 30, Due: noon.AddDate(1<<20, 0, 0)}} {
				if err := l.SetSchedule(ctx, nil, odd); err != nil {
					t.Fatal(err)
				}
				if got, err := other.Schedule(ctx); err != nil || got.Settled < 0 || got.Failures < 0 || got.Failures > 1000 {
					t.Errorf("%+v, %v", got, err)
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
			if err := Destroy(ctx, dir); err != nil {
				t.Error(err)
			}
		}, ErrGone},
		"closed by a process that was killed then": {func(t *testing.T, dir, path string) {
			if err := shut(path); err != nil {
				t.Error(err)
			}
		}, ErrClosed},
		"another installation": {func(t *testing.T, dir, path string) {
			if err := Destroy(ctx, dir); err != nil {
				t.Error(err)
			}
			open(t, dir, abc...)
		}, ErrGone},
		"removed":   {func(t *testing.T, dir, path string) { _ = os.Remove(path) }, ErrGone},
		"a bit":     {func(t *testing.T, dir, path string) { damageByte(t, path, headerSize+atKey) }, ErrDamaged},
		"truncated": {func(t *testing.T, dir, path string) { _ = os.Truncate(path, 10) }, ErrDamaged},
		"other series": {func(t *testing.T, dir, path string) {
			p, err := read(path)
			if err == nil {
				p.word(atCount).Store(counted(1))
				err = replace(path, p)
			}
			if err != nil {
				t.Error(err)
			}
		}, ErrDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			dir := with(foldedDirectory)(t)
			path := filepath.Join(dir, fileName)
			l := open(t, dir, abc...)
			add(t, l, 0, 1)
			c.damage(t, dir, path)
			before, _ := os.ReadFile(path)
			for call, err := range map[string]error{"Sync": l.Sync(ctx), "Check": l.Check(ctx), "Totals": l.Totals(ctx, make([]uint64, 3)), "SetSchedule": l.SetSchedule(ctx, nil, Schedule{Settled: 9})} {
				if !errors.Is(err, c.want) {
					t.Errorf("%s: %v, want %v", call, err, c.want)
				}
			}
			if l.Add(l.Slot(0), 1) == (c.want == ErrClosed) {
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
	obstacle := filepath.Join(dir, fileName+".new", "x")
	if err := os.MkdirAll(obstacle, 0o700); err != nil {
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
	done, cancel := context.WithCancel(ctx)
	cancel()
	if err := l.Sync(done); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := os.RemoveAll(filepath.Dir(obstacle)); err != nil {
		t.Fatal(err)
	}
	if err := l.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	same(t, l, open(t, dir, abc...), 18, 6, 7)
}

// TestMappedElsewhere has a file that was mapped, where that is not sound.
func TestMappedElsewhere(t *testing.T) {
	dir := with(directory)(t)
	l := &Ledger{dir: dir}
	if err := l.open(noon); err == nil || l.Aside() != "" {
		t.Errorf("opened: %v", err)
	}
	same(t, open(t, dir), open(t, dir, abc...), 5, 6, 7)
}
