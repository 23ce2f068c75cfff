package telemetry

import (
	"errors"
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
	if err := os.MkdirAll(filepath.Join(claim+".damaged", "x"), 0o700); err != nil { // nor can it be put aside
		t.Fatal(err)
	}
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
	if said, err := os.ReadFile(claim); string(said) != string(sealed("CompreFace")) {
		t.Errorf("%q, %v", said, err)
	}
}

// TestOlderClaim: the name alone, as it was written before it had a checksum,
// is this product's.
func TestOlderClaim(t *testing.T) {
	s := start(t, "https://stats.vendor.invalid", nil)
	s.decide(t, consent.Granted)
	guid := s.Status().InstallGUID
	finish(s.Client)
	if err := os.WriteFile(filepath.Join(s.dir, "headcount.product"), []byte("CompreFace"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.restart(t)
	if now := s.Status(); now.InstallGUID != guid || exists(filepath.Join(s.dir, "headcount.product.damaged")) {
		t.Errorf("%+v", now)
	}
}

// TestDamagedClaim: what a power loss left of a first start, and what a damaged
// disk says, is not another product's name. It is put aside, and nothing else
// of the installation is lost.
func TestDamagedClaim(t *testing.T) {
	flipped := sealed("CompreFace")
	flipped[0] ^= 1
	for name, damage := range map[string]func(path string) error{
		"empty":   func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"zeros":   func(path string) error { return os.WriteFile(path, make([]byte, 20), 0o600) },
		"a bit":   func(path string) error { return os.WriteFile(path, flipped, 0o600) },
		"cut off": func(path string) error { return os.Truncate(path, 3) },
		"longer":  func(path string) error { return os.WriteFile(path, make([]byte, 5000), 0o600) },
		"a directory": func(path string) error {
			return errors.Join(os.Remove(path), os.MkdirAll(filepath.Join(path, "x"), 0o700))
		},
		"a link": func(path string) error { return errors.Join(os.Remove(path), os.Symlink("/dev/zero", path)) },
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, "https://stats.vendor.invalid", nil)
			s.decide(t, consent.Granted)
			guid := s.Status().InstallGUID
			claim := filepath.Join(s.dir, "headcount.product")
			begun := func() *Client {
				t.Helper()
				c, err := Init(s.config)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { finish(c) })
				return c
			}
			finish(s.Client)
			if err := damage(claim); err != nil {
				t.Fatal(err)
			}
			again := begun()
			if again.Status().InstallGUID != guid {
				t.Errorf("%+v", again.Status())
			}
			finish(again)
			if said, err := os.ReadFile(claim); string(said) != string(sealed("CompreFace")) {
				t.Errorf("%q, %v", said, err)
			}
			if err := os.RemoveAll(claim); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(claim, flipped, 0o600); err != nil {
				t.Fatal(err)
			}
			no := consent.Record{Decision: consent.Denied, Notice: 1, Where: "test"}
			if err := s.decisions.Save(t.Context(), no); err != nil {
				t.Fatal(err)
			}
			if last := begun(); last.Status().Kept || last.Status().On {
				t.Errorf("%+v", last.Status())
			}
		})
	}
}
