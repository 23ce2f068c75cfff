//go:build !linux

package ledger

import (
	"errors"
	"os"
)

// mappable says whether a file in dir may be mapped. It was not tried on
// this platform yet, so the totals are in a State.
func mappable(string) bool { return false }

func mapFile(*os.File, int) (page, error) { return nil, errors.ErrUnsupported }

func lockFile(*os.File) bool { return false }

func unmapWhenUnused(*mapped) {}
