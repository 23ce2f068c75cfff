package archive

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
	"unicode/utf8"

	"headcount.example/cmd/headcount/internal/atomicfile"
	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/otlpfile"
)

// maxRejected bounds rejected.jsonl. What comes after it is counted, and not
// kept.
const maxRejected = 64 << 20

// A rejection is a line of rejected.jsonl: a piece of a file that is not a
// report of the catalog.
type rejection struct {
	Kind   string `json:"kind"`
	Read   string `json:"read"` // the day on which it was read
	File   string `json:"file"`
	Offset int64  `json:"offset"` // in the uncompressed file
	Length int64  `json:"length"`
	Text   string `json:"text,omitempty"`
	Bytes  []byte `json:"bytes,omitempty"` // in base64, where it is not UTF-8
}

// rejections appends to rejected.jsonl. Lines after the size that the
// manifest names are of a run that was ended, and are cut off.
type rejections struct {
	path  string
	file  *os.File
	w     *bufio.Writer
	size  int64
	limit int64
	today day.Day
}

func openRejections(dir string, size, limit int64) *rejections {
	r := &rejections{path: filepath.Join(dir, rejectedName), size: size, limit: limit, today: day.Of(time.Now())}
	if info, err := os.Stat(r.path); err == nil {
		r.size = min(r.size, info.Size()) // erase was ended after it made the file shorter
	} else {
		r.size = 0
	}
	return r
}

func (r *rejections) add(file string, from int64, x otlpfile.Rejected) error {
	line := rejection{Kind: x.Kind, Read: r.today.String(), File: file, Offset: from + x.Offset, Length: x.Length}
	if utf8.Valid(x.Bytes) {
		line.Text = string(x.Bytes)
	} else {
		line.Bytes = x.Bytes
	}
	data, err := json.Marshal(line)
	if err != nil {
		return err
	}
	data = append(data, '\n')
	if r.size+int64(len(data)) > r.limit {
		return nil
	}
	if r.file == nil {
		if err := r.begin(); err != nil {
			return err
		}
	}
	r.size += int64(len(data))
	_, err = r.w.Write(data)
	return err
}

func (r *rejections) begin() (err error) {
	if r.file, err = os.OpenFile(r.path, os.O_CREATE|os.O_WRONLY, fileMode); err != nil {
		return err
	}
	if err := r.file.Truncate(r.size); err != nil {
		return err
	}
	_, err = r.file.Seek(r.size, 0)
	r.w = bufio.NewWriter(r.file)
	return err
}

// close puts what was added on the disk and returns the size that counts.
func (r *rejections) close() (int64, error) {
	if r.file == nil {
		return r.size, nil
	}
	err := errors.Join(r.w.Flush(), r.file.Sync(), r.file.Close())
	step("rejected")
	r.file = nil
	return r.size, err
}

// abandon closes the file of a run that failed.
func (r *rejections) abandon() {
	if r.file != nil {
		r.file.Close()
		r.file = nil
	}
}

// filterRejected rewrites rejected.jsonl without the lines that drop names,
// and returns how many those are. Where it drops none, the file stays.
func (m *manifest) filterRejected(dir string, dry bool, drop func(line []byte, x *rejection) bool) (dropped int64, err error) {
	path := filepath.Join(dir, rejectedName)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		m.Rejected = 0
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	pass := func(w io.Writer) (kept int64, err error) {
		lines := bufio.NewReader(io.NewSectionReader(f, 0, m.Rejected))
		out := bufio.NewWriter(w)
		for dropped = 0; ; {
			line, err := lines.ReadBytes('\n')
			if errors.Is(err, io.EOF) {
				return kept, out.Flush()
			}
			if err != nil {
				return kept, err
			}
			x := &rejection{}
			if json.Unmarshal(line, x) != nil || drop(line, x) {
				dropped++
				continue
			}
			kept += int64(len(line))
			if _, err := out.Write(line); err != nil {
				return kept, err
			}
		}
	}
	if _, err := pass(io.Discard); err != nil || dropped == 0 || dry {
		return dropped, err
	}
	err = atomicfile.WriteTo(path, fileMode, func(w io.Writer) (err error) {
		m.Rejected, err = pass(w)
		return err
	})
	step("filtered")
	return dropped, err
}
