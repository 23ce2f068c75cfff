package publish

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// smallDisk is a file system of its own with little room.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=0755,size=64k"); err != nil {
		t.Skip("needs root: to mount a small disk: ", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// fill leaves no room in a directory, and returns what makes room.
func fill(t *testing.T, dir string) (free func()) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	return func() { _ = os.Remove(f.Name()) }
}

// TestFullDisk: where either disk is full, the page before is whole, nothing
// is recorded, and the next call with room publishes.
func TestFullDisk(t *testing.T) {
	for name, place := range map[string]func(s *site) *string{
		"of the page":    func(s *site) *string { return &s.Out },
		"of the archive": func(s *site) *string { return &s.Archive },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			dir := place(s)
			*dir = smallDisk(t)
			s.publish(t)
			page, kept := files(t, s.Out), files(t, s.Archive)
			free := fill(t, *dir)
			s.Today = page2 + 1
			_, err := Publish(t.Context(), s.memory, s.Options)
			if !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("got %v, want that there is no room", err)
			}
			s.refused(t, "nothing was published")
			free()
			same(t, files(t, s.Out), page)
			same(t, files(t, s.Archive), kept)
			if got := s.publish(t).Stats.AsOf; got != page2 {
				t.Errorf("with room: got a page as of %s, want %s", got, page2)
			}
		})
	}
}
