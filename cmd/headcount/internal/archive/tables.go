package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/cespare/xxhash/v2"

	"headcount.example/cmd/headcount/internal/atomicfile"
	"headcount.example/cmd/headcount/internal/figures"
)

// writeTables writes the figures of a month, and returns the hash of the file.
func writeTables(path string, t *figures.Tables) (check string, err error) {
	if err := os.MkdirAll(filepath.Dir(path), dirMode); err != nil {
		return "", err
	}
	data, err := json.Marshal(t)
	if err != nil {
		return "", err
	}
	data = append(data, '\n')
	return hashOf(data), atomicfile.Write(path, data, fileMode)
}

func (m *manifest) readTables(dir, name string) (*figures.Tables, error) {
	f, err := m.open(dir, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t := &figures.Tables{}
	if err := json.NewDecoder(f).Decode(t); err != nil {
		return nil, damaged(f.Name(), err)
	}
	return t, nil
}

// open opens a file of a month. It reads all of it, so that no figure comes
// from a file that is not as it was written: Parquet does not notice every
// change.
func (m *manifest) open(dir, name string) (*os.File, error) {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return nil, damaged(filepath.Join(dir, name), err)
	}
	h := xxhash.New()
	_, err = io.CopyBuffer(h, struct{ io.Reader }{f}, make([]byte, 1<<16))
	if err == nil && fmt.Sprintf("%016x", h.Sum64()) != m.Checks[name] {
		err = damaged(f.Name(), errors.New("its bytes are not those that were written"))
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (m *manifest) openStates(dir, name string) (*states, error) {
	f, err := m.open(dir, name)
	if err != nil {
		return nil, err
	}
	return readStates(f, m.Schema)
}

func (m *manifest) openReports(dir, name string) (*reports, error) {
	f, err := m.open(dir, name)
	if err != nil {
		return nil, err
	}
	return readReports(f, m.Schema)
}
