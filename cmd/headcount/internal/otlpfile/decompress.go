package otlpfile

import (
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
)

// Decompress reads a file of the Collector from its beginning, wherever it is.
// A file that begins as gzip does is decompressed, with any name; it may have
// several members. Otherwise the reader is the file.
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
