package telemetry

import (
	"os"
	"path/filepath"
	"testing"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
)

// TestNothingIsSentBeforeItIsOnTheDisk: where the first start cannot be synced
// no report leaves, and the next one does when it can be.
func TestNothingIsSentBeforeItIsOnTheDisk(t *testing.T) {
	r := receive(t)
	s := start(t, r.URL, nil)
	s.decide(t, consent.Granted)
	s.Add(compreface.UserCreated, 1)
	claim := filepath.Join(s.dir, "headcount.product")
	for { // a directory stands for a disk that fails; the client's goroutine may make the file once more
		_ = os.Remove(claim)
		if err := os.Mkdir(claim, 0o700); err == nil {
			break
		}
	}
	if err := s.Flush(t.Context()); err == nil || r.count() != 0 {
		t.Errorf("%v, and %d reports", err, r.count())
	}
	if err := os.Remove(claim); err != nil {
		t.Fatal(err)
	}
	s.flush(t)
	want(t, r.last(t), userCreated+"1")
	if said, err := os.ReadFile(claim); string(said) != "CompreFace" {
		t.Errorf("%q, %v", said, err)
	}
}

// TestEmptyClaim is what a power loss leaves of a first start.
func TestEmptyClaim(t *testing.T) {
	s := start(t, "https://stats.vendor.invalid", nil)
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	claim := filepath.Join(s.dir, "headcount.product")
	if err := os.WriteFile(claim, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.decide(t, consent.Granted)
	if said, err := os.ReadFile(claim); string(said) != "CompreFace" || !s.Status().On {
		t.Errorf("%q, %v, %+v", said, err, s.Status())
	}
}
