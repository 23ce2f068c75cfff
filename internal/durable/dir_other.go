//go:build !unix

package durable

import "io/fs"

// Without Unix permissions there are no flags to set, and no mode or owner to check.
// A directory inherits its access rights, and cannot be synced.
const (
	openFlags = 0
	modes     = false
)

func mine(fs.FileInfo) bool { return true }

// Owned returns nil.
func Owned(fs.FileInfo, fs.FileMode) error { return nil }

func adopt(string, string) error { return nil }

// SyncDir does nothing.
func SyncDir(string) error { return nil }
