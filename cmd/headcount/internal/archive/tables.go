package archive

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"headcount.example/cmd/headcount/internal/atomicfile"
	"headcount.example/cmd/headcount/internal/figures"
)

func writeTables(path string, t *figures.Tables) error {
	if err := os.MkdirAll(filepath.Dir(path), dirMode); err != nil {
		return err
	}
	data, err := json.Marshal(t)
	if err != nil {
		return err
	}
	return atomicfile.Write(path, append(data, '\n'), fileMode)
}

func readTables(path string) (*figures.Tables, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	t := &figures.Tables{}
	if err := json.Unmarshal(data, t); err != nil {
		return nil, fmt.Errorf("%s is damaged: %w; restore it from a backup, or compact the raw files into a new archive", path, err)
	}
	return t, nil
}
