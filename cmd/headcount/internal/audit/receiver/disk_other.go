//go:build !linux

package receiver

import "context"

func (i *inspection) diskFull(context.Context, *collector) error {
	i.result.Notes = append(i.result.Notes, "disk full: not tried, only on Linux")
	return nil
}
