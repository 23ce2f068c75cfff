//go:build unix

package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Kubernetes opens a directory to the pod's group. Where the host keeps files of
// its own in it, they and the directory stay as they are.
func TestRepairLeavesWhatIsNotOurs(t *testing.T) {
	for _, host := range []string{"", "other.db"} {
		dir := filepath.Join(t.TempDir(), "telemetry")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"consent.json", "headcount.totals", host} {
			if name == "" {
				continue
			}
			path := filepath.Join(dir, name)
			if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chmod(path, 0o660)); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(dir, 0o770|fs.ModeSetgid); err != nil {
			t.Fatal(err)
		}
		_, err := Trusted(dir)
		if got := err == nil; got != (host == "") {
			t.Errorf("with %q: got trusted %v (%v), want %v", host, got, err, host == "")
		}
		for name, want := range map[string]fs.FileMode{"consent.json": 0o600, "headcount.totals": 0o600, host: 0o660} {
			if info, err := os.Stat(filepath.Join(dir, name)); name != "" && (err != nil || info.Mode().Perm() != want) {
				t.Errorf("with %q: %s: got the mode %v, %v; want %v", host, name, info.Mode(), err, want)
			}
		}
	}
}
