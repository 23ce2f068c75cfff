package ledger

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"

	"headcount.example/internal/durable"
)

// TestSyncFails: a network file system may take a write and refuse it at the
// sync. The fold then says so, and what is in the file is not taken twice. A pipe
// takes the place of the file's descriptor: it cannot be synced.
func TestSyncFails(t *testing.T) {
	dir := with(foldedDirectory)(t) // 5, 6, 7
	l := open(t, dir, abc...)
	add(t, l, 0, 10)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	step := durable.Step
	defer func() { durable.Step = step }()
	durable.Step = func(name string) {
		if name == "sync "+fileName {
			for fd := range 1000 {
				if to, err := os.Readlink(fmt.Sprint("/proc/self/fd/", fd)); err == nil && to == pathOf(dir) {
					if err := syscall.Dup3(int(w.Fd()), fd, syscall.O_CLOEXEC); err != nil {
						t.Error(err)
					}
				}
			}
		}
	}
	if err := l.Sync(ctx); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("got %v, want what the sync said", err)
	}
	durable.Step = step
	for range 2 {
		equal(t, l, 15, 6, 7)
		if err := l.Sync(ctx); err != nil {
			t.Error(err)
		}
	}
	same(t, l, open(t, dir, abc...), 15, 6, 7)
}
