package telemetry

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"headcount.example/internal/durable"
)

// A directory belongs to one product: two that shared it would share an
// identifier, and so become one. The first yes writes the product's name in
// it; a no takes it away.

func (c *Client) claimPath() string { return filepath.Join(c.config.Dir, "headcount.product") }

// claim takes the directory for this product, or says whose it is.
func (c *Client) claim() error {
	if c.config.State != nil && c.config.Dir == "" {
		return nil
	}
	name := c.config.Catalog.Product()
	said, err := durable.Read(c.claimPath(), 1024)
	switch {
	case err == nil && string(said) == name:
		return nil
	case err == nil:
		return fmt.Errorf("directory %q belongs to %.100q: give %s one of its own", c.config.Dir, said, name)
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	if err := os.MkdirAll(c.config.Dir, 0o700); err != nil {
		return err
	}
	return durable.Replace(c.claimPath(), []byte(name))
}

// owns says whether a no of this product is about what is in the directory:
// not when another product's name is in it.
func (c *Client) owns() bool {
	said, err := durable.Read(c.claimPath(), 1024)
	return err != nil || string(said) == c.config.Catalog.Product()
}

// unclaim gives the directory up, and removes what a killed process left half
// written: it may hold the identifier.
func (c *Client) unclaim() error {
	durable.Tidy(c.config.Dir)
	if err := os.Remove(c.claimPath()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
