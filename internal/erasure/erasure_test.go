package erasure

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

const url = "https://stats.vendor.example/v1/metrics"

// A request is kept once, and its receipt does not say the identifier.
func TestKeepAndArrive(t *testing.T) {
	dir := t.TempDir()
	s, id, now := New(dir, "Shop"), uuid.New(), time.Now()
	for range 2 {
		if err := s.Keep(id, url, now, false); err != nil {
			t.Fatal(err)
		}
	}
	pending := s.Pending()
	if len(pending) != 1 || pending[0].GUID != id || pending[0].URL != url {
		t.Fatalf("got %+v, want one request for %v", pending, id)
	}
	if other := New(dir, "Other").Pending(); len(other) != 0 {
		t.Errorf("got %+v for another product, want none", other)
	}
	if err := s.Arrived(pending[0], now); err != nil {
		t.Fatal(err)
	}
	if got := s.Receipts(); len(s.Pending()) != 0 || len(got) != 1 || got[0].GUID != uuid.Nil || !strings.Contains(got[0].String(), "was delivered on") {
		t.Errorf("got the receipts %+v, want one of a delivered request", got)
	}
	if err := s.Keep(id, url, now, false); err != nil || len(s.Pending()) != 0 {
		t.Errorf("got %v and %+v, want that a request that arrived is not kept again", err, s.Pending())
	}
}

// A request that two processes end at once is over, and that is no error.
func TestEndedTwice(t *testing.T) {
	s, now := New(t.TempDir(), "Shop"), time.Now()
	if err := s.Keep(uuid.New(), url, now, false); err != nil {
		t.Fatal(err)
	}
	request := s.Pending()[0]
	for range 2 {
		if err := s.Arrived(request, now); err != nil || len(s.Pending()) != 0 || !s.Delivered(request.GUID) {
			t.Errorf("got %v and %+v, want none that waits", err, s.Pending())
		}
	}
}

// The name of a directory is no pattern.
func TestOddDirectory(t *testing.T) {
	s := New(filepath.Join(t.TempDir(), "[a]"), "Shop")
	if err := s.Keep(uuid.New(), url, time.Now(), false); err != nil {
		t.Fatal(err)
	}
	if got := s.Pending(); len(got) != 1 {
		t.Errorf("got %d requests, want 1", len(got))
	}
}

// No more than 100 requests wait, and ten receipts stay.
func TestBounds(t *testing.T) {
	s, now := New(t.TempDir(), "Shop"), time.Now()
	for i := range maxRequests + 1 {
		if err := s.Keep(uuid.New(), url, now.Add(time.Duration(i)*time.Second), false); (err != nil) != (i == maxRequests) {
			t.Fatalf("request %d: got %v", i+1, err)
		}
	}
	if err := s.Tidy(now.Add(Timeout + time.Hour)); err != nil || len(s.Pending()) != 0 {
		t.Errorf("got %v and %d requests after 14 days, want none", err, len(s.Pending()))
	}
	if got := s.Receipts(); len(got) != maxReceipts || !strings.Contains(got[0].String(), "given up") {
		t.Errorf("got %d receipts, want %d of requests that were given up", len(got), maxReceipts)
	}
}

func FuzzRequest(f *testing.F) {
	f.Add([]byte(`{"install_guid":"560eee90-5fca-41eb-988b-0242ac120003","product":"CompreFace","asked":"2026-01-01T00:00:00Z"}`))
	f.Add([]byte(`{"asked":"x"}`))
	s := New(f.TempDir(), "CompreFace")
	path := s.path(uuid.MustParse("560eee90-5fca-41eb-988b-0242ac120003"), Suffix)
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, r := range s.Pending() {
			if r.GUID.Version() != 4 {
				t.Errorf("trusted %q", data)
			}
		}
	})
}
