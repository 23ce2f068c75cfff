package ledger

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"headcount.example/internal/durable"
)

// limitFiles lets no file be written beyond so many bytes, and returns what ends
// that.
func limitFiles(t *testing.T, size uint64) (end func()) {
	t.Helper()
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	limit := before
	limit.Cur = size
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFoldFailsHalfway: the disk refuses each write of a fold in turn, whole or
// from some series on. What was counted is in the totals once; where the disk took
// a part of the totals, the rest is lost and nothing is taken twice.
//
// The limit is of the whole process, so it is one of its own: go test writes a
// file from this one.
func TestFoldFailsHalfway(t *testing.T) {
	const inside = "LEDGER_TEST_HALFWAY"
	if os.Getenv(inside) == "" {
		c := exec.Command(os.Args[0], "-test.run=^TestFoldFailsHalfway$", "-test.v")
		c.Env = append(os.Environ(), inside+"=1")
		out, err := c.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS: TestFoldFailsHalfway") {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	step := durable.Step
	defer func() { durable.Step = step }()
	for _, c := range []struct {
		write int    // of the fold, that is the first to fail
		size  uint64 // of a file that can still be written
		want  []uint64
	}{
		{1, 0, []uint64{15, 16, 17}}, {2, 0, []uint64{15, 16, 17}}, {3, 0, []uint64{15, 16, 17}},
		{1, uint64(slotAt(1)), []uint64{15, 6, 7}}, {1, uint64(slotAt(2)) + 8, []uint64{15, 16, 17}},
	} {
		dir := with(foldedDirectory)(t) // 5, 6, 7
		l := open(t, dir, abc...)
		for i := range abc {
			add(t, l, i, 10)
		}
		writes, end := 0, func() {}
		durable.Step = func(name string) {
			if name != "write "+fileName {
				return
			}
			if writes++; writes == c.write {
				end = limitFiles(t, c.size)
			}
		}
		err := l.Sync(ctx)
		end()
		durable.Step = step
		if !errors.Is(err, syscall.EFBIG) {
			t.Fatalf("%+v: got %v, want that the file is too large", c, err)
		}
		equal(t, l, c.want...)
		for range 2 {
			if err := l.Sync(ctx); err != nil {
				t.Fatal(err)
			}
			same(t, l, open(t, dir, abc...), c.want...)
		}
	}
}

// TestPlanIsAsNewAsItsVersion: a process reads while another one writes. A plan
// that is older than its version would give two processes the right to send.
func TestPlanIsAsNewAsItsVersion(t *testing.T) {
	l := openMapped(t)
	_, first, err := l.place.load(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var v value
	var version int64
	step := durable.Step
	durable.Step = func(name string) {
		if name == "write "+fileName {
			v, version, err = l.place.load(ctx)
		}
	}
	swapped := swaps(l, 1)
	durable.Step = step
	if swapped != nil || err != nil || v.Failures != 1 || version != first {
		t.Errorf("got %v, %v, version %d and the plan of version %d at the last write, want the new plan and the old version", swapped, err, version-first, v.Failures)
	}
	written := make(chan error)
	go func() {
		written <- swaps(l, 2000)
	}()
	for {
		select {
		case err := <-written:
			if err != nil {
				t.Error(err)
			}
			return
		default:
		}
		v, version, err := l.place.load(ctx)
		if err != nil || v.Failures < version-first {
			t.Errorf("got version %d, %v with the plan of version %d, want one that is as new", version-first, err, v.Failures)
			<-written
			return
		}
	}
}

// swaps makes so many changes, and counts them in the plan.
func swaps(l *Ledger, n int) error {
	for range n {
		v, version, err := l.place.load(ctx)
		if err != nil {
			return err
		}
		v.Failures++
		if err := l.place.swap(ctx, version, v); err != nil {
			return err
		}
	}
	return nil
}
