//go:build unix

package prompt

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Why not os.File.Stat: to it /dev/null is a character device like a terminal.
// Why not golang.org/x/term: it would be one dependency more for every
// application, and it only says whether a file is a terminal. To see what is
// waiting and to know the background golang.org/x/sys is needed in any case,
// which the library's file lock brings along.

// terminal asks for the size of the window, which only terminals answer, as
// the isatty of musl does: the one such question that has the same name on
// every Unix.
func terminal(f *os.File) bool {
	return control(f, func(fd int) error {
		_, err := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ)
		return err
	}) == nil
}

// screen returns the size of the terminal; zero if it is not known.
func screen(out io.Writer) (s size) {
	if f, ok := out.(*os.File); ok {
		_ = control(f, func(fd int) error {
			w, err := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ)
			if err == nil {
				s = size{int(w.Col), int(w.Row)}
			}
			return err
		})
	}
	return s
}

// background reports whether reading would stop this process. A terminal that
// is not the one of its session stops no process.
func background(f *os.File) bool {
	own := true
	err := control(f, func(fd int) error {
		front, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
		if err != nil {
			return err
		}
		group, err := unix.Getpgid(0)
		own = group == front
		return err
	})
	return err == nil && !own
}

// control does not use Fd, which would change how the host's file behaves.
func control(f *os.File, ask func(fd int) error) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var answer error
	if err := conn.Control(func(fd uintptr) { answer = ask(int(fd)) }); err != nil {
		return err
	}
	return answer
}

func fromTerminal(f *os.File) input { return tty{f} }

// A tty is read only when something is there, so that no read is left behind
// to take a line from the program's next question, or from the shell.
type tty struct{ f *os.File }

func (t tty) waiting() bool {
	ready, err := t.ready(0)
	return ready || err != nil
}

func (t tty) next(ctx context.Context) (byte, error) {
	const look = 50 * time.Millisecond
	for {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		ready, err := t.ready(look)
		if err != nil {
			return 0, err
		}
		switch {
		case ready && background(t.f):
			time.Sleep(look) // now in the background: wait until it is in the foreground again
		case ready:
			return stream{t.f}.next(ctx) // another process may have been faster
		}
	}
}

// ready waits for input for a while.
func (t tty) ready(wait time.Duration) (ready bool, err error) {
	err = control(t.f, func(fd int) error {
		poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(poll, int(wait.Milliseconds()))
		switch {
		case errors.Is(err, unix.EINTR):
			return nil // a signal: the next look is soon
		case err == nil && poll[0].Revents&unix.POLLNVAL != 0:
			return errors.New("the terminal cannot be waited for")
		}
		ready = n > 0
		return err
	})
	return ready, err
}
