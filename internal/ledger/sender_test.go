package ledger

import (
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// TestOneSender has the lock in another process, which is killed.
func TestOneSender(t *testing.T) {
	dir := directory(t)
	l := open(t, dir, abc...)
	other := start(t, "send", dir)
	other.hears("true <nil>")
	for range 3 {
		if lease, err := l.Sender(ctx); lease != nil || err != nil {
			t.Fatalf("two senders: %v, %v", lease, err)
		}
	}
	add(t, l, 0, 1) // nothing else waits for it
	equal(t, open(t, dir, abc...), 1, 0, 0)
	other.kill()
	lease, err := l.Sender(ctx)
	if lease == nil || err != nil {
		t.Fatalf("a killed sender is not replaced: %v, %v", lease, err)
	}
	third := start(t, "send", dir)
	third.hears("false <nil>")
	if until, err := lease.Held(ctx); err != nil || !until.IsZero() {
		t.Errorf("%v, %v", until, err)
	}
	lease.Release()
	lease.Release()
	fourth := start(t, "send", dir)
	fourth.hears("true <nil>")
}

func TestOneSenderInAProcess(t *testing.T) {
	dir := directory(t)
	var holders, turns atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		l := open(t, dir, abc...)
		all.Go(func() {
			for range 200 {
				lease, err := l.Sender(ctx)
				if err != nil {
					t.Error(err)
				}
				if lease != nil {
					if holders.Add(1) != 1 {
						t.Error("two senders")
					}
					turns.Add(1)
					holders.Add(-1)
					lease.Release()
				}
			}
		})
	}
	all.Wait()
	if turns.Load() == 0 {
		t.Error("nobody ever sent")
	}
}

func TestSenderWithoutDirectory(t *testing.T) {
	dir := directory(t)
	l := open(t, dir, abc...)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	lease, err := l.Sender(ctx)
	if lease != nil || err == nil {
		t.Errorf("%v, %v", lease, err)
	}
	if _, err := os.Lstat(filepath.Dir(dir)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(dir); err == nil {
		t.Error("made the directory again")
	}
}
