package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"headcount.example/cmd/headcount/internal/terminal"
)

// Exit codes.
const (
	exitFine    = 0
	exitFailure = 1
	exitUsage   = 2
)

// A usageError is a command line that cannot be right: exit code 2.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

// usage returns an error that says what is wrong with the command line. Name
// the value and the remedy.
func usage(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}

// An interruptedError is the end by a signal, and says what is left behind.
type interruptedError struct{ text string }

func (e *interruptedError) Error() string { return "interrupted; " + e.text }

// interrupted replaces an error that only says that the context was cancelled
// by one that says in which state things are.
func interrupted(ctx context.Context, err error, state string) error {
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return &interruptedError{state}
	}
	return err
}

// flagError says what is wrong with a flag in the words of this command.
func flagError(cmd *cobra.Command, err error) error {
	var value *pflag.InvalidValueError
	var none *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	switch help := cmd.CommandPath() + " --help"; {
	case errors.As(err, &value):
		return usage("--%s: %v", value.GetFlag().Name, value.Unwrap())
	case errors.As(err, &none):
		dashes := "--"
		if none.GetSpecifiedShortnames() != "" {
			dashes = "-"
		}
		name := none.GetSpecifiedName()
		if args := cmd.Flags().Args(); !cmd.HasParent() && len(args) > 0 {
			return noSuchCommand(cmd, args) // the flags are those of the command that was meant
		}
		if near := nearest(cmd, name); near != "" && dashes == "--" {
			return usage("flag --%s is not known; did you mean --%s?", name, near)
		}
		return usage("flag %s%s is not known; %s lists the flags", dashes, name, help)
	case errors.As(err, &missing):
		return usage("--%s needs a value; see %s", missing.GetFlag().Name, help)
	default:
		return usage("%v; see %s", err, help)
	}
}

// exitCode prints an error as one line and returns the exit code for it.
func exitCode(ctx context.Context, err error, out *output, stderr io.Writer) int {
	if err == nil || out.closed && errors.Is(err, syscall.EPIPE) {
		return exitFine
	}
	err = interrupted(ctx, err, "nothing was written")
	var wrong *usageError
	code := exitFailure
	if errors.As(err, &wrong) {
		code = exitUsage
	}
	line := strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; ") + remedy(err)
	fmt.Fprintf(stderr, "headcount: %s\n", terminal.Clean(line))
	return code
}

// remedy says what to do about an error of the operating system.
func remedy(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return "; free space there and run the command again"
	case errors.Is(err, syscall.EROFS):
		return "; that file system can only be read: name a place on another one, or mount it for writing"
	case errors.Is(err, fs.ErrPermission):
		return "; run headcount as the user that owns it, or give this user the right"
	}
	return ""
}

// An output is the standard output. It remembers that its reader has gone.
type output struct {
	to     io.Writer
	closed bool
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.to.Write(p)
	if errors.Is(err, syscall.EPIPE) {
		o.closed = true
	}
	return n, err
}

// Fd is the descriptor of the file below, or none.
func (o *output) Fd() uintptr {
	if f, ok := o.to.(interface{ Fd() uintptr }); ok {
		return f.Fd()
	}
	return ^uintptr(0)
}
