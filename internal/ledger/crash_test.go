package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"headcount.example/internal/durable"
)

const spare = 16

// more is a larger catalog.
func more() []string {
	list := slices.Clone(abc)
	for i := range spare + 40 {
		list = append(list, fmt.Sprint("more.", i))
	}
	return list
}

// actions are what a process is doing when it is killed.
var actions = map[string]func(dir string) error{
	"open":    func(dir string) error { return opened(dir, abc) },
	"grow":    func(dir string) error { return opened(dir, append(slices.Clone(abc), "d")) },
	"extend":  func(dir string) error { return opened(dir, more()) },
	"destroy": func(dir string) error { return destroyIn(dir) },
	"sync": func(dir string) error {
		l, err := openIn(dir, abc)
		if err != nil {
			return err
		}
		l.Add(l.Slot(1), 100)
		return l.Sync(context.Background())
	},
}

func opened(dir string, series []string) error {
	_, err := openIn(dir, series)
	return err
}

// crashCommand kills its own process, as kill -9 does, before the k-th change
// to the file system; writes are made in small pieces of an odd length.
func crashCommand(args []string) error {
	k, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		return err
	}
	pieces = 15_001
	steps := 0
	durable.Step = func(string) {
		if steps++; steps == k {
			_ = self.Kill()
			select {}
		}
	}
	return actions[args[1]](args[0])
}

// crashes does an action again and again, killed one step later each time,
// until it gets through. Every time dir is made anew, and looked at after.
func crashes(t *testing.T, action string, make func(*testing.T) string, look func(t *testing.T, dir string, killed bool)) {
	t.Helper()
	k := 0
	for killed := true; killed; {
		k++
		dir := make(t)
		p := start(t, "crash", dir, action, strconv.Itoa(k))
		text := ""
		for p.out.Scan() {
			text += p.out.Text()
		}
		killed = p.Wait() != nil
		if text != "" {
			t.Fatalf("step %d: %s", k, text)
		}
		look(t, dir, killed)
		if t.Failed() {
			t.Fatalf("killed before step %d", k)
		}
	}
	if k < 5 {
		t.Errorf("only %d steps", k)
	}
	t.Logf("%s: killed before each of %d steps", action, k-1)
}

// with is a directory with totals 5, 6 and 7.
func with(empty func(testing.TB) string) func(*testing.T) string {
	return func(t *testing.T) string {
		dir := empty(t)
		l := open(t, dir, abc...)
		for i := range abc {
			add(t, l, i, uint64(5+i))
		}
		if err := l.Sync(ctx); err != nil {
			t.Fatal(err)
		}
		return dir
	}
}

var kinds = map[string]func(testing.TB) string{"mapped": directory, "folded": foldedDirectory}

// guid reads the identifier that the files of dir hold.
func guid(t *testing.T, dir string) []byte {
	t.Helper()
	id, _, err := Peek(ctx, Place{Dir: dir}, owner.Product)
	if err != nil {
		t.Fatal(err)
	}
	return id.GUID[:]
}

func holdsBytes(t *testing.T, dir string, b []byte) bool {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if content, err := os.ReadFile(filepath.Join(dir, f.Name())); err != nil || bytes.Contains(content, b) || bytes.Contains(content, []byte(uuid.UUID(b).String())) {
			return true
		}
	}
	return false
}

func TestKilledWhileCreating(t *testing.T) {
	t.Parallel()
	crashes(t, "open", func(t *testing.T) string { return filepath.Join(directory(t), "new", "new") },
		func(t *testing.T, dir string, killed bool) {
			id, _, err := Peek(ctx, Place{Dir: dir}, owner.Product)
			none := id.GUID == uuid.Nil
			if err != nil || none && !killed {
				t.Errorf("got %v, %v, want a sound file, or nothing where it was killed", id, err)
			}
			l := open(t, dir, abc...)
			equal(t, l, 0, 0, 0)
			if left := durable.Leftovers(pathOf(dir)); len(left) != 0 {
				t.Errorf("left: %q", left)
			}
			if l.Quarantined() != "" || !none && id != l.Identity() {
				t.Errorf("quarantined %q, identity %v", l.Quarantined(), l.Identity())
			}
		})
}

func TestKilledWhileGrowing(t *testing.T) {
	needsMapping(t)
	for _, action := range []string{"grow", "extend"} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			var running *Ledger
			crashes(t, action,
				func(t *testing.T) string {
					dir := with(directory)(t)
					running = open(t, dir, abc...)
					return dir
				},
				func(t *testing.T, dir string, killed bool) {
					add(t, running, 0, 10) // a process that had it open all along
					if err := running.Sync(ctx); err != nil {
						t.Fatal(err)
					}
					equal(t, running, 15, 6, 7)
					same(t, running, open(t, dir, "c", "b", "a"), 7, 6, 15)
					same(t, running, open(t, dir, more()...), append([]uint64{15, 6, 7}, make([]uint64, spare+40)...)...)
					equal(t, running, 15, 6, 7)
				})
		})
	}
}

// same checks that a ledger is the same installation's, with these totals.
func same(t *testing.T, want, l *Ledger, totals ...uint64) {
	t.Helper()
	equal(t, l, totals...)
	if l.Quarantined() != "" || l.Identity() != want.Identity() {
		t.Errorf("quarantined: %q, identity %v instead of %v", l.Quarantined(), l.Identity(), want.Identity())
	}
}

func TestKilledWhileRepairing(t *testing.T) {
	needsMapping(t)
	t.Parallel()
	crashes(t, "open",
		func(t *testing.T) string {
			dir := with(directory)(t)
			damageByte(t, filepath.Join(dir, fileName), headerSize+atKey)
			return dir
		},
		func(t *testing.T, dir string, killed bool) {
			l := open(t, dir, abc...)
			equal(t, l, 0, 0, 0)
			list, err := filepath.Glob(filepath.Join(dir, "*.damaged"))
			if err != nil || len(list) != 1 {
				t.Errorf("%d quarantined, %v", len(list), err)
			}
		})
}

func damageByte(t *testing.T, path string, at int64) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	writeAt(t, path, []byte{content[at] ^ 0xFF}, at)
}

func writeAt(t *testing.T, path string, b []byte, at int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err == nil {
		_, err = f.WriteAt(b, at)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestKilledWhileFolding(t *testing.T) {
	t.Parallel()
	crashes(t, "sync", with(foldedDirectory), func(t *testing.T, dir string, killed bool) {
		l := open(t, dir, abc...)
		if got := l.totals(t); got[0] != 5 || got[2] != 7 || got[1] != 106 && (got[1] != 6 || !killed) {
			t.Errorf("totals %v", got)
		}
		add(t, l, 0, 1)
		if err := l.Sync(ctx); err != nil || len(durable.Leftovers(pathOf(dir))) > 0 {
			t.Errorf("got %v, left %q, want nothing of the killed process", err, durable.Leftovers(pathOf(dir)))
		}
	})
}

// TestKilledWhileDestroying also has a damaged copy with the same identifier.
// Either nothing happened yet, or the next process to open the directory finishes.
func TestKilledWhileDestroying(t *testing.T) {
	for kind, empty := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			var before []byte
			var running *Ledger
			crashes(t, "destroy",
				func(t *testing.T) string {
					dir := with(empty)(t)
					before = guid(t, dir)
					running = open(t, dir, abc...)
					path := pathOf(dir)
					content, err := os.ReadFile(path)
					if err == nil {
						err = os.WriteFile(filepath.Join(dir, "."+filepath.Base(path)+".new-1"), content[:min(len(content), headerSize-1)], 0o600)
					}
					if err == nil {
						err = os.WriteFile(damagedName(path), content, 0o600)
					}
					if err != nil {
						t.Fatal(err)
					}
					return dir
				},
				func(t *testing.T, dir string, killed bool) {
					err := running.Check(ctx)
					l := open(t, dir, abc...)
					if bytes.Equal(guid(t, dir), before) {
						if !killed || err != nil {
							t.Errorf("nothing destroyed, but %v", err)
						}
						equal(t, l, 5, 6, 7)
						return
					}
					equal(t, l, 0, 0, 0)
					if err == nil {
						t.Error("a process that had it open does not see it")
					}
					if holdsBytes(t, dir, before) {
						t.Error("the identifier is still there")
					}
					if running.Mapped() && running.Add(running.Slot(0), 1) {
						t.Error("still counts")
					}
					if l.Quarantined() != "" {
						t.Error(strings.TrimSpace(l.Quarantined()))
					}
				})
		})
	}
}

// TestKilledWhileFinishing kills the process that finishes a destruction.
func TestKilledWhileFinishing(t *testing.T) {
	needsMapping(t)
	t.Parallel()
	var before []byte
	crashes(t, "open",
		func(t *testing.T) string {
			dir := with(directory)(t)
			before = guid(t, dir)
			writeAt(t, pathOf(dir), native.AppendUint64(nil, closedWord), atClosed)
			return dir
		},
		func(t *testing.T, dir string, killed bool) {
			l := open(t, dir, abc...)
			equal(t, l, 0, 0, 0)
			if holdsBytes(t, dir, before) || l.Quarantined() != "" {
				t.Errorf("the identifier is still there, or quarantined: %q", l.Quarantined())
			}
		})
}
