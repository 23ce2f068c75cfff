package consent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"headcount.example/internal/durable"
)

// place is a File in a directory that does not exist yet.
func place(t *testing.T) *File {
	t.Helper()
	return NewFile(filepath.Join(t.TempDir(), "state", "consent"))
}

func save(t *testing.T, f *File, d Decision, notice int) {
	t.Helper()
	if err := f.Save(context.Background(), Record{Decision: d, Notice: notice, Where: "test", By: "tester"}); err != nil {
		t.Fatal(err)
	}
}

func listing(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// holds checks that the file says d to the notice, and that it can be trusted.
func holds(t *testing.T, f *File, d Decision, notice int) {
	t.Helper()
	if r, err := f.Consent(context.Background()); err != nil || r.Decision != d || r.Notice != notice {
		t.Errorf("got %v to notice %d, %v; want %v to notice %d", r.Decision, r.Notice, err, d, notice)
	}
}

func TestZeroFootprint(t *testing.T) {
	parent := t.TempDir()
	existing := filepath.Join(parent, "existing")
	if err := os.Mkdir(existing, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{existing, filepath.Join(parent, "missing"), filepath.Join(parent, "a", "b")} {
		f := NewFile(dir)
		for _, word := range []string{"", "accept:2", "accept:1", "off"} {
			Evaluate(context.Background(), product, 2, environ{product: word}.lookup, f)
		}
		if records, err := f.History(context.Background()); err != nil || records != nil {
			t.Errorf("%s: history %v, %v", dir, records, err)
		}
		if err := f.Save(context.Background(), Record{}); err == nil {
			t.Error("an undecided record was saved")
		}
	}
	if got := listing(t, parent); !reflect.DeepEqual(got, []string{"existing"}) {
		t.Errorf("reading created %v", got)
	}
	if got := listing(t, existing); got != nil {
		t.Errorf("reading created %v", got)
	}
}

func TestSaveAndRead(t *testing.T) {
	ctx, f := context.Background(), place(t)
	at := time.Date(2026, 1, 2, 3, 4, 5, 678, time.FixedZone("", 3600))
	if err := f.Save(ctx, Record{Decision: Granted, Notice: 1, Time: at, Where: "sign-up form", By: "account 7"}); err != nil {
		t.Fatal(err)
	}
	before := time.Now().Truncate(time.Second)
	if err := f.Save(ctx, Record{Decision: Denied, Notice: 1}); err != nil {
		t.Fatal(err)
	}
	records, err := f.History(ctx)
	if err != nil || len(records) != 2 {
		t.Fatalf("%v, %v", records, err)
	}
	if want := (Record{Decision: Granted, Notice: 1, Time: time.Date(2026, 1, 2, 2, 4, 5, 0, time.UTC), Where: "sign-up form",
		By: "account 7", Since: time.Date(2026, 1, 2, 2, 4, 5, 0, time.UTC)}); records[0] != want {
		t.Errorf("first %+v, want %+v", records[0], want)
	}
	if last := records[1]; last.Decision != Denied || last.Time.Before(before) || last.Time.After(time.Now()) {
		t.Errorf("last %+v", last)
	}
	holds(t, f, Denied, 1)
	holds(t, NewFile(f.dir), Denied, 1)
	if got := listing(t, f.dir); !reflect.DeepEqual(got, []string{fileName, lockName}) {
		t.Errorf("the directory holds %v", got)
	}
}

func TestSaveRefuses(t *testing.T) {
	good := Record{Decision: Granted, Notice: 1, Time: time.Now(), Where: "settings"}
	for _, test := range []struct {
		want   string
		change func(*Record)
	}{
		{"consent: notice -1 is not a positive number", func(r *Record) { r.Notice = -1 }},
		{"consent: notice 0 is not a positive number", func(r *Record) { r.Notice = 0 }},
		{`consent: decision "undecided" is neither granted nor denied`, func(r *Record) { r.Decision = Undecided }},
		{`consent: decision "decision(9)" is neither granted nor denied`, func(r *Record) { r.Decision = 9 }},
		{`consent: where "` + strings.Repeat("x", 101) + `" is not printable text of at most 100 bytes`, func(r *Record) { r.Where = strings.Repeat("x", 101) }},
		{`consent: where "a\n" is not printable text of at most 100 bytes`, func(r *Record) { r.Where = "a\n" }},
		{"consent: by is not printable text of at most 100 bytes", func(r *Record) { r.By = strings.Repeat("x", 101) }},
		{"consent: by is not printable text of at most 100 bytes", func(r *Record) { r.By = "canary\n" }},
		{"consent: time 2999-01-01T00:00:00Z is in the future", func(r *Record) { r.Time = time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC) }},
		{"consent: time 1969-12-31T23:59:59Z is before 1970", func(r *Record) { r.Time = time.Unix(-1, 0) }},
	} {
		f, r := place(t), good
		test.change(&r)
		if err := f.Save(context.Background(), r); err == nil || err.Error() != test.want {
			t.Errorf("error %v, want %s", err, test.want)
		}
		if got := listing(t, f.dir); got != nil {
			t.Errorf("%s: it left %v", test.want, got)
		}
	}
}

func TestSaveKeepsNewest100(t *testing.T) {
	f := place(t)
	for notice := 1; notice <= 102; notice++ {
		save(t, f, Granted, notice)
		if n := notice; n >= 99 {
			records, err := f.History(context.Background())
			if err != nil || len(records) != min(n, 100) || records[0].Notice != max(1, n-99) || records[len(records)-1].Notice != n {
				t.Fatalf("after %d: %d records, %v", n, len(records), err)
			}
		}
	}
}

func TestFileWithoutDirectory(t *testing.T) {
	ctx := context.Background()
	for name, f := range map[string]*File{"nil": nil, "zero": {}, "empty": NewFile("")} {
		_, err1 := f.Consent(ctx)
		_, err2 := f.History(ctx)
		err3 := f.Save(ctx, Record{Decision: Granted, Notice: 1})
		for _, err := range []error{err1, err2, err3} {
			if err == nil || err.Error() != "consent: no directory is given for consent.json" {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestFileKeepsItsPlace(t *testing.T) {
	t.Chdir(t.TempDir())
	f := NewFile("state")
	save(t, f, Denied, 1)
	t.Chdir(t.TempDir())
	holds(t, f, Denied, 1)
}

func TestFileContext(t *testing.T) {
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	f := place(t)
	if err := f.Save(gone, Record{Decision: Denied, Notice: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("save: %v", err)
	}
	if _, err := f.Consent(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("consent: %v", err)
	}
	if listing(t, f.dir) != nil {
		t.Error("a cancelled Save left something behind")
	}
	var none context.Context
	if err := f.Save(none, Record{Decision: Denied, Notice: 1}); err != nil {
		t.Error(err)
	}
	holds(t, f, Denied, 1)
}

func TestSaveWaitsNoLongerThanAsked(t *testing.T) {
	f := place(t)
	save(t, f, Granted, 1)
	unlock, err := durable.Lock(context.Background(), f.path(lockName))
	if err != nil {
		t.Fatal(err)
	}
	err = NewFile(f.dir).Save(withoutLock(t), Record{Decision: Granted, Notice: 2})
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), f.path(lockName)) {
		t.Errorf("a Save against a held lock: %v", err)
	}
	holds(t, f, Granted, 1) // readers do not wait at all
	if err := NewFile(f.dir).Save(withoutLock(t), Record{Decision: Denied, Notice: 1}); err != nil {
		t.Errorf("a no against a held lock: %v", err)
	}
	holds(t, f, Denied, 1)
	unlock()
	save(t, f, Denied, 2)
	holds(t, f, Denied, 2)
}

func TestFileConcurrentSafe(t *testing.T) {
	const writers, each = 8, 10
	f := place(t)
	save(t, f, Granted, 1000)
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			mine := f
			if w%2 == 0 {
				mine = NewFile(f.dir)
			}
			for i := range each {
				if err := mine.Save(context.Background(), Record{Decision: Denied, Notice: 1, Where: fmt.Sprint(w, " ", i)}); err != nil {
					t.Error(err)
				}
				if r, err := mine.Consent(context.Background()); err != nil || r.Decision != Denied {
					t.Errorf("%+v, %v", r, err)
				}
			}
		})
	}
	group.Wait()
	records, err := f.History(context.Background())
	if err != nil || len(records) != 1+writers*each {
		t.Fatalf("%d records, %v", len(records), err)
	}
	next := map[string]int{}
	for _, r := range records[1:] {
		var w string
		var i int
		if _, err := fmt.Sscan(r.Where, &w, &i); err != nil || next[w] != i {
			t.Errorf("record %q is out of order: %v", r.Where, err)
		}
		next[w]++
	}
}
