package ledger

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

var (
	ctx  = context.Background()
	noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	abc  = []string{"a", "b", "c"}
)

var owner = Owner{Product: "Shop"}

func yes() error { return nil }

func openIn(dir string, series []string) (*Ledger, error) {
	return Open(ctx, Place{Dir: dir}, owner, series, noon, yes)
}

func destroyIn(dir string) error { return Destroy(ctx, Place{Dir: dir}, owner.Product, yes) }

// setSchedule stores a schedule as a process that sends does.
func setSchedule(l *Ledger, s Schedule) error {
	keep := func(Schedule) (Schedule, error) { return s, nil }
	sending, err := l.Begin(ctx, time.Now(), time.Now().Add(10*time.Second), keep)
	if err != nil {
		return err
	}
	return l.End(ctx, sending, s)
}

// pathOf is the file that has the identifier, or would have it.
func pathOf(dir string) string {
	if state := filepath.Join(dir, stateName); present(state) {
		return state
	}
	return filepath.Join(dir, fileName)
}

func open(t testing.TB, dir string, series ...string) *Ledger {
	t.Helper()
	l, err := openIn(dir, series)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// openMapped and openFolded open a new ledger of one kind.
func openMapped(t testing.TB) *Ledger {
	t.Helper()
	needsMapping(t)
	return open(t, directory(t), abc...)
}

// needsMapping skips where totals are not in a mapped file.
func needsMapping(t testing.TB) {
	t.Helper()
	if !mappable(t.TempDir()) {
		t.Skip("totals are not mapped on this system, or not on this file system")
	}
}

func openFolded(t testing.TB) *Ledger {
	t.Helper()
	l := open(t, foldedDirectory(t), abc...)
	if l.Mapped() {
		t.Fatal("mapped")
	}
	return l
}

// directory is a new one that only we may write in, whatever the umask.
func directory(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "telemetry")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// foldedDirectory has a ledger that is not mapped, as if it had been made on a
// file system where that is not sound.
func foldedDirectory(t testing.TB) string {
	t.Helper()
	dir := directory(t)
	makeFolded(t, dir)
	return dir
}

func makeFolded(t testing.TB, dir string) {
	t.Helper()
	if _, err := Open(ctx, Place{State: dirState{dir}}, owner, nil, noon, yes); err != nil {
		t.Fatal(err)
	}
}

func (l *Ledger) totals(t testing.TB) []uint64 {
	t.Helper()
	totals := make([]uint64, len(l.slots))
	if err := l.Totals(ctx, totals); err != nil {
		t.Fatal(err)
	}
	return totals
}

func add(t testing.TB, l *Ledger, i int, n uint64) {
	t.Helper()
	if !l.Add(l.Slot(i), n) {
		t.Fatalf("adding %d to series %d is refused", n, i)
	}
}

func equal(t testing.TB, l *Ledger, want ...uint64) {
	t.Helper()
	got := l.totals(t)
	for i := range want {
		if len(got) != len(want) || got[i] != want[i] {
			t.Fatalf("totals %v, want %v", got, want)
		}
	}
}
