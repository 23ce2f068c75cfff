package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"headcount.example/cmd/headcount/internal/terminal"
)

// openTerminal makes a terminal of so many columns. done closes it and
// returns what was written to it.
func openTerminal(t *testing.T, columns uint16) (tty *os.File, done func() string) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("needs /dev/ptmx:", err)
	}
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Skip("needs a pseudo terminal:", err)
	}
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Skip("needs a pseudo terminal:", err)
	}
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("needs /dev/pts:", err)
	}
	if err := unix.IoctlSetWinsize(int(tty.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns}); err != nil {
		t.Fatal(err)
	}
	var written bytes.Buffer
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		io.Copy(&written, master) // ends with an error when the terminal is closed
	}()
	return tty, func() string {
		tty.Close()
		<-ended
		master.Close()
		return strings.ReplaceAll(written.String(), "\r\n", "\n")
	}
}

// onTerminal runs a command line with a terminal as its outputs.
func onTerminal(t *testing.T, columns uint16, args ...string) string {
	t.Helper()
	tty, done := openTerminal(t, columns)
	code := run(context.Background(), args, tty, tty)
	out := done()
	if code != exitFine {
		t.Fatalf("%q: got exit code %d and %q, want 0", args, code, out)
	}
	return out
}

func TestColourOnATerminal(t *testing.T) {
	args := []string{"report", "--archive", compactedArchive(t), "--as-of", "2026-11-24"}
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	if out := onTerminal(t, 80, args...); !strings.Contains(out, "\x1b[1m") {
		t.Errorf("got no colour in %q", out)
	}
	plain := fine(t, args...)
	t.Setenv("NO_COLOR", "1")
	if out := onTerminal(t, 80, args...); out != plain {
		t.Errorf("with NO_COLOR: got %q, want what a file gets", out)
	}
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "dumb")
	if out := onTerminal(t, 80, args...); out != plain {
		t.Errorf("with TERM=dumb: got %q, want what a file gets", out)
	}
}

func TestWidthOfATerminal(t *testing.T) {
	args := []string{"report", "--archive", compactedArchive(t), "--as-of", "2026-11-24"}
	t.Setenv("NO_COLOR", "1")
	headline := "CompreFace: of 2 installations that opted in and reported in the 28 days to 2026-11-24\n"
	if out := onTerminal(t, 120, args...); !strings.HasPrefix(out, headline) {
		t.Errorf("120 columns: got %.100q, want the headline on one line", out)
	}
	if out := onTerminal(t, 80, args...); strings.HasPrefix(out, headline) {
		t.Errorf("80 columns: got %.100q, want the headline on two lines", out)
	}
}

// What goes to a file while the standard error is a terminal has no colour.
func TestNoColourInAFile(t *testing.T) {
	tty, done := openTerminal(t, 80)
	if got := terminal.Of(tty); got.Width != 80 || !got.Interactive {
		t.Errorf("got %+v, want a terminal of 80 columns", got)
	}
	var stdout bytes.Buffer
	if code := run(context.Background(), []string{"report", "--archive", compactedArchive(t), "--as-of", "2026-11-24"}, &stdout, tty); code != exitFine {
		t.Errorf("got exit code %d, want 0", code)
	}
	if out := done(); out != "" || strings.Contains(stdout.String(), "\x1b") {
		t.Errorf("got %q on the terminal and %q in the file", out, stdout.String())
	}
}
