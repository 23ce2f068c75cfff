//go:build !race && !go1.27

package ledger

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"syscall"
	"testing"
	"time"
)

// holdable is a new ledger that can be held.
func holdable(t *testing.T) (*Ledger, *Hold) {
	t.Helper()
	memory, err := os.MkdirTemp("/dev/shm", "headcount")
	if err == nil {
		t.Cleanup(func() { _ = os.RemoveAll(memory) })
	}
	for _, dir := range []string{directory(t), memory} {
		l := open(t, dir, abc...)
		if h := l.Hold(); h != nil {
			t.Cleanup(h.Release)
			return l, h
		}
	}
	missing := "no hold is to be had here: it takes ext4 or tmpfs, fs.lease-break-time of 10 s or more, and the right to mlock"
	if os.Getenv("CI") != "" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return nil, nil
}

// TestHoldKeepsOthersWaiting: whatever would take the pages away waits until
// the hold is given back, and the host is told by no signal.
func TestHoldKeepsOthersWaiting(t *testing.T) {
	signals := make(chan os.Signal, 100)
	signal.Notify(signals)
	defer signal.Stop(signals)
	for name, touch := range map[string]func(path string) error{
		"truncate by name": func(path string) error { return os.Truncate(path, 0) },
		"open and truncate": func(path string) error {
			f, err := os.OpenFile(path, os.O_RDWR|os.O_TRUNC, 0)
			return errors.Join(err, f.Close())
		},
		"read": func(path string) error { _, err := os.ReadFile(path); return err },
		"another process": func(path string) error {
			return exec.Command("sh", "-c", `: > "$0"`, path).Run()
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, h := holdable(t)
			if h.Wanted() {
				t.Fatal("wanted by nobody")
			}
			done := make(chan error)
			go func() { done <- touch(l.path()) }()
			for !h.Wanted() {
				time.Sleep(time.Millisecond)
			}
			for range 1000 {
				if !Direct(l.Slot(0), 1) {
					t.Fatal("full")
				}
			}
			select {
			case err := <-done:
				t.Errorf("did not wait: %v", err)
			case <-time.After(50 * time.Millisecond):
			}
			equal(t, l, 1000, 0, 0)
			h.Release()
			if err := <-done; err != nil {
				t.Error(err)
			}
			if l.Add(l.Slot(0), 1) != (name == "read") { // guarded again
				t.Error("added to what was truncated, or not to what was not")
			}
		})
	}
	for len(signals) > 0 {
		if s := <-signals; s != syscall.SIGURG && s != syscall.SIGCHLD {
			t.Errorf("the host got %v", s)
		}
	}
}

// TestHoldIsForOne: it is not to be had while anybody else has the file, and
// whoever comes while it is held gets the file when it is given back.
func TestHoldIsForOne(t *testing.T) {
	l, h := holdable(t)
	h.Release()
	other := open(t, l.dir, abc...)
	if h := l.Hold(); h != nil {
		h.Release()
		t.Error("another ledger has the file")
	}
	other.Close()
	if h := l.Hold(); h != nil {
		h.Release()
		t.Error("another ledger has the file mapped")
	}

	l, h = holdable(t)
	go func() {
		for !h.Wanted() {
			time.Sleep(time.Millisecond)
		}
		add(t, l, 0, 5)
		h.Release()
	}()
	equal(t, open(t, l.dir, abc...), 5, 0, 0)

	l, h = holdable(t)
	h.Release()
	f, err := os.Open(l.path())
	if err != nil {
		t.Fatal(err)
	}
	if h := l.Hold(); h != nil {
		h.Release()
		t.Error("a reader has the file")
	}
	f.Close()
	if h = l.Hold(); h == nil {
		t.Error("nobody has the file")
	} else {
		h.Release()
	}
	if h := openFolded(t).Hold(); h != nil {
		t.Error("nothing is mapped")
	}
	l.Close()
	if h := l.Hold(); h != nil {
		t.Error("closed")
	}
}

func cut(t *testing.T, l *Ledger, size int64) {
	if err := os.Truncate(l.path(), size); err != nil {
		t.Error(err)
	}
}

// TestNoHold of a file that is not as it was, or nearly full.
func TestNoHold(t *testing.T) {
	for name, change := range map[string]func(*testing.T, *Ledger){
		"truncated":  func(t *testing.T, l *Ledger) { cut(t, l, 0) },
		"cut":        func(t *testing.T, l *Ledger) { cut(t, l, headerSize+3*slotSize) },
		"damaged":    func(t *testing.T, l *Ledger) { damageByte(t, l.path(), atGUID) },
		"taken back": func(t *testing.T, l *Ledger) { l.closed.Store(closedWord) },
		"half full":  func(t *testing.T, l *Ledger) { l.Slot(1)[3].Store(encode(Max/2 + Max/20)) },
		"immutable": func(t *testing.T, l *Ledger) {
			if out, err := exec.Command("chattr", "+i", l.path()).CombinedOutput(); err != nil {
				t.Skipf("needs root: for chattr +i: %v %s", err, out)
			}
			t.Cleanup(func() { _ = exec.Command("chattr", "-i", l.path()).Run() })
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, h := holdable(t)
			h.Release()
			change(t, l)
			if h := l.Hold(); h != nil {
				h.Release()
				t.Error("taken")
			}
		})
	}
}

// TestDirectStops at half of Max, far from where a word would no longer be a
// code, whatever is on its way.
func TestDirectStops(t *testing.T) {
	l := openFolded(t)
	slot := l.Slot(0)
	half := uint64(1<<63) / multiplier
	for _, c := range []struct {
		before uint64
		n      int64
		more   bool
	}{{0, 1, true}, {0, Small, true}, {half - 2, 1, true}, {half - 1, 1, true}, {half, 1, false}, {half - Small, Small, true}, {half, Small, false}} {
		setTotal(slot, 0)
		wordOf(slot).Store(encode(c.before))
		if Direct(slot, c.n) != c.more {
			t.Errorf("%d and %d more: not %v", c.before, c.n, c.more)
		}
		equal(t, l, c.before+uint64(c.n), 0, 0)
	}
	if half+1<<32 > Max-1<<32 {
		t.Error("too close to the end")
	}
}

// TestKilledWithHold: the kernel gives a dead process's hold back.
func TestKilledWithHold(t *testing.T) {
	l, h := holdable(t)
	h.Release()
	if err := Destroy(ctx, l.dir); err != nil {
		t.Fatal(err)
	}
	dir := l.dir
	child := start(t, "hold", dir)
	child.hears("held")
	if f, err := os.OpenFile(dir+"/"+fileName, os.O_RDWR|openFlags, 0); !errors.Is(err, syscall.EAGAIN) {
		t.Errorf("opened %v, %v while it is held", f, err)
	}
	child.kill()
	equal(t, open(t, dir, abc...), 1000, 0, 0)
}

// holdCommand counts directly and keeps the hold until it is killed.
func holdCommand(args []string) error {
	l, err := Open(ctx, args[0], abc, noon)
	if err != nil {
		return err
	}
	if l.Hold() == nil {
		return errors.New("no hold")
	}
	for range 1000 {
		Direct(l.Slot(0), 1)
	}
	fmt.Println("held")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func init() { commands["hold"] = holdCommand }

// TestHoldLocksLittle: the host may have secrets to keep in memory.
func TestHoldLocksLittle(t *testing.T) {
	locked := func() (kilobytes int) {
		status, err := os.ReadFile("/proc/self/status")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Sscanf(string(regexp.MustCompile(`VmLck:\s*\d+`).Find(status)), "VmLck: %d", &kilobytes); err != nil {
			t.Fatal(err)
		}
		return kilobytes
	}
	before := locked()
	_, h := holdable(t)
	if got := locked(); got <= before {
		t.Errorf("%d kB are locked while it is held, %d before", got, before)
	}
	h.Release()
	if got := locked(); got != before {
		t.Errorf("%d kB are locked after it, %d before", got, before)
	}
	var was syscall.Rlimit
	const memlock = 8 // RLIMIT_MEMLOCK
	if err := syscall.Getrlimit(memlock, &was); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(memlock, &syscall.Rlimit{Cur: 64 << 10, Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Setrlimit(memlock, &was) }()
	if affordable(16<<10+1) || !affordable(16<<10) {
		t.Error("more than a quarter of what the host may lock, or less than that")
	}
}
