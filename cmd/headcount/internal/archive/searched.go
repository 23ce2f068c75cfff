package archive

import (
	"os"
	"path/filepath"
)

// give notes that a raw file was given to this run.
func (e *erasure) give(o *opened) {
	if path, err := filepath.Abs(o.path); err == nil {
		e.given[path] = true
	}
	e.opened[o.in] = true
}

// searched notes that nothing of what is erased is in a file.
func (e *erasure) searched(o *opened) {
	if o.in != nil && !o.older && !o.cut {
		o.in.Searched = len(e.m.Tombstones)
	}
}

// unsearched counts the files that may hold something of an erased
// installation because they were not given: not to this run, and not to one
// since the newest request and since Compact last read from them.
func (e *erasure) unsearched() (n int) {
	followed := map[string]bool{} // by inputs that erase wrote anew
	for _, in := range e.m.Inputs {
		if in.Was != "" {
			followed[in.Was] = true
		}
	}
	for _, in := range e.m.Inputs {
		if in.Searched < len(e.m.Tombstones) && !followed[in.Sum] && !e.opened[in] && !e.given[in.path()] && in.there(e.m.Inputs) {
			n++
		}
	}
	return n
}

// path is where the file was seen last.
func (in *input) path() string {
	if in.Path != "" {
		return in.Path
	}
	return in.Name
}

// there is whether the file is still on the disk where it was seen last: a
// file that is not known as another input.
func (in *input) there(all []*input) bool {
	info, err := os.Stat(in.path())
	if len(in.IDs) == 0 || err != nil {
		return len(in.IDs) > 0 && !os.IsNotExist(err)
	}
	device, inode := numbers(info)
	for _, other := range all {
		if other != in && inode != 0 && len(other.IDs) > 0 && other.IDs[0].Device == device && other.IDs[0].Inode == inode {
			return false
		}
	}
	return true
}
