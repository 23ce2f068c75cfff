package archive

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// ErrBusy is the error of a command that finds another one at work.
var ErrBusy = errors.New("another headcount is changing this archive")

// lock keeps other commands from changing the archive. The directory must
// exist. The file stays: only the kernel's lock counts.
func lock(dir string) (unlock func(), err error) {
	path := filepath.Join(dir, lockName)
	l := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(fileMode))
	ok, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if !ok {
		return nil, fmt.Errorf("%s: %w; wait until it ends", dir, ErrBusy)
	}
	return func() { l.Close() }, nil
}
