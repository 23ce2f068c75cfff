//go:build unix

package consent

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// openFlags: a pipe must not block, and a link must not lead elsewhere.
const openFlags = syscall.O_NONBLOCK | syscall.O_NOFOLLOW

// trusted reports as the end of a sentence why somebody else may have written
// what info describes. Root could write anywhere in any case.
func trusted(info fs.FileInfo, forbidden fs.FileMode) error {
	owner := ^uint32(0) // unknown is nobody's
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		owner = stat.Uid
	}
	if user := os.Geteuid(); owner != 0 && int64(owner) != int64(user) {
		return fmt.Errorf("belongs to user %d, while this is user %d", owner, user)
	}
	if mode := info.Mode().Perm(); mode&forbidden != 0 {
		return fmt.Errorf("is open to other users (mode %04o)", mode)
	}
	return nil
}

// syncDirectory waits until renames in dir are on disk.
func syncDirectory(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
