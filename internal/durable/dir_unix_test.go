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

// TestReclaim: a no changes the mode of a directory that is ours alone, and of no
// other.
func TestReclaim(t *testing.T) {
	const sticky = fs.ModeSticky | 0o777
	for _, c := range []struct {
		mode  fs.FileMode
		entry string
		uid   int // of the directory; 0 is this user
		want  fs.FileMode
	}{
		{0o700, "consent.json", 0, 0o700},
		{0o750, "consent.json", 0, 0o750},
		{0o777, "consent.json", 0, 0o755},
		{0o770, "", 0, 0o750},
		{0o500, "headcount.totals", 0, 0o700},
		{0o100, "journal", 0, 0o700},
		{0o770, "other.db", 0, 0o770},
		{sticky, "other.db", 0, sticky},
		{0o500, "other.db", 0, 0o500},
		{0o100, "other.db", 0, 0o100},
		{0o777, "consent.json", 65534, 0o777},
	} {
		dir := filepath.Join(t.TempDir(), "telemetry")
		err := os.Mkdir(dir, 0o700)
		if err == nil && c.entry != "" {
			err = os.WriteFile(filepath.Join(dir, c.entry), nil, 0o600)
		}
		if err == nil && c.uid != 0 {
			if os.Getuid() != 0 {
				continue // only root can give a directory away
			}
			err = os.Chown(dir, c.uid, c.uid)
		}
		if err = errors.Join(err, os.Chmod(dir, c.mode)); err != nil {
			t.Fatal(err)
		}
		Reclaim(dir)
		info, err := os.Stat(dir)
		if err != nil || info.Mode()&^fs.ModeDir != c.want {
			t.Errorf("mode %v with %q: got %v, %v, want %v", c.mode, c.entry, info.Mode(), err, c.want)
		}
		_ = os.Chmod(dir, 0o700)
	}
}
