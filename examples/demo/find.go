package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// places are where the identifier of the quickstart is.
type places struct {
	archive, raw, product []string // files
	exported              int      // rows of headcount export, which reads what is compressed
	files                 int      // that the vendor has
}

// find looks for the identifier of the quickstart in all that the demo made.
func (d *demo) find(ctx context.Context) (*places, error) {
	var p places
	for dir, found := range map[string]*[]string{archive: &p.archive, collected: &p.raw, "history": &p.raw, state: &p.product} {
		in, files, err := holding(filepath.Join(d.work, dir), d.guid)
		if err != nil {
			return nil, err
		}
		if *found = append(*found, in...); dir != state {
			p.files += files
		}
	}
	for _, shape := range []string{"actions", "collections"} {
		rows, err := d.command(ctx, "export", "--archive", archive, shape)
		if err != nil {
			return nil, err
		}
		p.exported += strings.Count(rows, d.guid)
	}
	return &p, nil
}

// holding lists the files below a directory that hold an identifier, and counts
// those that it looked at.
func holding(dir, guid string) (found []string, files int, err error) {
	raw, err := hex.DecodeString(strings.ReplaceAll(guid, "-", ""))
	if err != nil || len(raw) != 16 {
		return nil, 0, fmt.Errorf("%q is no identifier to look for", guid)
	}
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		if text := bytes.ReplaceAll(bytes.ToLower(data), []byte("-"), nil); bytes.Contains(data, raw) || bytes.Contains(text, []byte(hex.EncodeToString(raw))) {
			found = append(found, path)
		}
		return nil
	})
	return found, files, err
}
