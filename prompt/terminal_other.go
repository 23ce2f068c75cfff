//go:build !unix

package prompt

import (
	"io"
	"os"
)

// The size is not known here, so the notice is shown without a pause.
func screen(io.Writer) size { return size{} }

// Reading never stops a process here.
func background(*os.File) bool { return false }

// A console cannot be asked whether a line is waiting: it counts keys being
// pressed and released, whatever they are.
func fromTerminal(f *os.File) input { return stream{f} }
