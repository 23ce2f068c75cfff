package prompt

import (
	"os"
	"syscall"
)

// terminal asks for the mode of the console, which only consoles have.
func terminal(f *os.File) bool {
	conn, err := f.SyscallConn()
	if err != nil {
		return false
	}
	var answer error = syscall.EINVAL
	err = conn.Control(func(fd uintptr) {
		var mode uint32
		answer = syscall.GetConsoleMode(syscall.Handle(fd), &mode)
	})
	return err == nil && answer == nil
}
