package ledger

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

func init() { commands["without flock"] = withoutFlockCommand }

// withoutFlockCommand runs another command with a kernel that answers every flock with
// an error, as it does for some network file systems. It needs no privileges.
func withoutFlockCommand(args []string) error {
	errno, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	const (
		noNewPrivileges = 38 // PR_SET_NO_NEW_PRIVS
		setSeccomp      = 22 // PR_SET_SECCOMP
		modeFilter      = 2
		allow           = 0x7fff0000
		fail            = 0x00050000 // and the errno
	)
	filter := []syscall.SockFilter{
		{Code: syscall.BPF_LD | syscall.BPF_W | syscall.BPF_ABS}, // the number of the system call
		{Code: syscall.BPF_JMP | syscall.BPF_JEQ | syscall.BPF_K, K: syscall.SYS_FLOCK, Jf: 1},
		{Code: syscall.BPF_RET | syscall.BPF_K, K: fail | uint32(errno)},
		{Code: syscall.BPF_RET | syscall.BPF_K, K: allow},
	}
	program := syscall.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	runtime.LockOSThread() // the filter is this thread's, and what it executes inherits it
	if _, _, e := syscall.RawSyscall6(syscall.SYS_PRCTL, noNewPrivileges, 1, 0, 0, 0, 0); e != 0 {
		return fmt.Errorf("no new privileges: %w", e)
	}
	if _, _, e := syscall.RawSyscall(syscall.SYS_PRCTL, setSeccomp, modeFilter, uintptr(unsafe.Pointer(&program))); e != 0 {
		return fmt.Errorf("seccomp: %w", e)
	}
	if err := os.Setenv(commandVariable, strings.Join(args[1:], "\n")); err != nil {
		return err
	}
	return syscall.Exec(os.Args[0], os.Args, os.Environ())
}

// TestNoWithoutFlock: where the kernel refuses to lock files, no ledger is opened, and
// a no is carried out.
func TestNoWithoutFlock(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.ENOLCK, syscall.ENOSYS, syscall.EOPNOTSUPP} {
		for kind, empty := range kinds {
			t.Run(errno.Error()+", "+kind, func(t *testing.T) {
				dir := with(empty)(t)
				l := open(t, dir, abc...)
				p := start(t, "without flock", strconv.Itoa(int(errno)), "try", dir)
				p.hears(fmt.Sprintf("ledger: %q cannot be locked: %v", filepath.Join(dir, lockName), errno))
				p.hears("<nil>")
				if keptIn(dir) || l.Check(ctx) == nil {
					t.Errorf("kept %v, check %v, want destroyed", keptIn(dir), l.Check(ctx))
				}
			})
		}
	}
}
