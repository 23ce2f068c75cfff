package ledger

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// notMappable is a directory on a file system of a type that is not mapped.
func notMappable(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("ramfs", dir, "ramfs", 0, "mode=0700"); err != nil {
		t.Skip("needs root: to mount what cannot be mapped: ", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// TestMovedToWhereNothingIsMapped: of a file that was mapped elsewhere only a sound
// one of this yes is in the way. A damaged one is quarantined.
func TestMovedToWhereNothingIsMapped(t *testing.T) {
	for name, c := range map[string]struct {
		damage                      func(t *testing.T, path string)
		yes                         int64
		opens, quarantined, damaged bool
	}{
		"nothing":           {func(_ *testing.T, path string) { _ = os.Remove(path) }, 0, true, false, false},
		"sound":             {func(*testing.T, string) {}, 0, false, false, false},
		"of an earlier yes": {func(*testing.T, string) {}, 7, true, false, false},
		"closed":            {func(t *testing.T, path string) { writeAt(t, path, native.AppendUint64(nil, closedWord), atClosed) }, 0, true, false, false},
		"damaged":           {func(t *testing.T, path string) { damageByte(t, path, 100) }, 0, true, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			from, dir := directory(t), notMappable(t)
			if !open(t, from, abc...).Mapped() {
				t.Skip("totals are not mapped on this system, or not on this file system")
			}
			id, path := guid(t, from), filepath.Join(dir, fileName)
			content, err := os.ReadFile(filepath.Join(from, fileName))
			if err = errors.Join(err, os.WriteFile(path, content, 0o600)); err != nil {
				t.Fatal(err)
			}
			c.damage(t, path)
			l, err := Open(ctx, Place{Dir: dir}, Owner{owner.Product, c.yes}, abc, noon, yes)
			if (err == nil) != c.opens {
				t.Fatalf("got %v, want opened: %v", err, c.opens)
			}
			if l != nil && (l.Mapped() || (l.Quarantined() != "") != c.quarantined) {
				t.Errorf("mapped %v, quarantined %q, want quarantined: %v", l.Mapped(), l.Quarantined(), c.quarantined)
			}
			if present(damagedName(path)) != c.damaged || c.opens && !c.damaged && holdsBytes(t, dir, id) {
				t.Errorf("quarantined %v, want %v; or the identifier is still there", present(damagedName(path)), c.damaged)
			}
		})
	}
}

// TestNoWhileOpening: a no that comes once Open has asked waits for it, and is not
// answered with success as long as an identifier can appear.
func TestNoWhileOpening(t *testing.T) {
	for kind, empty := range map[string]func(testing.TB) string{"mapped": directory, "not mapped": notMappable} {
		t.Run(kind, func(t *testing.T) {
			dir := empty(t)
			var no error
			asked := 0
			l, err := Open(ctx, Place{Dir: dir}, owner, abc, noon, func() error {
				if asked++; asked == 1 {
					soon, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
					defer cancel()
					no = Destroy(soon, Place{Dir: dir}, owner.Product, yes)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if id, _, err := Peek(ctx, Place{Dir: dir}, owner.Product); err != nil || id != l.Identity() {
				t.Fatalf("got %v, %v, want what Open made", id, err)
			}
			if no == nil {
				t.Error("got success, want an error that says to repeat it: an identifier appeared after the no")
			}
		})
	}
}
