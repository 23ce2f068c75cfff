package ledger

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"syscall"
	"time"

	"github.com/google/uuid"
)

// newIdentity draws everything about an installation that is random. The
// reader is named: a host may have given package uuid another one.
func newIdentity(now time.Time) (Identity, error) {
	guid, err := uuid.NewRandomFromReader(rand.Reader)
	if err != nil {
		return Identity{}, fmt.Errorf("ledger: no random numbers: %w", err)
	}
	wait, err := rand.Int(rand.Reader, big.NewInt(int64(23*time.Hour/time.Second)))
	if err != nil {
		return Identity{}, fmt.Errorf("ledger: no random numbers: %w", err)
	}
	// The first report is at least an hour away: people change their minds.
	first := now.Unix()%day + int64(time.Hour/time.Second) + wait.Int64()
	phase := time.Duration((first+day)%day) * time.Second
	// A clock may say anything; what the file holds is possible.
	since := min(max(now.Unix()/day, 0), lastDay)
	return Identity{GUID: guid, Day: time.Unix(since*day, 0).UTC(), Phase: phase}, nil
}

// secure makes the directory, for its owner alone. One that others may write
// in is refused: they could exchange the files.
func secure(dir string) error {
	if dir == "" {
		return errors.New("ledger: no directory: totals and identifier must survive a restart")
	}
	step("make directory")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("ledger: %q is not a directory", dir)
	}
	if unixModes && info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("ledger: others may write in %q (mode %04o): chmod 700", dir, info.Mode().Perm())
	}
	return nil
}

// openFile opens an existing file of ours. It follows no link and does not
// wait for a FIFO.
func openFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|openFlags, 0)
}

var errUnreadable = errors.New("cannot be read")

// read reads a whole file into memory that can be used as a page.
func read(path string) (page, error) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, err
	case err == nil && !info.Mode().IsRegular():
		return nil, fmt.Errorf("%q is not a file", path)
	}
	f, err := openFile(path)
	if err != nil {
		return nil, fmt.Errorf("ledger: %q %w: %w", path, errUnreadable, err)
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return nil, fmt.Errorf("ledger: %q %w: %w", path, errUnreadable, err)
	}
	// The end need not be that of a series: a process that made the file
	// longer may have been killed, or the disk full, in the middle of it.
	if size := info.Size(); size < headerSize || size > maxSize {
		return nil, fmt.Errorf("%d bytes is not the size of a ledger", size)
	}
	p := newPage((int(info.Size()) - headerSize) / slotSize)
	if _, err := io.ReadFull(f, p); err != nil {
		return nil, fmt.Errorf("ledger: %q %w: %w", path, errUnreadable, err)
	}
	return p, nil
}

// gone tells that a file is not there from not being able to look.
func gone(err error) bool {
	return errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}
