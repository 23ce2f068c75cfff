package fleet

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// rotated writes usage.jsonl, and puts it aside under the Collector's names.
type rotated struct {
	dir   string
	file  *os.File
	aside []string
}

func (r *rotated) open() (err error) {
	r.file, err = os.OpenFile(filepath.Join(r.dir, LiveFile), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	return err
}

func (r *rotated) Write(p []byte) (int, error) { return r.file.Write(p) }

// rotate puts the file aside and begins a new one. The name has the
// millisecond; of two in one the second is a millisecond later.
func (r *rotated) rotate(at time.Time) error {
	if err := r.close(); err != nil {
		return err
	}
	name := rotatedName(at)
	for len(r.aside) > 0 && name <= r.aside[len(r.aside)-1] {
		at = at.Add(time.Millisecond)
		name = rotatedName(at)
	}
	if err := os.Rename(filepath.Join(r.dir, LiveFile), filepath.Join(r.dir, name)); err != nil {
		return err
	}
	r.aside = append(r.aside, name)
	return r.open()
}

// rotatedName ends in why the Collector has rotated: for the size.
func rotatedName(at time.Time) string {
	return fmt.Sprintf("usage-%s-size.jsonl", at.UTC().Format("2006-01-02T15-04-05.000"))
}

func (r *rotated) close() error {
	if r.file == nil {
		return nil
	}
	f := r.file
	r.file = nil
	return f.Close()
}

// remove removes every file again.
func (r *rotated) remove() {
	for _, name := range append(r.aside, LiveFile) {
		os.Remove(filepath.Join(r.dir, name))
	}
}

// quoteGlob takes the meaning from what a directory's name has of patterns.
func quoteGlob(dir string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}
