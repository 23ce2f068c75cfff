package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Permission bits that others must not have.
const (
	othersMayNotWrite fs.FileMode = 0o022
	OthersMayNothing  fs.FileMode = 0o077
)

// Trusted reports whether a directory exists, and returns an error if another user can
// have written in it. It must belong to this user or root, and no other user may have
// the right to write. Trusted follows links, since a data directory is often one. An
// error names the remedy.
func Trusted(dir string) (exists bool, err error) {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(dir); err == nil {
			// Not the same as absent: the decision may be on a disk that is not mounted.
			return false, fmt.Errorf("%q is a link to nothing: mount or create its target", dir)
		}
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("cannot look at the directory: %w", remedy(err))
	}
	if !info.IsDir() {
		return false, fmt.Errorf("%q is not a directory: move it away", dir)
	}
	// Kubernetes' fsGroup sets mode 2770 on our directory at every start of a pod. The
	// group is the pod's, so its files are still ours.
	if mine(info) && info.Mode()&fs.ModeSetgid != 0 && info.Mode().Perm()&OthersMayNothing == 0o070 {
		if repair(dir) {
			_ = os.Chmod(dir, 0o700)
		}
		if info, err = os.Stat(dir); err != nil {
			return true, err
		}
	}
	if err := Owned(info, othersMayNotWrite); err != nil {
		return true, fmt.Errorf("directory %q %w: chown it to the application and chmod 700 it; "+
			"on a volume whose modes are not yours, name a subdirectory that the application makes itself", dir, err)
	}
	return true, nil
}

// repair removes the rights of other users to our files in a directory. It reports
// whether nothing else is there: the host may share its own files on purpose.
func repair(dir string) (alone bool) {
	entries, err := os.ReadDir(dir)
	alone = err == nil
	for _, entry := range entries {
		if !ours(entry.Name()) {
			alone = false
			continue
		}
		info, err := entry.Info()
		if err == nil && info.Mode().IsRegular() && Owned(info, 0o007) == nil {
			_ = os.Chmod(filepath.Join(dir, entry.Name()), info.Mode().Perm()&^OthersMayNothing)
		}
	}
	return alone
}

// ours reports whether the library writes a file or directory of that name, or a
// temporary file for it.
func ours(name string) bool {
	name = strings.TrimPrefix(name, ".")
	return strings.HasPrefix(name, "consent.") || strings.HasPrefix(name, "headcount.") || name == "journal" || name == "erasure"
}

// MakeTrusted makes a directory for its owner alone. If the directory exists, it
// returns the error of [Trusted].
func MakeTrusted(dir string) error {
	exists, err := Trusted(dir)
	if err != nil || exists {
		return err
	}
	Step("make directory")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("cannot make the directory: %w", remedy(err))
	}
	// Again: another process may have made it with other modes.
	_, err = Trusted(dir)
	return err
}

// Reclaim makes a directory usable for a no: its owner gets every right, and others
// may not write in it. It leaves the mode of a directory that belongs to another user,
// or holds files that are not the library's.
func Reclaim(dir string) {
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() || !mine(info) {
		return
	}
	before := info.Mode()
	usable := before.Perm()&^othersMayNotWrite | 0o700
	if before.Perm() == usable {
		return
	}
	_ = os.Chmod(dir, before|0o700) // so that it can be listed
	if !repair(dir) {
		usable = before
	}
	_ = os.Chmod(dir, usable)
}
