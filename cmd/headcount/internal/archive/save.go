package archive

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"

	"headcount.example/cmd/headcount/internal/atomicfile"
	"headcount.example/cmd/headcount/internal/day"
)

// checkKey stands before the hash of all bytes of the manifest before it.
var checkKey = []byte(",\n \"check\": \"")

// save puts the manifest in place. What it names must be on the disk.
func (m *manifest) save(dir string) error {
	named := m.named()
	maps.DeleteFunc(m.Checks, func(name, _ string) bool { return !named[name] })
	for _, sub := range parts {
		if err := atomicfile.SyncDir(filepath.Join(dir, sub)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	data, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	step("manifest")
	if err := atomicfile.Write(filepath.Join(dir, manifestName), seal(data), fileMode); err != nil {
		return err
	}
	step("saved")
	return nil
}

// seal adds the hash to a manifest.
func seal(data []byte) []byte {
	data = bytes.TrimSuffix(data, []byte("\n}"))
	return fmt.Appendf(data, "%s%s\"\n}\n", checkKey, hashOf(data))
}

// verify is an error where a byte of a manifest has changed.
func verify(data []byte) error {
	at := bytes.LastIndex(data, checkKey)
	if at < 0 {
		return errors.New("its end is missing")
	}
	if !bytes.Equal(seal(append(slices.Clone(data[:at]), "\n}"...)), data) {
		return errors.New("its bytes are not those that were written")
	}
	return nil
}

// check is an error where a manifest cannot be worked with.
func (m *manifest) check() error {
	if m.Schema == nil {
		return errors.New("no schema")
	}
	if key, err := hex.DecodeString(m.Key); err != nil || len(key) < 16 {
		return errors.New("no key for its tombstones")
	}
	last := day.None
	for _, x := range m.Months {
		switch {
		case x == nil || x.First != x.First.Month() || x.First <= last || x.Tables == "":
			return errors.New("its months are not in order")
		case slices.ContainsFunc(x.files(), func(f string) bool { return !filepath.IsLocal(f) }):
			return errors.New("it names a file that is not in the archive")
		}
		last = x.First
	}
	for _, in := range m.Inputs {
		if in == nil || in.Offset < 0 || in.Pending < 0 {
			return errors.New("an input that cannot be")
		}
		if _, err := in.digest(); err != nil {
			return err
		}
	}
	if m.Kinds == nil {
		m.Kinds = map[string]int64{}
	}
	if m.Checks == nil {
		m.Checks = map[string]string{}
	}
	return nil
}

// damaged is the error of a file of the archive that is not as it was written.
func damaged(path string, err error) error {
	return fmt.Errorf("%s is damaged: %w; restore it from a backup, or compact the raw files into a new archive", path, err)
}
