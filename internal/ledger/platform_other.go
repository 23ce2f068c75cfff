//go:build !linux

package ledger

import (
	"errors"
	"os"
)

// mappable says whether a file in dir may be mapped. It was not tried on
// this platform yet.
func mappable(string) bool { return false }

func mapFile(*os.File, *Ledger) (page, error) { return nil, errors.ErrUnsupported }
