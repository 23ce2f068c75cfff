package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"headcount.example/internal/durable"
)

// A stateFile is a State in the file that could not be mapped: a line with the
// version and a checksum of the rest, and the value.
type stateFile struct{ dir string }

const stateHeader = "headcount state 1 %016x %08x\n"

const stateHeaderSize = len("headcount state 1 ") + 16 + 1 + 8 + 1

func (s stateFile) path() string { return filepath.Join(s.dir, fileName) }

// isStateFile looks at the beginning of a file.
func isStateFile(f *os.File) bool {
	head := make([]byte, len("headcount state "))
	_, err := f.ReadAt(head, 0)
	return err == nil && string(head) == "headcount state "
}

// Load reads the file. Where there is none, the version is 0.
func (s stateFile) Load(context.Context) (value []byte, version int64, err error) {
	data, err := durable.Read(s.path(), maxSize)
	switch {
	case err != nil && gone(err):
		return nil, 0, nil
	case errors.Is(err, durable.ErrOther):
		return nil, 0, fmt.Errorf("%w: %w", ErrDamaged, err)
	case err != nil:
		return nil, 0, fmt.Errorf("ledger: %w: chown it to the application", err)
	case len(data) >= headerSize && bytes.Equal(data[:len(magic)], magic[:]):
		return nil, 0, ErrGone // a mapped one took its place
	case bytes.Count(data, []byte{0}) == len(data):
		return nil, 0, ErrClosed // wiped
	case len(data) < stateHeaderSize:
		return nil, 0, fmt.Errorf("%w: it is cut off", ErrDamaged)
	}
	var sum uint32
	value = data[stateHeaderSize:]
	_, err = fmt.Sscanf(string(data[:stateHeaderSize]), stateHeader, &version, &sum)
	if err != nil || version <= 0 || sum != crc32.Checksum(value, table) {
		return nil, 0, fmt.Errorf("%w: the checksum is wrong", ErrDamaged)
	}
	return value, version, nil
}

// Swap changes the file under the lock. A crash leaves it as it was or as it
// is to be. The first version is drawn at random: one that counted from zero
// would come again.
func (s stateFile) Swap(ctx context.Context, version int64, value []byte) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	release, err := durable.Lock(ctx, filepath.Join(s.dir, lockName))
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	defer release()
	_, now, err := s.Load(ctx)
	switch {
	case err != nil && !Final(err):
		return err
	case now != version:
		return ErrConflict
	case value == nil || errors.Is(err, ErrClosed):
		if err := destroy(s.dir); err != nil || value == nil {
			return err
		}
	case err != nil:
		if err := putAside(s.path()); err != nil {
			return err
		}
	}
	if version == 0 {
		version = mathrand.Int64N(1 << 62)
	}
	header := fmt.Sprintf(stateHeader, version+1, crc32.Checksum(value, table))
	if err := durable.Replace(s.path(), append([]byte(header), value...)); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}
