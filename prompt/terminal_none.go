//go:build !unix && !windows

package prompt

import "os"

// No file is known to be a terminal here, so no person is asked.
func terminal(*os.File) bool { return false }
