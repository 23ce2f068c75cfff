package ledger

import (
	"strconv"
	"syscall"
)

// File systems on which a shared mapping is sound: local, the same pages for
// every process, and blocks that, once written, can be written again without
// needing more room. So not the network ones, not FUSE, and not the ones that
// copy on write (btrfs, zfs, bcachefs, f2fs).
var sound = map[int64]bool{
	0xEF53:     true, // ext2, ext3, ext4
	0x58465342: true, // xfs
	0x01021994: true, // tmpfs
	0x794C7630: true, // overlay: every process opens for writing, so all share the upper file
}

// mappable says whether a file in dir may be mapped. What cannot be found out
// is not sound.
func mappable(dir string) bool {
	if strconv.IntSize < 64 {
		return false // there an addition of 64 bits may be a lock, which other processes know nothing of
	}
	return sound[fileSystem(dir)]
}

// fileSystem is the type of the one that dir is in; 0 when that cannot be
// found out.
func fileSystem(dir string) int64 {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0
	}
	return int64(fs.Type)
}
