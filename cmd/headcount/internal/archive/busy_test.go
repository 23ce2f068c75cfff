package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/schema"
)

// While one command changes the archive, each other one says so and changes
// nothing.
func TestTwoAtOnce(t *testing.T) {
	raw, dir := t.TempDir(), newDir(t)
	write(t, filepath.Join(raw, "usage.jsonl"), many(0, 50), askErase(3, today))
	compact(t, dir, raw)
	unlock, err := lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	before := tree(t, dir)
	appendTo(t, filepath.Join(raw, "usage.jsonl"), line(1, today, 999))
	for _, do := range []string{"compact", "erase", "prune"} {
		j := job{Do: do, Dir: dir, Files: []string{raw}}
		if err := j.do(t.Context()); !errors.Is(err, ErrBusy) {
			t.Errorf("%s: got %v, want %v", do, err, ErrBusy)
		}
		if killed, out := j.start(t); killed || out == "" {
			t.Errorf("%s in another process: got %q, want that it is busy", do, out)
		}
	}
	sameText(t, "files", tree(t, dir), before)
	unlock()
	for _, do := range []string{"compact", "erase", "prune"} {
		if err := (&job{Do: do, Dir: dir, Files: []string{raw}}).do(t.Context()); err != nil {
			t.Errorf("%s after it: %v", do, err)
		}
	}
}

// Of many at once each either works or says that another one does; in the end
// everything was read once.
func TestManyAtOnce(t *testing.T) {
	raw, dir := t.TempDir(), newDir(t)
	path := write(t, filepath.Join(raw, "usage.jsonl"), many(0, 400))
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			if _, err := Compact(t.Context(), dir, CompactOptions{Files: []string{path}, Catalog: "compreface"}); err != nil && !errors.Is(err, ErrBusy) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	compact(t, dir, path)
	if n, again, _ := inputOf(t, dir); n != 400 || again != 0 {
		t.Errorf("got %d reports, %d duplicates, want 400 and 0", n, again)
	}
	whole(t, dir)
}

// Readers see one archive, the old or the new, whatever commands do meanwhile.
func TestReadersWhileItChanges(t *testing.T) {
	raw, dir := t.TempDir(), newDir(t)
	path := write(t, filepath.Join(raw, "usage.jsonl"), many(0, 37))
	compact(t, dir, raw)
	rounds := 12
	if testing.Short() {
		rounds = 4
	}
	ctx, stop := context.WithCancel(t.Context())
	var readers, reading sync.WaitGroup
	seen := make([]int, 3)
	for i := range seen {
		reading.Add(1)
		begun := sync.OnceFunc(reading.Done)
		readers.Go(func() {
			defer begun()
			old, err := Open(dir) // is read again and again, while its files go
			if err != nil {
				t.Error(err)
				return
			}
			for ctx.Err() == nil {
				a, err := Open(dir)
				if err != nil {
					t.Error(err)
					return
				}
				for _, x := range []*Archive{a, old} {
					if err := consistent(x); err != nil {
						t.Error(err)
						return
					}
					seen[i]++
				}
				begun()
			}
		})
	}
	reading.Wait() // nothing changes before each has read once
	for i := range rounds {
		appendTo(t, path, many(37*(i+1), 36), fmt.Sprintf("foreign %d\n", i))
		compact(t, dir, raw)
		if i%4 == 3 {
			appendTo(t, path, askErase(i, today))
			compact(t, dir, raw)
			erase(t, dir, EraseOptions{})
		}
	}
	stop()
	readers.Wait()
	for i, n := range seen {
		if n == 0 {
			t.Errorf("reader %d read nothing", i)
		}
	}
}

// consistent is an error where the figures of an archive do not fit each
// other: each round of the test adds 36 reports and one foreign line.
func consistent(a *Archive) error {
	tables, err := a.Tables(context.Background())
	if err != nil {
		return err
	}
	x := answer.Compute(tables, a.Schema(), a.View(), a.Known(), today, 365)
	rounds := x.Health.Kinds[answer.Foreign]
	if x.Installations.Erased == 0 && x.Input.Reports != 37+36*rounds {
		text, _ := json.Marshal(x.Input)
		return fmt.Errorf("got %s with %d foreign lines: of two archives", text, rounds)
	}
	n, last := 0, [16]byte{}
	err = a.Reports(context.Background(), func(r *schema.Report) error {
		if n++; less(r.GUID, last) {
			return fmt.Errorf("%x comes after %x", r.GUID, last)
		}
		last = r.GUID
		return nil
	})
	if err == nil && n == 0 {
		err = errors.New("no reports")
	}
	return err
}

// Reports gives what was read, by installation and day, and nothing of erased
// installations; it stops where it is told to.
func TestReports(t *testing.T) {
	raw, dir := t.TempDir(), newDir(t)
	write(t, filepath.Join(raw, "usage.jsonl"), line(2, today, 5), line(1, today-40, 1), line(2, today-40, 2), line(3, today, 9), line(2, today, 6), askErase(3, today))
	compact(t, dir, raw)
	a, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	users, ok := a.Schema().Find([]byte(usersMetric))
	if !ok {
		t.Fatal("no series for users")
	}
	var got []string
	collect := func(r *schema.Report) error {
		got = append(got, fmt.Sprint(r.GUID == idOf(1), int(r.Day-today), r.Value(users)))
		return nil
	}
	if err := a.Reports(t.Context(), collect); err != nil {
		t.Fatal(err)
	}
	want := []string{"true -40 1", "false -40 2", "false 0 5", "false 0 6"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	stop := errors.New("enough")
	if err := a.Reports(t.Context(), func(*schema.Report) error { return stop }); err != stop {
		t.Errorf("got %v, want the function's error", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.Reports(ctx, func(*schema.Report) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}
