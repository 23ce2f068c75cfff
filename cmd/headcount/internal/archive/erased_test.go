package archive

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/parquet-go/parquet-go"
)

func parsed(text string) [16]byte { return uuid.MustParse(text) }

// find lists the files below these places in which there is anything of an
// identifier: its text in either case, without dashes or in hexadecimal
// bytes, or its 16 bytes; also inside of gzip and of Parquet columns.
func find(t testing.TB, id [16]byte, places ...string) (found []string) {
	t.Helper()
	text := uuid.UUID(id).String()
	forms := [][]byte{id[:], []byte(text), []byte(strings.ToUpper(text)), []byte(strings.ReplaceAll(text, "-", ""))}
	for _, place := range places {
		err := filepath.WalkDir(place, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, content := range [][]byte{data, unzipped(data), identifiers(t, path)} {
				for _, form := range forms {
					if bytes.Contains(content, form) {
						found = append(found, filepath.Base(path))
						return nil
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

func unzipped(data []byte) []byte {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil
	}
	plain, _ := io.ReadAll(z)
	return plain
}

// identifiers are all values of the first column of a Parquet file.
func identifiers(t testing.TB, path string) (all []byte) {
	t.Helper()
	if filepath.Ext(path) != ".parquet" {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := parquet.NewReader(f)
	defer r.Close()
	leaf, _ := r.Schema().Lookup("install_guid")
	rows := make([]parquet.Row, 64)
	for {
		n, err := r.ReadRows(rows)
		for _, row := range rows[:n] {
			for _, v := range row {
				if v.Column() == leaf.ColumnIndex {
					all = append(all, v.ByteArray()...)
				}
			}
		}
		if err != nil {
			return all
		}
	}
}
