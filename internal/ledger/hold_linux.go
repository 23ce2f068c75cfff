package ledger

import (
	"bytes"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// A Hold keeps everybody else from opening or truncating the file of a mapped
// ledger: the kernel has them wait at their open. While it lasts nothing can
// take the pages from under the mapping, so touching them is no fault.
//
// It is a lease of fcntl(2), without its signal: the owner asks, at least once
// a second, whether somebody is waiting ([Hold.Wanted]), and gives it back. After
// the kernel's lease-break-time, 45 seconds by default, it is taken.
type Hold struct{ l *Ledger }

// shortest is how much time the kernel must leave an owner to give a hold
// back.
const shortest = 10 * time.Second

// Where a page that is in memory can always be written to: the block it
// belongs to is there, and nobody shares it. So not overlay, whose upper file
// others reach by another name, and not xfs, where a copy of the file may
// share its blocks, so that writing needs room on the disk.
var settledPages = map[int64]bool{
	0xEF53:     true, // ext2, ext3, ext4
	0x01021994: true, // tmpfs
}

// Hold takes the hold; nil when it is not to be had: another process or
// program has the file open, or the system does not offer it. Only one can be
// held at a time.
func (l *Ledger) Hold() *Hold {
	if instrumented || !l.mapped || !leases() || !settledPages[fileSystem(l.dir)] {
		return nil
	}
	h := &Hold{l}
	if h.fcntl(unix.F_SETLEASE, unix.F_WRLCK) < 0 {
		return nil
	}
	h.fcntl(unix.F_SETOWN, 0) // nobody is sent a signal
	// From now on what is true stays true. Immutable files refuse a write to a
	// page that was written to the disk; pages are kept in memory, so that none
	// has to be read back.
	info, err := l.opened.Stat()
	if err != nil || info.Size() < int64(len(l.page)) ||
		unix.Access(l.path(), unix.W_OK) != nil || l.guard(l.roomy) != nil || unix.Mlock(l.page) != nil {
		h.Release()
		return nil
	}
	return h
}

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
func (h *Hold) Release() { h.fcntl(unix.F_SETLEASE, unix.F_UNLCK) }

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

// leases says whether the kernel gives owners enough time.
func leases() bool {
	b, err := os.ReadFile("/proc/sys/fs/lease-break-time")
	if err != nil {
		return false
	}
	seconds, err := strconv.Atoi(string(bytes.TrimSpace(b)))
	return err == nil && time.Duration(seconds)*time.Second >= shortest
}
