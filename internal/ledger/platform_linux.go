package ledger

import (
	"os"
	"runtime"
	"strconv"
	"syscall"
)

// File systems on which a shared mapping is sound: local, the same pages for
// every process, and blocks that, once written, can be written again without
// needing more room. So not the network ones, not FUSE, and not the ones that
// copy on write (btrfs, zfs, bcachefs, f2fs).
var mappableTypes = map[int64]bool{
	0xEF53:     true, // ext2, ext3, ext4
	0x58465342: true, // xfs
	0x01021994: true, // tmpfs
	0x794C7630: true, // overlay: every process opens for writing, so all share the upper file
}

// mappable reports whether a file in dir may be mapped. It returns false if the file
// system is not known.
func mappable(dir string) bool {
	var fs syscall.Statfs_t
	if strconv.IntSize < 64 { // there an atomic addition of 64 bits may take a lock that other processes do not see
		return false
	}
	return syscall.Statfs(dir, &fs) == nil && mappableTypes[int64(fs.Type)]
}

// mapFile maps a file that all processes share. The mapping lasts until the ledger is
// no longer reachable, because an Add may still use it.
func mapFile(f *os.File, l *Ledger) (page, error) {
	b, err := syscall.Mmap(int(f.Fd()), 0, fileSize, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err == nil {
		runtime.AddCleanup(l, func(b []byte) { _ = syscall.Munmap(b) }, b)
	}
	return b, err
}
