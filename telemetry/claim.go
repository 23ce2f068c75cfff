package telemetry

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"

	"headcount.example/internal/durable"
)

// A directory belongs to one product: two that shared it would share an
// identifier, and so become one. The first yes writes the product's name in
// it, and there it stays: it says nothing about anybody. The name has a
// checksum, so that a damaged one is not taken for another product's.

func (c *Client) claimPath() string { return filepath.Join(c.config.Dir, "headcount.product") }

func sealed(name string) []byte {
	return fmt.Appendf(nil, "%s\n%08x\n", name, crc32.ChecksumIEEE([]byte(name)))
}

var errDamaged = errors.New("is damaged")

// owner says whose directory it is. The error is os.ErrNotExist when it is
// nobody's, and errDamaged when what is there was not written there.
func (c *Client) owner() (string, error) {
	said, err := durable.Read(c.claimPath(), 1024)
	if errors.Is(err, durable.ErrOther) {
		return "", fmt.Errorf("%q %w", c.claimPath(), errDamaged)
	}
	if err != nil {
		return "", err
	}
	name, _, _ := bytes.Cut(said, []byte("\n"))
	if own := c.config.Catalog.Product(); string(said) == own {
		return own, nil // from before there was a checksum
	}
	if !bytes.Equal(said, sealed(string(name))) {
		return "", fmt.Errorf("%q %w", c.claimPath(), errDamaged) // by a power loss before anything was settled, or later
	}
	return string(name), nil
}

// claim takes the directory for this product, or says whose it is. Of two
// products that start at once one gets it.
func (c *Client) claim() error {
	if c.config.Dir == "" {
		return nil // the state is elsewhere
	}
	if err := os.MkdirAll(c.config.Dir, 0o700); err != nil {
		return fmt.Errorf("directory %q cannot be made: %w", c.config.Dir, err)
	}
	name := c.config.Catalog.Product()
	owner, err := c.owner()
	if errors.Is(err, errDamaged) {
		aside := c.claimPath() + ".damaged"
		c.unclaimed.Store(true)
		if err = os.Rename(c.claimPath(), aside); err == nil || errors.Is(err, os.ErrNotExist) {
			err = os.ErrNotExist
		} else {
			err = fmt.Errorf("%w: remove %q", err, c.claimPath())
		}
	}
	if errors.Is(err, os.ErrNotExist) {
		if err = durable.Create(c.claimPath(), sealed(name)); !errors.Is(err, os.ErrExist) {
			return unusable(c.config.Dir, err)
		}
		owner, err = c.owner() // another process was first
	}
	if err == nil && owner != name {
		return fmt.Errorf("directory %q belongs to %.100q: give %s one of its own", c.config.Dir, owner, name)
	}
	return unusable(c.config.Dir, err)
}

func unusable(dir string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("directory %q cannot be used: %w", dir, err)
}

// settleFiles has on the disk what a first start made. It comes before every
// report: see ledger.Settle.
func (c *Client) settleFiles(r *recorder) error {
	if c.config.Dir == "" {
		return nil
	}
	err := c.claim() // somebody may have removed the file
	if err == nil {
		err = durable.Sync(c.claimPath())
	}
	return errors.Join(err, r.ledger.Settle())
}
