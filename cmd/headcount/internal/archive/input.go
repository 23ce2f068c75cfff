package archive

import (
	"bytes"
	"encoding"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/cespare/xxhash/v2"

	"headcount.example/cmd/headcount/internal/otlpfile"
)

// An input is a file of the Collector that was read, and how far. A file is
// known again by its device and inode, and by its content: a renamed, copied
// or compressed file is the same one. Offsets are in the uncompressed bytes.
type input struct {
	Name    string   `json:"name"` // as last seen; for people
	IDs     []fileID `json:"ids"`  // under which it was seen, the last first
	Offset  int64    `json:"offset"`
	Pending int64    `json:"pending,omitempty"` // bytes after Offset that were not a whole piece
	Heads   []string `json:"heads"`             // hashes of the first bytes: as many as Offset and each of headSteps
	Sum     string   `json:"sum"`               // state of the hash of all bytes to Offset
}

// A fileID is a file as the kernel knows it.
type fileID struct {
	Device     uint64 `json:"device"`
	Inode      uint64 `json:"inode"`
	Compressed bool   `json:"compressed,omitempty"`
}

// headSteps are how many bytes of a file's beginning are compared. The first
// finds candidates. With the second, and so the days and totals of several
// reports, two files that are not copies do not agree.
var headSteps = []int64{256, 4096, 65536}

const keepIDs = 4

func (in *input) clone() *input {
	c := *in
	c.IDs = slices.Clone(in.IDs)
	return &c
}

// headsOf returns the hashes of the first n bytes of a file's beginning.
func headsOf(head []byte, n int64) (list []string) {
	n = min(n, int64(len(head)))
	for _, step := range headSteps {
		list = append(list, hashOf(head[:min(n, step)]))
		if n <= step {
			break
		}
	}
	return list
}

func hashOf(b []byte) string { return fmt.Sprintf("%016x", xxhash.Sum64(b)) }

// saw notes under which name and number the file was seen.
func (in *input) saw(name string, id fileID) (changed bool) {
	if in.Name == name && len(in.IDs) > 0 && in.IDs[0] == id {
		return false
	}
	in.Name = name
	in.IDs = slices.Insert(slices.DeleteFunc(in.IDs, func(x fileID) bool { return x == id }), 0, id)
	in.IDs = in.IDs[:min(len(in.IDs), keepIDs)]
	return true
}

func (in *input) digest() (*xxhash.Digest, error) {
	h := xxhash.New()
	if in.Sum == "" {
		return h, nil
	}
	state, err := hex.DecodeString(in.Sum)
	if err == nil {
		err = encoding.BinaryUnmarshaler(h).UnmarshalBinary(state)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: the state of input %q is damaged: %w", manifestName, in.Name, err)
	}
	return h, nil
}

func stateOf(h *xxhash.Digest) string {
	b, _ := h.MarshalBinary() // never fails
	return hex.EncodeToString(b)
}

// An opened file, and the input it is.
type opened struct {
	path    string
	info    fs.FileInfo
	id      fileID
	r       io.ReadCloser
	head    []byte // the first bytes, already read from r
	in      *input // nil: never seen
	warning string
}

// An index finds inputs by number and by content.
type index struct {
	byID   map[fileID]*input
	byHead map[string][]*input // of full length
	short  []*input            // with less than the first of headSteps read
}

func newIndex(inputs []*input) *index {
	x := &index{byID: map[fileID]*input{}, byHead: map[string][]*input{}}
	for _, in := range inputs {
		x.add(in)
	}
	return x
}

// add makes an input known, or known better than before.
func (x *index) add(in *input) {
	for _, id := range in.IDs {
		if id.Inode != 0 {
			x.byID[id] = in
		}
	}
	switch {
	case in.Offset == 0:
	case in.Offset < headSteps[0]:
		x.short = append(x.short, in)
	default:
		x.byHead[in.Heads[0]] = append(x.byHead[in.Heads[0]], in)
	}
}

// open opens a file of the Collector and finds which input it is.
func (x *index) open(path string) (*opened, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file (%s)", path, info.Mode().Type())
	}
	r, compressed, err := otlpfile.Open(path)
	if err != nil {
		return nil, err
	}
	o := &opened{path: path, info: info, r: r, id: fileID{Compressed: compressed}, head: make([]byte, headSteps[len(headSteps)-1])}
	o.id.Device, o.id.Inode = numbers(info)
	n, err := io.ReadFull(r, o.head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		r.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	o.head = o.head[:n]
	if err := o.find(x); err != nil {
		r.Close()
		return nil, err
	}
	return o, nil
}

// find sets in, and warns where the file is not what it was.
func (o *opened) find(x *index) error {
	if in := x.byID[o.id]; in != nil {
		if o.begins(in) {
			o.in = in
			return nil
		}
		o.warning = fmt.Sprintf("%s has other content than when it was read last: it was emptied and written anew; it is read from the beginning", o.path)
	}
	like := x.short
	if int64(len(o.head)) >= headSteps[0] {
		like = slices.Concat(x.byHead[hashOf(o.head[:headSteps[0]])], x.short)
	}
	for _, in := range like {
		if !o.begins(in) {
			continue
		}
		yes, err := o.holds(in)
		if err != nil {
			return err
		}
		if yes {
			o.in, o.warning = in, ""
			return nil
		}
	}
	return nil
}

// begins is whether the file begins with what was read of the input, as far
// as both go and the heads tell.
func (o *opened) begins(in *input) bool {
	if in.Offset < headSteps[0] {
		return int64(len(o.head)) >= in.Offset && hashOf(o.head[:in.Offset]) == headOf(in, 0)
	}
	for i, step := range headSteps {
		if step <= in.Offset && step <= int64(len(o.head)) && hashOf(o.head[:step]) != headOf(in, i) {
			return false
		}
	}
	return int64(len(o.head)) >= headSteps[0]
}

func headOf(in *input, i int) string {
	if i < len(in.Heads) {
		return in.Heads[i]
	}
	return ""
}

// holds is whether the file, under another number, begins with all that was
// read of the input, or is an older copy of it that is shorter. It reads the
// file for that. Of a very short file it cannot be told; it is then a new one,
// because a report that is read twice changes no total, and one that is not
// read is lost.
func (o *opened) holds(in *input) (bool, error) {
	r, _, err := otlpfile.Open(o.path)
	if err != nil {
		return false, err
	}
	defer r.Close()
	h := xxhash.New()
	if _, err := io.CopyN(h, r, in.Offset); errors.Is(err, io.EOF) {
		return int64(len(o.head)) >= headSteps[1], nil // shorter; the heads are the same
	} else if err != nil {
		return false, fmt.Errorf("%s: %w", o.path, err)
	}
	was, err := in.digest()
	return err == nil && was.Sum64() == h.Sum64(), err
}

// rest returns what follows the bytes that were read of the input before, and
// the hash of those. It is nil where the file is shorter than that.
func (o *opened) rest() (io.Reader, *xxhash.Digest, error) {
	if o.in == nil || o.in.Offset == 0 {
		return io.MultiReader(bytes.NewReader(o.head), o.r), xxhash.New(), nil
	}
	h, err := o.in.digest()
	if err != nil {
		return nil, nil, err
	}
	if o.id.Compressed {
		all := io.MultiReader(bytes.NewReader(o.head), o.r)
		if _, err := io.CopyN(io.Discard, all, o.in.Offset); errors.Is(err, io.EOF) {
			return nil, nil, nil
		} else if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", o.path, err)
		}
		return all, h, nil
	}
	if o.info.Size() < o.in.Offset {
		return nil, nil, nil
	}
	f, err := os.Open(o.path)
	if err != nil {
		return nil, nil, err
	}
	o.r.Close()
	o.r = f
	_, err = f.Seek(o.in.Offset, io.SeekStart)
	return f, h, err
}

// summed returns the hash of the file's first n bytes, given that of the
// first m.
func (o *opened) summed(h *xxhash.Digest, m, n int64) error {
	r, _, err := otlpfile.Open(o.path)
	if err != nil {
		return err
	}
	defer r.Close()
	if s, ok := r.(io.Seeker); ok && !o.id.Compressed {
		_, err = s.Seek(m, io.SeekStart)
	} else {
		_, err = io.CopyN(io.Discard, r, m)
	}
	if err == nil {
		_, err = io.CopyN(h, r, n-m)
	}
	if err != nil {
		return fmt.Errorf("%s changed while it was read: %w; run the command again", o.path, err)
	}
	return nil
}

// rotated are the names that the Collector and logrotate give.
var collectorFile = regexp.MustCompile(`\.jsonl(\.[0-9]+)?(\.gz)?$`)

// expand lists the files of the arguments: a directory stands for the files
// in it whose names end in .jsonl, .jsonl.gz or .jsonl.1, in the order of
// their names, in which the Collector's rotated files come before its live
// one. No file is listed twice.
func expand(args []string) (paths []string, err error) {
	seen := map[string]bool{}
	add := func(path string) {
		if clean := filepath.Clean(path); !seen[clean] {
			seen[clean] = true
			paths = append(paths, clean)
		}
	}
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			add(arg)
			continue
		}
		entries, err := os.ReadDir(arg)
		if err != nil {
			return nil, err
		}
		found := false
		for _, e := range entries {
			if !e.IsDir() && collectorFile.MatchString(e.Name()) {
				found = true
				add(filepath.Join(arg, e.Name()))
			}
		}
		if !found {
			return nil, fmt.Errorf("%s holds no file whose name ends in .jsonl, .jsonl.gz or .jsonl.1; name the Collector's files, or the directory that HEADCOUNT_FILE is in", arg)
		}
	}
	return paths, nil
}
