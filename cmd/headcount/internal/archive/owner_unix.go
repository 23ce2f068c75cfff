//go:build unix

package archive

import (
	"io/fs"
	"os"
	"syscall"
)

// keepOwner gives a file the owner that another one has, where this process
// may do that.
func keepOwner(f *os.File, like fs.FileInfo) {
	if s, ok := like.Sys().(*syscall.Stat_t); ok {
		f.Chown(int(s.Uid), int(s.Gid))
	}
}
