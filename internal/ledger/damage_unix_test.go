//go:build unix

package ledger

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// TestDamagedWhileRunning changes the file under goroutines that count, read
// and plan. No signal ends the process, no wrong total is read, and a new
// Open goes on.
func TestDamagedWhileRunning(t *testing.T) {
	resize := func(size int64) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			if err := os.Truncate(path, size); err != nil {
				t.Error(err)
			}
		}
	}
	put := func(content []byte) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Error(err)
			}
		}
	}
	away := func(t *testing.T, path string) {
		if err := os.Rename(path, path+".away"); err != nil {
			t.Error(err)
		}
	}
	foreign := sample(t) // another installation's, with other series in our places
	for i, name := range []string{"x", "y", "z"} {
		foreign.setSeries(i, keyOf(name))
	}
	twin := sample(t) // the same series
	for name, c := range map[string]struct {
		damage func(*testing.T, string)
		want   error
		anew   bool // the next Open begins with another identity
	}{
		"truncated to nothing":               {resize(0), errDamaged, true},
		"truncated to half":                  {resize(headerSize / 2), errDamaged, true},
		"truncated to the header":            {resize(headerSize), errDamaged, true},
		"truncated within a series":          {resize(headerSize + 70), errDamaged, true},
		"truncated and made longer again":    {func(t *testing.T, p string) { resize(0)(t, p); resize(20_000)(t, p) }, errDamaged, true},
		"spare room cut off":                 {resize(headerSize + 3*slotSize), nil, true},
		"made longer":                        {resize(fileSize + 1), nil, true},
		"zeros over it":                      {put(make([]byte, fileSize)), errDamaged, true},
		"text over it":                       {put([]byte("text")), errDamaged, true},
		"another installation over it":       {put(foreign), errGone, true},
		"another one's with the same series": {put(twin), errGone, true},
		"two names exchanged": {func(t *testing.T, p string) {
			for at, name := range map[int]string{0: "b", 1: "a"} {
				slot := newPage()
				slot.setSeries(0, keyOf(name))
				writeAt(t, p, slot[headerSize+atKey:headerSize+atKeyCRC+8], int64(headerSize+at*slotSize+atKey))
			}
		}, errGone, false},
		"a bit of the identifier":      {func(t *testing.T, p string) { damageByte(t, p, atGUID) }, errDamaged, true},
		"a bit of closed":              {func(t *testing.T, p string) { damageByte(t, p, atClosed) }, errDamaged, true},
		"removed":                      {func(t *testing.T, p string) { _ = os.Remove(p) }, errGone, true},
		"replaced by a directory":      {func(t *testing.T, p string) { away(t, p); _ = os.Mkdir(p, 0o700) }, errGone, true},
		"replaced by a FIFO":           {func(t *testing.T, p string) { away(t, p); _ = syscall.Mkfifo(p, 0o600) }, errGone, true},
		"replaced by a link to itself": {func(t *testing.T, p string) { away(t, p); _ = os.Symlink(p+".away", p) }, errGone, true},
		"directory removed":            {func(t *testing.T, p string) { _ = os.RemoveAll(filepath.Dir(p)) }, errGone, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := directory(t)
			needsMapping(t)
			l := open(t, dir, abc...)
			underLoad(t, l, func() { c.damage(t, filepath.Join(dir, fileName)) })
			if err := l.Check(ctx); !errors.Is(err, c.want) {
				t.Errorf("Check: %v, want %v", err, c.want)
			}
			if err := l.Totals(ctx, make([]uint64, 3)); !errors.Is(err, c.want) {
				t.Errorf("Totals: %v, want %v", err, c.want)
			}
			if err := l.Sync(ctx); !errors.Is(err, c.want) {
				t.Errorf("Sync: %v, want %v", err, c.want)
			}
			next := open(t, dir, abc...)
			if (next.Identity() != l.Identity()) != c.anew {
				t.Errorf("identity %v after %v", next.Identity(), l.Identity())
			}
			if c.anew {
				if next.Quarantined() != "" {
					equal(t, next, 0, 0, 0)
				}
				if l.Check(ctx) == nil {
					t.Error("the ledger that was open goes on")
				}
			}
			add(t, next, 0, 1)
		})
	}
}

// underLoad counts, reads and plans from many goroutines while f changes the file.
func underLoad(t *testing.T, l *Ledger, f func()) {
	var all sync.WaitGroup
	var stop atomic.Bool
	var begun [3]atomic.Uint64
	var warm sync.WaitGroup
	var pause sync.RWMutex
	each := func(f func()) {
		if instrumented {
			pause.RLock()
			defer pause.RUnlock()
		}
		f()
	}
	for i := range 3 {
		warm.Add(2)
		all.Go(func() {
			for n := 0; !stop.Load() || n < 1000; n++ {
				begun[i].Add(1)
				each(func() { l.Add(l.Slot(i), 1) })
				if n == 500 {
					warm.Done()
				}
			}
		})
		all.Go(func() {
			totals, before := make([]uint64, 3), uint64(0)
			for n := 0; !stop.Load() || n < 10; n++ {
				each(func() {
					if err := l.Totals(ctx, totals); err == nil {
						if totals[i] < before || totals[i] > begun[i].Load() {
							t.Errorf("read %d after %d, with %d begun", totals[i], before, begun[i].Load())
						}
						before = totals[i]
					}
					_ = l.Schedule()
					_ = setSchedule(l, Schedule{Failures: n})
				})
				if n == 5 {
					warm.Done()
				}
			}
		})
	}
	warm.Wait()
	if instrumented {
		pause.Lock()
	}
	f()
	if instrumented {
		pause.Unlock()
	}
	stop.Store(true)
	all.Wait()
}

// TestQuarantineStopsOthers: what one process quarantined is gone for another one
// that counts in it.
func TestQuarantineStopsOthers(t *testing.T) {
	needsMapping(t)
	dir := directory(t)
	other := open(t, dir, "a", "b")
	damageByte(t, pathOf(dir), headerSize+atKey+3)
	l := open(t, dir, "b")
	if l.Quarantined() == "" || other.Check(ctx) == nil {
		t.Errorf("got %q, %v, want the damage said, and an error", l.Quarantined(), other.Check(ctx))
	}
	add(t, l, 0, 1)
	equal(t, l, 1)
}

func TestThingsInPlaceOfFiles(t *testing.T) {
	for name, make := range map[string]func(path string) error{
		"directory":      func(p string) error { return os.MkdirAll(filepath.Join(p, "x"), 0o700) },
		"FIFO":           func(p string) error { return syscall.Mkfifo(p, 0o600) },
		"link":           func(p string) error { return os.Symlink("/dev/zero", p) },
		"link to itself": func(p string) error { return os.Symlink(p, p) },
		"dangling link":  func(p string) error { return os.Symlink(p+".nowhere", p) },
	} {
		for _, file := range []string{fileName, lockName} {
			t.Run(name+" as "+file, func(t *testing.T) {
				dir := directory(t)
				path := filepath.Join(dir, file)
				if err := make(path); err != nil {
					t.Fatal(err)
				}
				l, err := openIn(dir, abc)
				if file == fileName {
					if err != nil || l.Quarantined() == "" {
						t.Fatal(err)
					}
				}
				if err != nil {
					if l != nil || len(err.Error()) < 20 {
						t.Errorf("%v", err)
					}
					return // said, and nothing counted
				}
				add(t, l, 0, 1)
				if _, err := os.Lstat(path + ".nowhere"); err == nil {
					t.Error("a link was followed")
				}
				if err := destroyIn(dir); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func TestManyQuarantined(t *testing.T) {
	needsMapping(t)
	dir := directory(t)
	path := filepath.Join(dir, fileName)
	for i := range 6 {
		if err := os.WriteFile(path, []byte{byte(i)}, 0o600); err != nil {
			t.Fatal(err)
		}
		if l := open(t, dir, abc...); l.Quarantined() == "" {
			t.Error("nothing said")
		}
	}
	if kept, err := os.ReadFile(damagedName(path)); err != nil || string(kept) != "\x05" {
		t.Errorf("kept %q, %v, want the newest", kept, err)
	}
	_ = os.Remove(damagedName(path))
	if err := os.Mkdir(damagedName(path), 0o700); err != nil {
		t.Fatal(err)
	}
	damageByte(t, path, 0)
	if _, err := openIn(dir, abc); err == nil || !strings.Contains(err.Error(), "remove it") {
		t.Errorf("got %v, want an error with the remedy", err)
	}
}
