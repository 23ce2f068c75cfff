package consent

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
)

// smallDisk mounts 64 KiB of memory and returns a File there and a function
// that fills it to the last byte.
func smallDisk(t *testing.T) (f *File, fill func()) {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k,mode=700"); err != nil {
		t.Skipf("needs root: to mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	f = NewFile(dir)
	return f, func() {
		filler, err := os.Create(f.path("filler"))
		if err != nil {
			t.Fatal(err)
		}
		for block := make([]byte, 4096); err == nil; {
			_, err = filler.Write(block)
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
		if err := filler.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFullDisk(t *testing.T) {
	ctx := context.Background()
	t.Run("a yes changes nothing", func(t *testing.T) {
		f, fill := smallDisk(t)
		save(t, f, Denied, 1)
		fill()
		if err := f.Save(ctx, Record{Decision: Granted, Notice: 1}); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("error %v", err)
		}
		holds(t, f, Denied, 1)
		noDebris(t, f)
	})
	t.Run("another yes changes nothing", func(t *testing.T) {
		f, fill := smallDisk(t)
		save(t, f, Granted, 1)
		fill()
		if err := f.Save(ctx, Record{Decision: Granted, Notice: 2}); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("error %v", err)
		}
		holds(t, f, Granted, 1)
		noDebris(t, f)
	})
	t.Run("a no takes effect all the same", func(t *testing.T) {
		f, fill := smallDisk(t)
		save(t, f, Granted, 1)
		fill()
		if err := f.Save(ctx, Record{Decision: Denied, Notice: 1}); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("error %v", err)
		}
		off(t, f, f.path(damagedName))
		noDebris(t, f)
		if err := os.Remove(f.path("filler")); err != nil {
			t.Fatal(err)
		}
		save(t, f, Denied, 1)
		holds(t, f, Denied, 1)
	})
	t.Run("a no stays a no", func(t *testing.T) {
		f, fill := smallDisk(t)
		save(t, f, Denied, 1)
		fill()
		if err := f.Save(ctx, Record{Decision: Denied, Notice: 2}); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("error %v", err)
		}
		holds(t, f, Denied, 1)
	})
}

func noDebris(t *testing.T, f *File) {
	t.Helper()
	if got := strings.Join(listing(t, f.dir), " "); strings.Contains(got, ".consent.json.new-") {
		t.Errorf("the full disk holds %s", got)
	}
}

func TestReadOnlyDisk(t *testing.T) {
	f, _ := smallDisk(t)
	save(t, f, Granted, 1)
	if err := syscall.Mount("tmpfs", f.dir, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, "size=64k"); err != nil {
		t.Fatal(err)
	}
	for _, d := range []Decision{Granted, Denied} {
		if err := f.Save(context.Background(), Record{Decision: d, Notice: 2}); !errors.Is(err, syscall.EROFS) {
			t.Errorf("%v: error %v", d, err)
		}
	}
	holds(t, f, Granted, 1)
}
