package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"headcount.example/cmd/headcount/internal/atomicfile"
	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/page/pagetest"
)

// replace replaces the manifest of an archive, as compact does.
func replace(t *testing.T, dir, text string) {
	t.Helper()
	if err := atomicfile.Write(filepath.Join(dir, manifest), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCache(t *testing.T) {
	dir, loads := t.TempDir(), 0
	var failure error
	c := &cache{dir: dir, load: func(context.Context) (*source, error) {
		if loads++; failure != nil {
			return nil, failure
		}
		return &source{}, nil
	}}
	for _, test := range []struct {
		name string
		do   func()
		want int // loads so far
	}{
		{"no manifest", func() {}, 1},
		{"still none: nothing is kept", func() {}, 2},
		{"a manifest", func() { replace(t, dir, "1") }, 3},
		{"unchanged", func() {}, 3},
		{"replaced by one of the same size", func() { replace(t, dir, "2") }, 4},
		{"written again in its place", func() {
			if err := os.Chtimes(filepath.Join(dir, manifest), time.Time{}, time.Unix(1, 0)); err != nil {
				t.Error(err)
			}
		}, 5},
		{"a failure", func() { replace(t, dir, "3"); failure = errors.New("cut short") }, 6},
		{"it is not kept", func() {}, 7},
		{"nor is what was before", func() { failure = nil }, 8},
		{"kept", func() {}, 8},
		{"gone", func() { os.Remove(filepath.Join(dir, manifest)) }, 9},
	} {
		test.do()
		from, err := c.source(t.Context())
		if loads != test.want || err != failure || (from == nil) != (err != nil) {
			t.Errorf("%s: got %d loads, %v and %v, want %d and %v", test.name, loads, from, err, test.want, failure)
		}
	}
}

// What changes while it is read is read again.
func TestCacheOfWhatChanges(t *testing.T) {
	dir, loads := t.TempDir(), 0
	replace(t, dir, "1")
	c := &cache{dir: dir, load: func(context.Context) (*source, error) {
		if loads++; loads == 1 {
			replace(t, dir, "2")
		}
		return &source{}, nil
	}}
	for range 3 {
		if _, err := c.source(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if loads != 2 {
		t.Errorf("got %d loads, want 2", loads)
	}
}

func TestCacheReadsOnceForAll(t *testing.T) {
	dir, loads := t.TempDir(), 0
	replace(t, dir, "1")
	c := &cache{dir: dir, load: func(context.Context) (*source, error) { loads++; return &source{}, nil }}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { _, _ = c.source(context.Background()) })
	}
	all.Wait()
	if loads != 1 {
		t.Errorf("got %d loads, want 1", loads)
	}
}

// A blocked is a response whose reader takes nothing.
type blocked struct {
	http.ResponseWriter
	began, end chan struct{}
}

func (b *blocked) Write([]byte) (int, error) {
	close(b.began)
	<-b.end
	return 0, errors.New("the reader has gone")
}

// Slow readers, as many as there are slots, hold up no other one.
func TestServeSlowReaders(t *testing.T) {
	s := fleetServer(pagetest.New("compreface", 20, 30))
	end := make(chan struct{})
	var readers sync.WaitGroup
	for range busy {
		w := &blocked{httptest.NewRecorder(), make(chan struct{}), end}
		readers.Go(func() {
			s.handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://127.0.0.1/report.json", nil))
		})
		<-w.began
	}
	if len(s.slots) != 0 {
		t.Errorf("got %d slots in use, want 0", len(s.slots))
	} else if w := get(s, "/report.json"); w.Code != 200 {
		t.Errorf("got %d, want 200", w.Code)
	}
	close(end)
	readers.Wait()
}

// A request waits while as many answers as there are slots are computed, and
// ends with its reader.
func TestServeBusy(t *testing.T) {
	s := newServer(func(context.Context) (*source, error) { t.Error("read without a slot"); return &source{}, nil },
		func() day.Day { return pagetest.AsOf })
	for range busy {
		s.slots <- struct{}{}
	}
	for _, path := range []string{"/", "/csv/sizes.csv", "/healthz"} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if w := get(s, path, func(r *http.Request) { *r = *r.WithContext(ctx) }); w.Body.Len() != 0 && path != "/healthz" {
			t.Errorf("%s: got %s, want nothing", path, w.Body)
		}
	}
	if len(s.slots) != busy {
		t.Errorf("got %d slots in use, want %d", len(s.slots), busy)
	}
}
