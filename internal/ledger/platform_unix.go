//go:build unix

package ledger

import (
	"os"
	"syscall"
)

// No link is followed, and nothing that is not a file makes us wait.
const (
	openFlags = syscall.O_NOFOLLOW | syscall.O_NONBLOCK
	unixModes = true
)

// syncDir makes the last rename or removal in dir last. Where it cannot, a
// power loss may bring the old name back; nothing is wrong until then.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
}
