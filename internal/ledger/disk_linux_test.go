package ledger

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"headcount.example/internal/durable"
)

// smallDisk is a file system of its own with little room.
func smallDisk(t *testing.T, options string) string {
	t.Helper()
	dir := directory(t)
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=0700,"+options); err != nil {
		t.Skip("needs root: to mount a small disk: ", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// fill leaves room for so many more bytes in dir, and returns what makes room.
func fill(t *testing.T, dir string, room int64) (free func()) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n, err := io.Copy(f, zeros{})
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	if err := f.Truncate(n - room); err != nil {
		t.Fatal(err)
	}
	return func() { _ = os.Remove(f.Name()) }
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestFullDisk(t *testing.T) {
	needsMapping(t)
	t.Run("creating", func(t *testing.T) {
		for _, room := range []int64{0, 4096, fileSize - 4096} {
			dir := smallDisk(t, "size=256k")
			free := fill(t, dir, room)
			if _, err := openIn(dir, abc); !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("%v", err)
			}
			files, _ := filepath.Glob(filepath.Join(dir, "headcount.*"))
			if len(files) != 1 || filepath.Base(files[0]) != lockName {
				t.Errorf("left: %q", files)
			}
			free()
			equal(t, open(t, dir, abc...), 0, 0, 0)
		}
	})
	t.Run("no room for a name", func(t *testing.T) {
		dir := smallDisk(t, "nr_inodes=1")
		if _, err := openIn(dir, abc); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%v", err)
		}
	})
	series := slices.Concat(more(), mores("p"), mores("q"))
	t.Run("opened and counted", func(t *testing.T) {
		dir := smallDisk(t, "size=256k")
		l := open(t, dir, abc...)
		add(t, l, 0, 5)
		fill(t, dir, 0)
		add(t, l, 1, 6)
		same(t, l, open(t, dir, series...), append([]uint64{5, 6}, make([]uint64, len(series)-2)...)...)
	})
	t.Run("folded", func(t *testing.T) { // once there is room
		dir := smallDisk(t, "size=256k")
		makeFolded(t, dir)
		l := open(t, dir, abc...)
		add(t, l, 0, 5)
		free := fill(t, dir, 0)
		for range 2 {
			add(t, l, 1, 3)
			if err := l.Sync(ctx); !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("got %v, want %v", err, syscall.ENOSPC)
			}
			if left := durable.Leftovers(pathOf(dir)); len(left) > 0 {
				t.Errorf("left %q", left)
			}
		}
		equal(t, l, 5, 6, 0)
		free()
		if err := l.Sync(ctx); err != nil {
			t.Error(err)
		}
		same(t, l, open(t, dir, series...), append([]uint64{5, 6}, make([]uint64, len(series)-2)...)...)
	})
	t.Run("counting and destroying", func(t *testing.T) {
		dir := smallDisk(t, "size=256k")
		l := open(t, dir, more()...)
		fill(t, dir, 0)
		for i := range more() {
			add(t, l, i, 1)
		}
		if err := setSchedule(l, Schedule{Failures: 3}); err != nil {
			t.Error(err)
		}
		if err := l.Check(ctx); err != nil {
			t.Error(err)
		}
		if err := destroyIn(dir); err != nil {
			t.Error(err)
		}
		if l.Add(l.Slot(0), 1) {
			t.Error("counts on")
		}
	})
}

// asOther runs a command as a user without rights, on a directory of its own.
func asOther(t *testing.T, dir string) *process {
	t.Helper()
	const other = 65534
	// The test binary lies where others may not go.
	place, err := os.MkdirTemp("", "ledger")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(place) })
	binary := filepath.Join(place, "test")
	content, err := os.ReadFile(os.Args[0])
	if err == nil {
		err = errors.Join(os.WriteFile(binary, content, 0o755), os.Chmod(place, 0o755), os.Chmod(binary, 0o755))
	}
	if err != nil {
		t.Fatal(err)
	}
	moved := filepath.Join(place, "telemetry")
	if err := os.Rename(dir, moved); err != nil {
		t.Fatal(err)
	}
	err = filepath.Walk(moved, func(path string, _ os.FileInfo, err error) error {
		return errors.Join(err, os.Lchown(path, other, other))
	})
	if err != nil {
		t.Fatal(err)
	}
	return startAs(t, func(c *exec.Cmd) {
		c.Path = binary
		c.Dir = "/"
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: other, Gid: other, NoSetGroups: true}}
	}, "try", moved)
}

func TestWithoutRights(t *testing.T) {
	needsMapping(t)
	for name, c := range map[string]struct {
		file, dir     os.FileMode
		open, destroy string // how what is said goes
	}{
		"all rights":           {0o600, 0o700, "<nil>", "<nil>"},
		"file without rights":  {0, 0o700, "permission denied: chmod u+rwX it", "<nil>"},
		"read-only file":       {0o400, 0o700, "permission denied: chmod u+rwX it", "<nil>"},
		"read-only directory":  {0o600, 0o500, "<nil>", "<nil>"}, // a no repairs what is ours
		"directory without":    {0o600, 0, "permission denied: chmod u+rwX its directory", "<nil>"},
		"directory to pass by": {0o600, 0o100, "<nil>", "<nil>"},
	} {
		t.Run(name, func(t *testing.T) {
			if os.Getuid() != 0 { // before a mode keeps the clean-up out
				t.Skip("needs root: to become another user")
			}
			dir := with(directory)(t)
			id := guid(t, dir)
			if err := errors.Join(os.Chmod(filepath.Join(dir, fileName), c.file), os.Chmod(dir, c.dir)); err != nil {
				t.Fatal(err)
			}
			p := asOther(t, dir)
			for _, want := range []string{c.open, c.destroy} {
				if !p.out.Scan() || !strings.Contains(p.out.Text(), want) || strings.Count(p.out.Text(), ": ch") > 1 {
					t.Errorf("got %q, want %q, and one remedy", p.out.Text(), want)
				}
			}
			for p.out.Scan() { // a fault of several is said on several lines
			}
			if err := p.Wait(); err != nil {
				t.Error(err)
			}
			left := filepath.Join(filepath.Dir(p.Path), "telemetry")
			if list, _ := filepath.Glob(filepath.Join(left, "*.damaged")); len(list) > 0 {
				t.Errorf("quarantined: %q", list)
			}
			if holdsBytes(t, left, id) {
				if c.destroy == "<nil>" || c.dir == 0o500 {
					t.Error("the identifier is still there")
				}
			}
		})
	}
}

func TestReadOnlyFileSystem(t *testing.T) {
	dir := smallDisk(t, "size=256k")
	p := sample(t)
	if err := durable.Replace(pathOf(dir), p); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Skip("needs root: to make a disk read-only: ", err)
	}
	if _, err := openIn(dir, abc); !errors.Is(err, syscall.EROFS) {
		t.Errorf("Open: %v", err)
	}
	if err := destroyIn(dir); !errors.Is(err, syscall.EROFS) {
		t.Errorf("Destroy: %v", err)
	}
}

// TestNoDescriptors runs out of file descriptors: what cannot be looked at is
// not damaged.
func TestNoDescriptors(t *testing.T) {
	for kind, empty := range kinds {
		t.Run(kind, func(t *testing.T) {
			dir := with(empty)(t)
			l := open(t, dir, abc...)
			add(t, l, 0, 1)
			var before syscall.Rlimit
			if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
				t.Fatal(err)
			}
			for left := range uint64(4) {
				limit := before
				limit.Cur = lowestFree(t) + left
				if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
					t.Fatal(err)
				}
				got, openErr := openIn(dir, abc)
				checkErr, syncErr := l.Check(ctx), error(nil)
				if !l.Mapped() {
					syncErr = l.Totals(ctx, make([]uint64, 3))
				}
				if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
					t.Fatal(err)
				}
				if checkErr != nil || errors.Is(syncErr, errDamaged) || errors.Is(syncErr, errGone) {
					t.Errorf("%d left: Check %v, Totals %v", left, checkErr, syncErr)
				}
				if left == 0 && openErr == nil {
					t.Error("nothing ran out")
				}
				if got != nil && got.Quarantined() != "" {
					t.Errorf("quarantined: %s", got.Quarantined())
				}
			}
			if err := l.Sync(ctx); err != nil {
				t.Error(err)
			}
			same(t, l, open(t, dir, abc...), 6, 6, 7)
		})
	}
}

// lowestFree is the number that the next file would get.
func lowestFree(t *testing.T) uint64 {
	t.Helper()
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return uint64(f.Fd())
}

func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	return len(list)
}

func mappings(t *testing.T) int {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Skip(err)
	}
	return strings.Count(string(maps), "/telemetry/"+fileName)
}

// TestNothingLeaks opens and drops many ledgers. Their mappings end when the
// collector finds them, never while one is in use.
func TestNothingLeaks(t *testing.T) {
	needsMapping(t)
	dir := with(directory)(t)
	kept := open(t, dir, abc...)
	before := descriptors(t)
	for range 300 {
		l := open(t, dir, abc...)
		add(t, l, 0, 1)
	}
	if after := descriptors(t); after > before {
		t.Errorf("%d descriptors, before %d", after, before)
	}
	left := mappings(t)
	for range 1000 {
		if left <= 1 {
			break
		}
		runtime.GC()
		left = mappings(t)
	}
	if left != 1 {
		t.Errorf("%d mappings left", left)
	}
	equal(t, kept, 305, 6, 7)
	runtime.KeepAlive(kept)
}
