package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"headcount.example/cmd/headcount/internal/atomicfile"
)

// parts are the directories with the files of the months.
var parts = []string{"reports", "installations", "tables"}

// named are the files of the months.
func (m *manifest) named() map[string]bool {
	named := map[string]bool{}
	for _, month := range m.Months {
		for _, f := range month.files() {
			named[f] = true
		}
	}
	return named
}

// tidy makes good what a run left that was ended: files that no manifest
// names, lines of rejected.jsonl that do not count, a receipt that was not
// written.
func (m *manifest) tidy(dir string) error {
	if err := m.sweep(dir); err != nil {
		return err
	}
	path := filepath.Join(dir, rejectedName)
	info, err := os.Stat(path)
	var size int64
	switch {
	case err == nil:
		size = info.Size()
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if size > m.Rejected {
		err = os.Truncate(path, m.Rejected)
	} else if err = nil; size < m.Rejected { // it was made shorter, and then the run was ended
		m.Rejected = size
		err = m.save(dir)
	}
	return errors.Join(err, m.keepReceipt(dir))
}

// keepReceipt writes the file of the last receipt if it is not there.
func (m *manifest) keepReceipt(dir string) error {
	if m.Receipt == nil {
		return nil
	}
	path := filepath.Join(dir, receiptsName, m.Receipt.name())
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), dirMode); err != nil {
		return err
	}
	data, err := json.MarshalIndent(m.Receipt, "", "  ")
	if err != nil {
		return err
	}
	step("receipt")
	return atomicfile.Write(path, append(data, '\n'), fileMode)
}

// sweep removes files that an earlier run left and no manifest names.
func (m *manifest) sweep(dir string) error {
	named := m.named()
	var faults []error
	for _, sub := range parts {
		names, err := os.ReadDir(filepath.Join(dir, sub))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			faults = append(faults, err)
		}
		for _, n := range names {
			if f := sub + "/" + n.Name(); !named[f] {
				step("sweep")
				faults = append(faults, os.Remove(filepath.Join(dir, f)))
			}
		}
	}
	faults = append(faults, os.RemoveAll(filepath.Join(dir, workName)))
	for _, of := range []string{manifestName, rejectedName, filepath.Join(receiptsName, "erase-")} {
		left, err := filepath.Glob(filepath.Join(escape(dir), filepath.Dir(of), atomicfile.Prefix+filepath.Base(of)+"*"))
		faults = append(faults, err)
		for _, path := range left {
			faults = append(faults, os.Remove(path))
		}
	}
	return errors.Join(faults...)
}

// undo removes what a run made that failed. The manifest on the disk says
// what that is: the run may have failed after it had put the new one there.
func undo(dir string, old *manifest) {
	now, err := load(dir)
	if errors.Is(err, fs.ErrNotExist) {
		now, err = old, nil // the first run of a new archive
	}
	if err == nil {
		now.tidy(dir)
	}
}

// swept is the error of a run whose work is done, and that left files.
func swept(dir string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("archive %s is up to date, but files of before are still in it: %w; the next run removes them", dir, err)
}

// escape makes a path safe to be part of a pattern.
func escape(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}
