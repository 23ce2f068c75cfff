package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func TestNothingBeforeTheFirst(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	if list, err := New(dir).Entries(); list != nil || err != nil {
		t.Errorf("%v, %v", list, err)
	}
	if _, err := os.Lstat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Error("reading made a directory")
	}
}

func TestBeginAndEnd(t *testing.T) {
	dir := t.TempDir()
	j := New(dir)
	for i, outcome := range []string{Delivered, "not delivered: the answer is 503", strings.Repeat("x", 1000)} {
		n, err := j.Begin(noon, "https://stats.example/v1/metrics", []byte{byte(i), 0, 0xFF})
		if err != nil || n != i+1 {
			t.Fatalf("entry %d, %v", n, err)
		}
		if list, err := j.Entries(); err != nil || list[0].Outcome != "" || !list[0].Finished.IsZero() {
			t.Errorf("intent: %+v, %v", list[0], err)
		}
		if err := j.End(noon.Add(time.Minute), n, outcome); err != nil {
			t.Fatal(err)
		}
	}
	list, err := New(dir).Entries()
	if err != nil || len(list) != 3 {
		t.Fatalf("%d entries, %v", len(list), err)
	}
	if list[2].Outcome != "delivered" || list[1].Outcome != "not delivered: the answer is 503" || len(list[0].Outcome) != maxText {
		t.Errorf("outcomes %q, %q, %d bytes", list[2].Outcome, list[1].Outcome, len(list[0].Outcome))
	}
	if got := fmt.Sprintf("%v %x %s", list[1].Time, list[1].Request, list[1].URL); got != "2026-05-01 12:00:00 +0000 UTC 0100ff https://stats.example/v1/metrics" {
		t.Error(got)
	}
	if info, err := os.Stat(j.path(1)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// TestWhatArrivedStays though a receiver refuses for months: the page promises
// 90 reports.
func TestWhatArrivedStays(t *testing.T) {
	j := New(t.TempDir())
	for i := range 3 * 90 {
		n, err := j.Begin(noon, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		outcome := "not delivered: the answer is 503"
		if i < 61 {
			outcome = Delivered
		}
		if err := j.End(noon, n, outcome); err != nil {
			t.Fatal(err)
		}
	}
	list, err := j.Entries()
	if err != nil || len(list) != 90 {
		t.Fatalf("%d entries, %v", len(list), err)
	}
	arrived := 0
	for _, e := range list {
		if e.Outcome == Delivered {
			arrived++
		}
	}
	if arrived != 59 || list[0].Number != 270 {
		t.Errorf("%d that arrived are left, the newest is %d", arrived, list[0].Number)
	}
}

// TestNumbersOfMoreDigits: a file of another program makes the numbers
// long, and hides nothing.
func TestNumbersOfMoreDigits(t *testing.T) {
	j := New(t.TempDir())
	if err := os.MkdirAll(j.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(j.path(99_999_999), []byte(`{"number":99999999}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := j.Begin(noon, "", nil); err != nil {
			t.Fatal(err)
		}
	}
	if list, err := j.Entries(); err != nil || len(list) != 4 || list[0].Number != 100_000_002 {
		t.Errorf("%d entries, %v", len(list), err)
	}
}

func TestBounded(t *testing.T) {
	j := New(t.TempDir())
	for i := range Kept + 1 {
		if _, err := j.Begin(noon, "", nil); err != nil {
			t.Fatal(err)
		}
		list, err := j.Entries()
		if want := min(i+1, Kept); err != nil || len(list) != want || list[0].Number != i+1 || list[len(list)-1].Number != i+2-want {
			t.Fatalf("after %d: %d entries, %v", i+1, len(list), err)
		}
	}
}

// What is damaged or foreign hides nothing else, and is said.
func TestDamage(t *testing.T) {
	j := New(t.TempDir())
	for range 3 {
		if _, err := j.Begin(noon, "", []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	for name, damage := range map[string]func(path string) error{
		"truncated":     func(p string) error { return os.Truncate(p, 5) },
		"empty":         func(p string) error { return os.Truncate(p, 0) },
		"other number":  func(p string) error { return os.WriteFile(p, []byte(`{"number":9}`), 0o600) },
		"a huge one":    func(p string) error { return os.Truncate(p, maxEntry+1) },
		"not an object": func(p string) error { return os.WriteFile(p, []byte(`[1]`), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			if err := damage(j.path(2)); err != nil {
				t.Fatal(err)
			}
			list, err := j.Entries()
			if len(list) != 2 || err == nil || !strings.Contains(err.Error(), "00000002.json") {
				t.Errorf("%d entries, %v", len(list), err)
			}
			if err := j.End(noon, 2, Delivered); err == nil {
				t.Error("the outcome of a damaged entry was noted")
			}
		})
	}
	for _, name := range []string{"notes.txt", "1.json", "-0000001.json", "00000000.json", "000000003.json", "99999999999999999999.json"} {
		if err := os.WriteFile(filepath.Join(j.dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(j.path(99), 0o700); err != nil {
		t.Fatal(err)
	}
	if list, _ := j.Entries(); len(list) != 2 {
		t.Errorf("%d entries among foreign files", len(list))
	}
	if n, err := j.Begin(noon, "", nil); n != 4 || err != nil {
		t.Errorf("next entry %d, %v", n, err)
	}
}

func TestNoPlace(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, dirName), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := New(dir).Begin(noon, "", nil); n != 0 || err == nil {
		t.Errorf("entry %d, %v", n, err)
	}
}

// One writes while others read.
func TestReadersSeeWholeEntries(t *testing.T) {
	j := New(t.TempDir())
	var readers sync.WaitGroup
	stop := make(chan struct{})
	for range 3 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					if _, err := j.Entries(); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	for range 200 {
		n, err := j.Begin(noon, "", make([]byte, 600))
		if err != nil {
			t.Fatal(err)
		}
		if err := j.End(noon, n, Delivered); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	readers.Wait()
}

func FuzzEntry(f *testing.F) {
	f.Add([]byte(`{"number":1,"time":"2026-05-01T12:00:00Z","url":"u","request":"AP8=","outcome":"delivered"}`))
	f.Add([]byte(`{"number":1`))
	j := New(f.TempDir())
	if _, err := j.Begin(noon, "", nil); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(j.path(1), data, 0o600); err != nil {
			t.Fatal(err)
		}
		list, err := j.Entries()
		if len(list) == 1 && list[0].Number != 1 || len(list) == 0 && err == nil {
			t.Errorf("%+v, %v", list, err)
		}
	})
}

// Reports and a request to erase can be sent at once, and by several
// processes.
func TestWritersAtOnce(t *testing.T) {
	dir := t.TempDir()
	var writers sync.WaitGroup
	for w := range 8 {
		writers.Go(func() {
			j := New(dir) // as another process would
			for i := range 5 {
				n, err := j.Begin(noon, fmt.Sprintf("%d/%d", w, i), nil)
				if err == nil {
					err = j.End(noon, n, Delivered)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	list, err := New(dir).Entries()
	seen := map[string]bool{}
	for _, e := range list {
		seen[e.URL] = e.Outcome == "delivered"
	}
	if err != nil || len(list) != 40 || len(seen) != 40 {
		t.Errorf("%d entries, %d different, %v", len(list), len(seen), err)
	}
}
