//go:build !unix && !windows

package prompt

import "os"

// What is not known to be a terminal is none.
func terminal(*os.File) bool { return false }
