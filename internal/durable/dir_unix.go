//go:build unix

package durable

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// openFlags follow no link, and wait for no FIFO.
const openFlags = syscall.O_NONBLOCK | syscall.O_NOFOLLOW

// modes is true if permission bits have a meaning.
const modes = true

func owner(info fs.FileInfo) int64 {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int64(stat.Uid)
	}
	return -1 // an unknown owner is not trusted
}

// mine reports whether a file belongs to this user, who may then change its mode.
func mine(info fs.FileInfo) bool { return owner(info) == int64(os.Geteuid()) }

// Owned returns an error if a file belongs to another user than this one or root, or
// its mode has forbidden bits. Root is trusted, because it can write anywhere. The
// error is the end of a sentence.
func Owned(info fs.FileInfo, forbidden fs.FileMode) error {
	owner := owner(info)
	if user := os.Geteuid(); owner != 0 && owner != int64(user) {
		return fmt.Errorf("belongs to user %d, while this is user %d", owner, user)
	}
	if mode := info.Mode().Perm(); mode&forbidden != 0 {
		return fmt.Errorf("is open to other users (mode %04o)", mode)
	}
	return nil
}

// adopt gives a file that root wrote to the owner of its directory, who could not read
// it otherwise.
func adopt(path, dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Uid != 0 {
		return os.Lchown(path, int(stat.Uid), int(stat.Gid))
	}
	return nil
}

// SyncDir writes the last rename or removal in dir to the disk.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
