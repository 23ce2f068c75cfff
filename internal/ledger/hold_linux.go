//go:build !go1.27

package ledger

// Counting without a guard relies on what Go's compiler does with a nosplit
// function (see telemetry's direct.go). With a Go it was not tested with there
// is no Hold, and Add is slower. To allow a newer Go, run the tests of hold and
// direct with it, and raise the version here and in hold_other.go.

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A Hold keeps everybody else from opening or truncating the file of a mapped
// ledger: the kernel has them wait at their open. While it lasts nothing can
// take the pages from under the mapping, so touching them is no fault.
//
// It is a lease of fcntl(2), without its signal: the owner asks, several times
// a second, whether somebody is waiting ([Hold.Wanted]), and gives it back. After
// the kernel's lease-break-time, 45 seconds by default, it is taken.
type Hold struct{ l *Ledger }

// shortest is how much time the kernel must leave an owner to give a hold
// back.
const shortest = 10 * time.Second

const (
	ext4            = 0xEF53
	journalDataFlag = 0x4000 // FS_JOURNAL_DATA_FL of linux/fs.h
)

// Where a page that is in memory can always be written to: the block it
// belongs to is there, and nobody shares it. So not overlay, whose upper file
// others reach by another name, and not xfs, where a copy of the file may
// share its blocks, so that writing needs room on the disk.
var settledPages = map[int64]bool{
	ext4:       true, // and ext2 and ext3
	0x01021994: true, // tmpfs
}

// Hold takes the hold; nil when it is not to be had: another process or
// program has the file open, or the system does not offer it. Only one can be
// held at a time.
func (l *Ledger) Hold() *Hold {
	if instrumented || unoptimised() || !l.mapped || !leases() || !settledPages[fileSystem(l.dir)] || l.journalled() || !affordable(len(l.page)) {
		return nil
	}
	h := &Hold{l}
	h.fcntl(unix.F_SETSIG, int(unix.SIGURG)) // which Go programs get all the time, until the next but one line
	if h.fcntl(unix.F_SETLEASE, unix.F_WRLCK) < 0 {
		return nil
	}
	h.fcntl(unix.F_SETOWN, 0) // nobody is sent a signal
	// From now on what is true stays true. Immutable files refuse a write to a
	// page that was written to the disk; pages are kept in memory, so that none
	// has to be read back; and each is written to once, with the guard, so that
	// the file system knows its block.
	info, err := l.opened.Stat()
	if err != nil || info.Size() < int64(len(l.page)) ||
		unix.Access(l.path(), unix.W_OK) != nil || l.guard(l.roomy) != nil || unix.Mlock(l.page) != nil || l.guard(l.touch) != nil {
		h.Release()
		return nil
	}
	return h
}

// touch writes to every page, and changes nothing.
func (l *Ledger) touch() error {
	for at := 0; at < len(l.page); at += os.Getpagesize() {
		l.page.word(at).Add(0)
	}
	return nil
}

// journalled says whether a write to a page may need the file system's
// journal, which refuses after an error of the disk: so with ext4's data=journal,
// for all or for this file. What cannot be found out is so.
func (l *Ledger) journalled() bool {
	if fileSystem(l.dir) != ext4 {
		return false
	}
	var device uint64
	if s, ok := l.file.Sys().(*syscall.Stat_t); ok {
		device = uint64(s.Dev)
	}
	name, err := os.Readlink(fmt.Sprintf("/sys/dev/block/%d:%d", unix.Major(device), unix.Minor(device)))
	if err != nil {
		return true
	}
	options, err := os.ReadFile(filepath.Join("/proc/fs/ext4", filepath.Base(name), "options"))
	if err != nil || bytes.Contains(options, []byte("data=journal")) {
		return true
	}
	c, err := l.opened.SyscallConn()
	if err != nil {
		return true
	}
	own := true
	_ = c.Control(func(fd uintptr) {
		flags, err := unix.IoctlGetInt(int(fd), unix.FS_IOC_GETFLAGS)
		own = err != nil || flags&journalDataFlag != 0
	})
	return own
}

// unoptimised says whether the program was built for a debugger: what must be
// in the caller then is a call of its own.
var unoptimised = sync.OnceValue(func() bool {
	info, ok := debug.ReadBuildInfo()
	return !ok || slices.ContainsFunc(info.Settings, func(s debug.BuildSetting) bool {
		return s.Key == "-gcflags" && (strings.Contains(s.Value, "-l") || strings.Contains(s.Value, "-N"))
	})
})

// roomy says whether every total can be added to without looking back.
func (l *Ledger) roomy() error {
	for _, slot := range l.slots {
		for i := range slot {
			if int64(slot[i].Load()) < 0 {
				return ErrDamaged
			}
		}
	}
	return l.holds()
}

// Wanted says whether somebody waits, or the kernel has taken the hold.
func (h *Hold) Wanted() bool { return h.fcntl(unix.F_GETLEASE, 0) != unix.F_WRLCK }

// Release lets everybody go on. Nobody may touch the pages without a guard
// any more.
func (h *Hold) Release() {
	_ = unix.Munlock(h.l.page) // the host may lock memory of its own
	h.fcntl(unix.F_SETLEASE, unix.F_UNLCK)
}

func (h *Hold) fcntl(command, arg int) (result int) {
	result = -1
	c, err := h.l.opened.SyscallConn()
	if err != nil {
		return result
	}
	_ = c.Control(func(fd uintptr) {
		if n, err := unix.FcntlInt(fd, command, arg); err == nil {
			result = n
		}
	})
	return result
}

// affordable says whether the pages are at most a quarter of the memory that the
// host may lock, for it may have secrets to keep there.
func affordable(size int) bool {
	var limit unix.Rlimit
	return unix.Getrlimit(unix.RLIMIT_MEMLOCK, &limit) == nil && limit.Cur/4 >= uint64(size)
}

// leases says whether the kernel gives owners enough time.
func leases() bool {
	b, err := os.ReadFile("/proc/sys/fs/lease-break-time")
	if err != nil {
		return false
	}
	seconds, err := strconv.Atoi(string(bytes.TrimSpace(b)))
	return err == nil && time.Duration(seconds)*time.Second >= shortest
}
