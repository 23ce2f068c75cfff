package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

// A missing archive is one that is not there; it is fs.ErrNotExist.
type missing struct{ text string }

func (e *missing) Error() string { return e.text + "; headcount compact makes one" }

func (e *missing) Is(target error) bool { return target == fs.ErrNotExist }

// asItWas adds to an error of the operating system that the archive is as it
// was, where that is so.
func asItWas(dir string, old *manifest, err error) error {
	var of syscall.Errno
	if err == nil || !errors.As(err, &of) {
		return err
	}
	if now, failed := load(dir); failed != nil || now.Generation != old.Generation {
		return err
	}
	return fmt.Errorf("%w; the archive is as it was", err)
}
