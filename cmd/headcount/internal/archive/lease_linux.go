package archive

import (
	"os"

	"golang.org/x/sys/unix"
)

// openElsewhere is whether another program has the file open. known is false
// where that cannot be found out. It asks the kernel for a lease, which is
// granted only where no other process has the file open, and gives it back at
// once.
func openElsewhere(path string) (open, known bool) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return false, false
	}
	defer f.Close()
	conn, err := f.SyscallConn()
	if err != nil {
		return false, false
	}
	failed := conn.Control(func(fd uintptr) {
		if _, err = unix.FcntlInt(fd, unix.F_SETLEASE, unix.F_WRLCK); err == nil {
			_, err = unix.FcntlInt(fd, unix.F_SETLEASE, unix.F_UNLCK)
		}
	})
	switch {
	case failed != nil:
		return false, false
	case err == nil:
		return false, true
	case err == unix.EAGAIN:
		return true, true
	}
	return false, false // another owner's file, or a file system without leases
}
