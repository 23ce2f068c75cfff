//go:build !linux

package ledger

import (
	"errors"
	"os"
)

// mappable returns false: mapping is not tested on this platform.
func mappable(string) bool { return false }

func mapFile(*os.File, *Ledger) (page, error) { return nil, errors.ErrUnsupported }
