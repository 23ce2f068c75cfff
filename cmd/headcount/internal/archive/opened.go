package archive

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/cespare/xxhash/v2"

	"headcount.example/cmd/headcount/internal/otlpfile"
)

// An opened file, and the input it is. All is read through one descriptor:
// the name may be another file's a moment later.
type opened struct {
	path    string
	file    *os.File
	info    fs.FileInfo
	id      fileID
	head    []byte // the first bytes
	in      *input // nil: never seen
	was     *input // that the file of this number was, and is no more
	same    bool   // has not changed since
	cut     bool   // begins with what was read, and has not got all of it
	older   bool   // an older copy: all of it was read
	warning string
}

// openRegular opens a file for reading. It never waits for a writer, as
// opening a pipe does.
func openRegular(path string) (*os.File, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	f := (*os.File)(nil)
	if info.Mode().IsRegular() {
		if f, err = os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0); err != nil {
			return nil, nil, err
		}
		if info, err = f.Stat(); err != nil {
			f.Close()
			return nil, nil, err
		}
	}
	if !info.Mode().IsRegular() {
		if f != nil {
			f.Close()
		}
		return nil, nil, irregular(path, info)
	}
	return f, info, nil
}

func irregular(path string, info fs.FileInfo) error {
	return fmt.Errorf("%s is not a regular file (%s): name the files that the Collector writes", path, info.Mode())
}

// open opens a file of the Collector and finds which input it is. The caller
// closes o.file.
func (x *index) open(path string) (o *opened, err error) {
	f, info, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	o = &opened{path: path, file: f, info: info}
	r, err := o.again()
	if err != nil {
		return nil, err
	}
	o.id.Device, o.id.Inode = numbers(info)
	o.id.Size = info.Size()
	n, err := io.ReadFull(r, x.head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF && !corrupt(err) {
		return nil, o.fault(err)
	}
	o.head = x.head[:n]
	return o, o.find(x)
}

// again returns the uncompressed bytes from the beginning.
func (o *opened) again() (r io.Reader, err error) {
	if r, o.id.Compressed, err = otlpfile.Decompress(o.file); err != nil {
		return nil, fmt.Errorf("%s: %w: if it is damaged, move it away", o.path, err)
	}
	return r, nil
}

func (o *opened) fault(err error) error { return fmt.Errorf("%s: %w", o.path, err) }

// from returns the bytes after the first n.
func (o *opened) from(n int64) (io.Reader, error) {
	r, err := o.again()
	if err != nil {
		return nil, err
	}
	if !o.id.Compressed {
		_, err = o.file.Seek(n, io.SeekStart)
	} else {
		_, err = io.CopyN(io.Discard, r, n)
	}
	if err != nil {
		return nil, o.fault(err)
	}
	return r, nil
}

// summed adds the bytes from m to n to the hash.
func (o *opened) summed(h *xxhash.Digest, m, n int64) error {
	r, err := o.from(m)
	if err == nil {
		_, err = io.CopyN(h, r, n-m)
	}
	if err != nil {
		return fmt.Errorf("%s changed while it was read: %w; run the command again", o.path, err)
	}
	return nil
}

// heads returns the hashes of the first bytes, as many as were read. The file
// may have grown since they were looked at.
func (o *opened) heads(n int64) ([]string, error) {
	if n > int64(len(o.head)) && len(o.head) < cap(o.head) {
		r, err := o.again()
		if err != nil {
			return nil, err
		}
		o.head = o.head[:min(n, int64(cap(o.head)))]
		if _, err := io.ReadFull(r, o.head); err != nil {
			return nil, fmt.Errorf("%s changed while it was read: %w; run the command again", o.path, err)
		}
	}
	return headsOf(o.head, n), nil
}

// tail is the hash of the last bytes before offset n of a file that is not
// compressed; empty if they cannot be read.
func (o *opened) tail(n int64) string {
	b := make([]byte, min(n, proof))
	if _, err := o.file.ReadAt(b, n-int64(len(b))); err != nil {
		return ""
	}
	return hashOf(b)
}
