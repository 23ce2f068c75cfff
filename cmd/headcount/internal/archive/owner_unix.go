//go:build unix

package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// keepOwner gives a file the owner that another one has, where this process
// may do that.
func keepOwner(f *os.File, like fs.FileInfo) {
	if s, ok := like.Sys().(*syscall.Stat_t); ok {
		f.Chown(int(s.Uid), int(s.Gid))
	}
}

// owned is an error where root would leave files of its own in the archive of
// another user, who could not read or replace them afterwards.
func owned(dir string) error {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) || os.Geteuid() != 0 {
		return nil
	}
	if err != nil {
		return err
	}
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok || s.Uid == 0 {
		return nil
	}
	owner := fmt.Sprintf("uid %d", s.Uid)
	if u, err := user.LookupId(strconv.Itoa(int(s.Uid))); err == nil {
		owner = fmt.Sprintf("%s (%s)", u.Username, owner)
	}
	return fmt.Errorf("archive %s belongs to %s: run headcount as that user", dir, owner)
}
