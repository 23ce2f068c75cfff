package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"headcount.example/internal/durable"
)

func TestReopened(t *testing.T) {
	for kind, empty := range kinds {
		t.Run(kind, func(t *testing.T) {
			dir := empty(t)
			l := open(t, dir, abc...)
			if l.Mapped() != (kind == "mapped" && mappable(dir)) {
				t.Skip("totals are not mapped on this system, or not on this file system")
			}
			equal(t, l, 0, 0, 0)
			id := l.Identity()
			if id.GUID.Version() != 4 || !id.Day.Equal(noon.Truncate(24*60*60*1e9)) || id.Phase%1e9 != 0 {
				t.Errorf("identity %v", id)
			}
			for round := range uint64(3) {
				add(t, l, 1, 2)
				if err := l.Sync(ctx); err != nil {
					t.Fatal(err)
				}
				next := open(t, dir, abc...)
				same(t, l, next, 0, 2*round+2, 0)
				l = next
			}
		})
	}
}

// TestCatalogs goes through every order of catalogs that grow, shrink, rename
// and exchange, in one directory each. Every total stays under its name.
func TestCatalogs(t *testing.T) {
	long := more()
	catalogs := [][]string{{"a"}, {"b", "a"}, {"c", "b", "d"}, {"renamed", "a"}, {}, long}
	for kind, empty := range kinds {
		for _, order := range permutations(len(catalogs)) {
			if testing.Short() && (order[0]+order[1])%5 != 0 {
				continue
			}
			dir := empty(t)
			want := make(map[string]uint64)
			for turn := range 2 {
				for _, c := range order {
					series := catalogs[c]
					l := open(t, dir, series...)
					if l.Quarantined() != "" {
						t.Fatalf("%s, %v: quarantined: %s", kind, order, l.Quarantined())
					}
					for i, got := range l.totals(t) {
						if got != want[series[i]] {
							t.Fatalf("%s, %v, turn %d: %s is %d, want %d", kind, order, turn, series[i], got, want[series[i]])
						}
						add(t, l, i, uint64(i+1))
						want[series[i]] += uint64(i + 1)
					}
					if err := l.Sync(ctx); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
}

// permutations of few enough numbers, a third of them.
func permutations(n int) (all [][]int) {
	var extend func(chosen []int)
	count := 0
	extend = func(chosen []int) {
		if len(chosen) == n {
			if count++; count%12 == 0 {
				all = append(all, append([]int(nil), chosen...))
			}
			return
		}
	next:
		for i := range n {
			for _, c := range chosen {
				if c == i {
					continue next
				}
			}
			extend(append(chosen, i))
		}
	}
	extend(nil)
	return all
}

// TestMoreSeries lets another process count in the file while this one adds
// series to it, twice.
func TestMoreSeries(t *testing.T) {
	needsMapping(t)
	const each = 20_000
	dir := directory(t)
	other := start(t, "add", dir, fmt.Sprint(each), "a", "b", "c")
	other.hears("open")
	older := open(t, dir, abc...)
	other.says("go")
	l := open(t, dir, more()...)
	for range each {
		add(t, l, 0, 1)
	}
	longest := open(t, dir, append(more(), append(mores("even"), mores("still")...)...)...)
	other.hears("refused 0")
	other.says("go")
	for range each {
		add(t, longest, 2, 1)
		add(t, older, 1, 1)
	}
	add(t, longest, len(more()), 9)
	other.hears("refused 0")
	equal(t, older, 3*each, 3*each, 3*each)
	for name, l := range map[string]*Ledger{"older": older, "longer": l, "longest": longest} {
		if err := l.Check(ctx); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	same(t, older, open(t, dir, "even.0", "a"), 9, 3*each)
}

func mores(prefix string) (list []string) {
	for i := range spare {
		list = append(list, fmt.Sprint(prefix, ".", i))
	}
	return list
}

// TestManyAtOnce opens a fresh directory from many goroutines: a yes given
// several times at once makes one installation.
func TestManyAtOnce(t *testing.T) {
	needsMapping(t)
	for name, before := range map[string]func(string){
		"nothing": func(string) {},
		"damage":  func(dir string) { _ = os.WriteFile(filepath.Join(dir, fileName), []byte("damaged"), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := directory(t)
			before(dir)
			ledgers := make([]*Ledger, 20)
			var all sync.WaitGroup
			for i := range ledgers {
				all.Go(func() {
					ledgers[i] = open(t, dir, abc[i%3])
					ledgers[i].Add(ledgers[i].Slot(0), 1)
				})
			}
			all.Wait()
			said := 0
			for _, l := range ledgers {
				if l.Identity() != ledgers[0].Identity() {
					t.Error("two identities")
				}
				if l.Quarantined() != "" {
					said++
				}
			}
			if said != map[string]int{"nothing": 0, "damage": 1}[name] {
				t.Errorf("damage was said %d times", said)
			}
			equal(t, open(t, dir, abc...), 7, 7, 6)
		})
	}
}

func TestRefusedAtOpen(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	shared := directory(t)
	if err := os.Chmod(shared, 0o770); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		dir    string
		series []string
		want   string
	}{
		"no directory":     {"", abc, "no directory"},
		"a file instead":   {file, abc, "not a directory"},
		"below a file":     {filepath.Join(file, "x"), abc, "not a directory"},
		"others may write": {shared, abc, "open to other users"},
	} {
		t.Run(name, func(t *testing.T) {
			if runtime.GOOS == "windows" {
				t.Skip("other words and rights there")
			}
			if _, err := openIn(c.dir, c.series); err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "ledger: ") {
				t.Errorf("%v", err)
			}
			if _, err := os.Lstat(filepath.Join(c.dir, fileName)); err == nil {
				t.Error("made a ledger")
			}
		})
	}
}

func TestNoRoomForSeries(t *testing.T) {
	needsMapping(t)
	dir := with(directory)(t)
	names := make([]string, maxSeries-spare)
	for i := range names {
		names[i] = fmt.Sprint("x", i)
	}
	l := open(t, dir, names...)
	add(t, l, len(names)-1, 4)
	if _, err := openIn(dir, mores("full")); err == nil || !strings.Contains(err.Error(), "no room") {
		t.Errorf("%v", err)
	}
	same(t, l, open(t, dir, append(abc, names[len(names)-1])...), 5, 6, 7, 4)
}

func TestWaitsForTheLockAsLongAsTold(t *testing.T) {
	dir := with(foldedDirectory)(t)
	l := open(t, dir, abc...)
	add(t, l, 0, 1)
	release, err := durable.Lock(ctx, filepath.Join(dir, lockName))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan error, 2)
	go func() { _, err := Open(ctx, Place{Dir: dir}, owner, abc, noon, yes); done <- err }()
	go func() { done <- l.Sync(ctx) }()
	cancel(nil)
	for range 2 {
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	}
	release()
	equal(t, l, 6, 6, 7)
}

// TestOwner: a directory is one product's, and a ledger belongs to one yes.
func TestOwner(t *testing.T) {
	for kind, empty := range kinds {
		t.Run(kind, func(t *testing.T) {
			dir := with(empty)(t)
			l := open(t, dir, abc...)
			other := Owner{Product: "Other"}
			if _, err := Open(ctx, Place{Dir: dir}, other, abc, noon, yes); err == nil || !strings.Contains(err.Error(), `belongs to "Shop"`) {
				t.Errorf("another product: got %v", err)
			}
			if err := Destroy(ctx, Place{Dir: dir}, other.Product, yes); err != nil {
				t.Error(err)
			}
			same(t, l, open(t, dir, abc...), 5, 6, 7)
			later := Owner{Product: owner.Product, Yes: 1_790_000_000}
			next, err := Open(ctx, Place{Dir: dir}, later, abc, noon, yes)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, next, 0, 0, 0)
			if next.Identity() == l.Identity() || l.Check(ctx) == nil {
				t.Errorf("a later yes: got the same identity, or the earlier ledger goes on: %v", l.Check(ctx))
			}
			add(t, next, 0, 3)
			if err := next.Sync(ctx); err != nil {
				t.Fatal(err)
			}
			for _, o := range []Owner{later, owner} { // the latter does not know which yes
				again, err := Open(ctx, Place{Dir: dir}, o, abc, noon, yes)
				if err != nil {
					t.Fatal(err)
				}
				same(t, next, again, 3, 0, 0)
			}
		})
	}
}
