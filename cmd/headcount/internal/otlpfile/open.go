package otlpfile

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"
)

// Open opens a file of the Collector to be read from its beginning. A file
// that begins as gzip does is decompressed, with any name; it may have
// several members. Otherwise the reader is the *os.File.
func Open(path string) (r io.ReadCloser, compressed bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, false, fmt.Errorf("otlpfile: %w", err)
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, false, errors.Join(fmt.Errorf("otlpfile: %s is a directory; name the files in it", path), f.Close())
	}
	plain, compressed, err := Decompress(f)
	if err != nil {
		return nil, false, errors.Join(fmt.Errorf("otlpfile: %s: %w", path, err), f.Close())
	}
	if !compressed {
		return f, false, nil
	}
	return struct {
		io.Reader
		io.Closer
	}{plain, f}, true, nil
}

// Decompress does the same for a file that is open. It begins at the file's
// beginning, wherever the file is, and the reader of a file that is not
// compressed is the file.
func Decompress(f io.ReadSeeker) (r io.Reader, compressed bool, err error) {
	var magic [2]byte
	if _, err = f.Seek(0, io.SeekStart); err != nil {
		return nil, false, err
	}
	n, err := io.ReadFull(f, magic[:])
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, false, err
	}
	if _, err = f.Seek(0, io.SeekStart); err != nil {
		return nil, false, err
	}
	if n < len(magic) || magic != [2]byte{0x1F, 0x8B} {
		return f, false, nil
	}
	z, err := gzip.NewReader(f)
	switch {
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return cutShort{}, true, nil // as wherever else it may be cut
	case err != nil:
		return nil, true, fmt.Errorf("begins as gzip does, and is not: %w", err)
	}
	return z, true, nil
}

// cutShort is a gzip file of less than its header.
type cutShort struct{}

func (cutShort) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
