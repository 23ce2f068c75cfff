//go:build !unix

package prompt

import (
	"io"
	"os"
)

// The size is not known, and nothing waits for the person to go on.
func screen(io.Writer) size { return size{} }

// There is no background in which reading would stop a process.
func background(*os.File) bool { return false }

// A console cannot be asked whether a line is waiting: it counts keys being
// pressed and released, whatever they are.
func fromTerminal(f *os.File) input { return stream{f} }
