package telemetry

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"headcount.example/internal/durable"
)

// A directory belongs to one product: two that shared it would share an
// identifier, and so become one. The first yes writes the product's name in
// it, and there it stays: it says nothing about anybody.

func (c *Client) claimPath() string { return filepath.Join(c.config.Dir, "headcount.product") }

// claim takes the directory for this product, or says whose it is. Of two
// products that start at once one gets it.
func (c *Client) claim() error {
	if c.config.Dir == "" {
		return nil // the state is elsewhere
	}
	if err := os.MkdirAll(c.config.Dir, 0o700); err != nil {
		return err
	}
	name := c.config.Catalog.Product()
	said, err := durable.Read(c.claimPath(), 1024)
	if err == nil && len(bytes.Trim(said, "\x00")) == 0 { // what a power loss left, before anything was settled
		if err = os.Remove(c.claimPath()); err == nil {
			err = os.ErrNotExist
		}
	}
	if errors.Is(err, os.ErrNotExist) {
		if err = durable.Create(c.claimPath(), []byte(name)); !errors.Is(err, os.ErrExist) {
			return err
		}
		said, err = durable.Read(c.claimPath(), 1024) // another process was first
	}
	if err == nil && string(said) != name {
		err = fmt.Errorf("directory %q belongs to %.100q: give %s one of its own", c.config.Dir, said, name)
	}
	return err
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

// owner says whose directory it is; empty when nobody's, or when that cannot
// be read.
func (c *Client) owner() string {
	said, _ := durable.Read(c.claimPath(), 1024)
	return string(said)
}
