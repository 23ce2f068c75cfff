package ledger

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"headcount.example/internal/durable"
)

// TestDestroyLeavesNothing also looks at the file that has lost its name, as
// a process that has it open sees it.
func TestDestroyLeavesNothing(t *testing.T) {
	for kind, empty := range kinds {
		t.Run(kind, func(t *testing.T) {
			dir := with(empty)(t)
			path := pathOf(dir)
			id := guid(t, dir)
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			copies := map[string][]byte{
				filepath.Join(dir, "."+filepath.Base(path)+".new-1"): content, filepath.Join(dir, "."+filepath.Base(path)+".new-2"): append(content, 1), damagedName(path): append(make([]byte, 5), content...),
			}
			open := map[string]*os.File{}
			for name, b := range copies {
				if err := os.WriteFile(name, b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			copies[path] = content
			for name := range copies {
				f, err := os.Open(name)
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
				open[name] = f
			}
			if err := destroyIn(dir); err != nil {
				t.Fatal(err)
			}
			for name, f := range open {
				left, err := io.ReadAll(f)
				if err != nil || bytes.Contains(left, id) || bytes.Contains(left, []byte(uuid.UUID(id).String())) || len(left) != len(copies[name]) {
					t.Errorf("%s: %d bytes left, %v", name, len(left), err)
				}
				if len(left) >= headerSize {
					clear(left[atClosed : atClosed+8])
				}
				if bytes.Count(left, []byte{0}) != len(left) {
					t.Errorf("%s: not zeros", name)
				}
			}
			files, err := os.ReadDir(dir)
			if err != nil || len(files) != 1 || files[0].Name() != lockName {
				t.Errorf("left: %v, %v", files, err)
			}
			if info, err := files[0].Info(); err != nil || info.Size() != 0 {
				t.Error("the lock file holds something")
			}
		})
	}
}

func TestDestroyNothing(t *testing.T) {
	for name, dir := range map[string]string{
		"no directory at all": "", "not there": filepath.Join(t.TempDir(), "a", "b"), "empty": directory(t),
	} {
		if err := destroyIn(dir); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if files, _ := os.ReadDir(dir); dir != "" && len(files) > 0 {
			t.Errorf("%s: made %v", name, files)
		}
	}
}

func TestDestroyedElsewhere(t *testing.T) {
	dir := directory(t)
	other := start(t, "add", dir, "10", "a", "b")
	other.hears("open")
	other.says("go")
	other.hears("refused 0")
	needsMapping(t)
	l := open(t, dir, abc...)
	if err := destroyIn(dir); err != nil {
		t.Fatal(err)
	}
	other.says("go")
	other.hears("refused 20")
	if l.Add(l.Slot(0), 1) || l.Add(l.Slot(0), Max) {
		t.Error("counts on")
	}
	for name, err := range map[string]error{
		"Check": l.Check(ctx), "Totals": l.Totals(ctx, make([]uint64, 3)), "SetSchedule": setSchedule(l, Schedule{}),
	} {
		if !Final(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	next := open(t, dir, abc...)
	equal(t, next, 0, 0, 0)
	if next.Identity().GUID == l.Identity().GUID || next.Quarantined() != "" {
		t.Error("not unlinkable")
	}
	if l.Add(l.Slot(0), 1) {
		t.Error("counts in the next one")
	}
}

// TestClosedFirst stops the others before anything else happens, however the
// totals still look.
func TestClosedFirst(t *testing.T) {
	dir := with(directory)(t)
	path := filepath.Join(dir, fileName)
	if err := os.WriteFile(damagedName(path), make([]byte, 5000), 0o600); err != nil {
		t.Fatal(err)
	}
	needsMapping(t)
	l := open(t, dir, abc...)
	var steps []string
	defer func(before func(string)) { durable.Step = before }(durable.Step)
	durable.Step = func(name string) {
		steps = append(steps, name)
		first := len(steps) <= 2 // the lock, and the word itself
		for _, n := range []uint64{0, 1, quickest + 1} {
			if l.Add(l.Slot(0), n) != first {
				t.Errorf("before %q adding %d is %v", name, n, !first)
			}
		}
	}
	if err := destroyIn(dir); err != nil {
		t.Fatal(err)
	}
	if len(steps) < 8 || steps[1] != "write "+fileName || steps[2] != "sync "+fileName {
		t.Errorf("%q", steps)
	}
}

// TestDestroyRace counts, reads and plans while the yes is taken back and
// given again, many times. What was counted before a no is never seen after.
func TestDestroyRace(t *testing.T) {
	for kind, empty := range kinds {
		t.Run(kind, func(t *testing.T) {
			dir := empty(t)
			var current atomic.Pointer[Ledger]
			current.Store(open(t, dir, abc...))
			var stop atomic.Bool
			var all sync.WaitGroup
			for range 3 {
				all.Go(func() {
					for n := int64(0); !stop.Load(); n++ {
						l := current.Load()
						for range 100 {
							l.Add(l.Slot(0), 1)
							l.Add(l.Slot(1), quickest+1)
						}
						_ = l.Sync(ctx)
						_ = setSchedule(l, Schedule{Failures: 7})
					}
				})
			}
			for range 60 {
				before := current.Load()
				if err := destroyIn(dir); err != nil {
					t.Fatal(err)
				}
				if before.Mapped() && (before.Add(before.Slot(0), 1) || before.Check(ctx) == nil) {
					t.Fatal("counts on")
				}
				l := open(t, dir, abc...) // no goroutine counts in it before it is handed out
				equal(t, l, 0, 0, 0)
				if s := l.Schedule(); s.Failures != 0 || l.Quarantined() != "" {
					t.Fatalf("%v, %q", s, l.Quarantined())
				}
				current.Store(l)
			}
			stop.Store(true)
			all.Wait()
		})
	}
}

func TestDestroyWhatIsInItsPlace(t *testing.T) {
	dir := directory(t)
	path := filepath.Join(dir, fileName)
	if err := os.MkdirAll(filepath.Join(path, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := destroyIn(dir); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(filepath.Join(path, "x")); err != nil {
		t.Error("a directory that is not ours was removed")
	}
}

func TestDestroyWithoutPermission(t *testing.T) {
	needsMapping(t)
	dir := with(directory)(t)
	path := filepath.Join(dir, fileName)
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	if err := destroyIn(dir); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// TestDestroyWhileLocked: a process that stands still holds the lock. The totals
// are closed and wiped all the same, their name stays, and the next attempt
// finishes.
func TestDestroyWhileLocked(t *testing.T) {
	for kind, empty := range kinds {
		t.Run(kind, func(t *testing.T) {
			dir := with(empty)(t)
			l := open(t, dir, abc...)
			id := guid(t, dir)
			release, err := durable.Lock(ctx, filepath.Join(dir, lockName))
			if err != nil {
				t.Fatal(err)
			}
			if err := destroyIn(dir); err == nil || !strings.Contains(err.Error(), "not destroyed in full") {
				t.Errorf("got %v, want an error that says so", err)
			}
			if holdsBytes(t, dir, id) {
				t.Error("the identifier is still there")
			}
			if l.Mapped() && l.Add(l.Slot(0), 1) {
				t.Error("counts on")
			}
			if err := l.Check(ctx); !Final(err) {
				t.Errorf("Check: got %v, want that it is closed or gone", err)
			}
			if !keptIn(dir) {
				t.Error("the name is gone, and nothing would try again")
			}
			release()
			if err := destroyIn(dir); err != nil || keptIn(dir) {
				t.Errorf("got %v, kept %v, want destroyed", err, keptIn(dir))
			}
		})
	}
}

// TestRenamedWhileDestroying: the process that has the lock renames its file while a
// no without the lock is at work.
func TestRenamedWhileDestroying(t *testing.T) {
	dir := with(foldedDirectory)(t)
	id, path := guid(t, dir), pathOf(dir)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	release, err := durable.Lock(ctx, filepath.Join(dir, lockName))
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	temporary, renamed := path+".test", false
	if err := os.WriteFile(temporary, content, 0o600); err != nil {
		t.Fatal(err)
	}
	defer func(before func(string)) { durable.Step = before }(durable.Step)
	durable.Step = func(name string) {
		if name == "sync "+stateName && !renamed {
			renamed = true
			if err := os.Rename(temporary, path); err != nil {
				t.Error(err)
			}
		}
	}
	if err := destroyIn(dir); err == nil || !renamed || holdsBytes(t, dir, id) {
		t.Errorf("got %v, renamed %v, want nothing left, and an error that asks to repeat it", err, renamed)
	}
}

// TestDestroyWithoutLock: where nothing can be locked, a no is carried out all
// the same, also while another process sends.
func TestDestroyWithoutLock(t *testing.T) {
	for kind, empty := range kinds {
		t.Run(kind, func(t *testing.T) {
			dir := with(empty)(t)
			l := open(t, dir, abc...)
			sending, err := l.Begin(ctx, time.Now(), time.Now().Add(10*time.Second), func(s Schedule) (Schedule, error) { return s, nil })
			if err != nil {
				t.Fatal(err)
			}
			lock := filepath.Join(dir, lockName)
			if err := errors.Join(os.Remove(lock), os.Mkdir(lock, 0o700)); err != nil {
				t.Fatal(err)
			}
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				time.Sleep(50 * time.Millisecond)
				_ = l.End(ctx, sending, Schedule{})
			}()
			if err := destroyIn(dir); err != nil {
				t.Error(err)
			}
			<-ended
			if keptIn(dir) || l.Check(ctx) == nil {
				t.Errorf("kept %v, want destroyed", keptIn(dir))
			}
		})
	}
}
