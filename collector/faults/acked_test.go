//go:build linux

package faults

import (
	"os"
	"sync/atomic"
	"syscall"
	"unsafe"
)

const (
	mostProcesses  = 5 // that count in one directory at once
	mostGoroutines = 8 // in each
	ackedSize      = mostProcesses * (mostGoroutines + 1) * 128
)

// acked are numbers in a mapped file of their own, which a killed process
// leaves as they were: for each goroutine how many it began to add, and how
// many it knows to be added. What is counted lies between the two, and they
// differ by one at most, when a goroutine was killed inside of that Add.
//
// Goroutine g counts series g modulo their number.
type acked struct{ page []byte }

func openAcked(path string) (*acked, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := f.Truncate(ackedSize); err != nil {
		return nil, err
	}
	page, err := syscall.Mmap(int(f.Fd()), 0, ackedSize, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	return &acked{page}, err
}

func (a *acked) close() { _ = syscall.Munmap(a.page) }

func (a *acked) word(at int) *atomic.Uint64 { return (*atomic.Uint64)(unsafe.Pointer(&a.page[at])) }

// begun and done are on cache lines of their own.
func (a *acked) begun(process, goroutine int) *atomic.Uint64 {
	return a.word((process*(mostGoroutines+1) + goroutine) * 128)
}

func (a *acked) done(process, goroutine int) *atomic.Uint64 {
	return a.word((process*(mostGoroutines+1)+goroutine)*128 + 64)
}

// attempts is how often a process began to flush.
func (a *acked) attempts(process int) *atomic.Uint64 { return a.begun(process, mostGoroutines) }

// sums returns what was begun and what is known to be added, by series, and
// how many reports were attempted.
func (a *acked) sums() (begun, done []uint64, attempts int) {
	begun, done = make([]uint64, len(series)), make([]uint64, len(series))
	for p := range mostProcesses {
		for g := range mostGoroutines {
			begun[g%len(series)] += a.begun(p, g).Load()
			done[g%len(series)] += a.done(p, g).Load()
		}
		attempts += int(a.attempts(p).Load())
	}
	return begun, done, attempts
}
