package receiver

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// smallDisk is full after a few dozen reports.
const smallDisk = "size=128k"

// diskFull gives the output a small file system of its own, fills it, and
// frees it. Only root may mount one.
func (i *inspection) diskFull(ctx context.Context, c *collector) (err error) {
	if os.Geteuid() != 0 {
		i.result.Notes = append(i.result.Notes, "disk full: not tried, it needs root to mount a small file system")
		return nil
	}
	if err := c.stop(); err != nil {
		return err
	}
	dir := filepath.Dir(c.plan.outputs[0])
	if err := unix.Mount("audit", dir, "tmpfs", 0, smallDisk); err != nil {
		i.result.Notes = append(i.result.Notes, fmt.Sprintf("disk full: not tried, no file system can be mounted here: %v", err))
		return nil
	}
	defer func() {
		c.end() // it holds the file
		if failed := unix.Unmount(dir, unix.MNT_DETACH); err == nil && failed != nil {
			err = failed
		}
	}()
	if err := c.again(ctx); err != nil {
		return err
	}
	list := i.fireValid(ctx, 40*few)
	if err := unix.Mount("audit", dir, "tmpfs", unix.MS_REMOUNT, "size=64m"); err != nil {
		return err
	}
	freed := i.fireValid(ctx, few)
	list = append(list, freed...)
	if err := i.wait(ctx, c, list); err != nil {
		return err
	}
	refused, after := 0, 0
	for _, s := range list {
		if s.status >= http.StatusInternalServerError {
			refused++
		}
	}
	for _, s := range freed {
		if s.accepted() {
			after++
		}
	}
	i.mistake("the disk is full, and then freed", list, i.missing(list),
		fmt.Sprintf("refused %d reports with a 5xx, so that senders keep them, and took %d of %d after it was freed", refused, after, len(freed)),
		"answered 2xx and lost while the disk was full")
	return nil
}
