package main_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal opens a real one: the person's side and the program's.
func terminal(t *testing.T) (keys, tty *os.File) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Skipf("no terminal can be made here: %v: mount devpts on /dev/pts", err)
	}
	keys = os.NewFile(uintptr(fd), "ptmx")
	t.Cleanup(func() { _ = keys.Close() })
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	if tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tty.Close() })
	return keys, tty
}

// A program is created in a terminal, and the person answers.
func TestAnswerInTheTerminal(t *testing.T) {
	for typed, test := range map[string]struct{ says, status string }{
		"y\r": {"", "on, agreed to notice 1"},
		"n\r": {"", "(terminal)"},
		"\r":  {"", "not decided yet"},
		"?\r": {"affiliate.program.count", "not decided yet"},
	} {
		t.Run(fmt.Sprintf("%q", typed), func(t *testing.T) {
			s := open(t, "http://127.0.0.1:1")
			keys, tty := terminal(t)
			c := s.prepare("program", "create", "spring")
			c.Stdin, c.Stderr = tty, tty
			c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			shown := ""
			shown += read(t, keys, "[y/N] ")
			for _, want := range []string{"Affiliate Platform Ltd asks for usage statistics of Affiliate Platform.", "Why: To improve how the platform is used",
				"Kept: reports for 30 days", "any time: affiliate settings", "What: Actions; Errors; Features used"} {
				if !strings.Contains(shown, want) {
					t.Errorf("no %q in\n%s", want, shown)
				}
			}
			fmt.Fprint(keys, typed)
			if test.says != "" {
				if notice := read(t, keys, "[y/N] "); !strings.Contains(notice, test.says) {
					t.Errorf("no %q in\n%s", test.says, notice)
				}
				fmt.Fprint(keys, "\r")
			}
			if err := c.Wait(); err != nil {
				t.Fatal(err)
			}
			if out, _ := s.run(0, "settings telemetry status"); !strings.Contains(out, test.status) {
				t.Errorf("status %q, want %q", out, test.status)
			}
			if !strings.Contains(test.status, "not decided") { // decided: not asked again
				again := s.prepare("program", "create", "autumn")
				again.Stdin, again.Stderr, again.SysProcAttr = tty, tty, c.SysProcAttr
				defer time.AfterFunc(patience, func() { _ = again.Process.Kill() }).Stop()
				if err := again.Run(); err != nil {
					t.Errorf("asked again: %v", err)
				}
			}
			if kept := s.kept(); strings.Contains(test.status, "not decided") && len(kept) != 0 {
				t.Errorf("kept %q", kept)
			}
		})
	}
}

// Where a yes would change nothing, there is no question.
func TestNotAskedWithAWrongEndpoint(t *testing.T) {
	s := open(t, "http://evil.example")
	keys, tty := terminal(t)
	c := s.prepare("program", "create", "spring")
	c.Stdin, c.Stderr = tty, tty
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer time.AfterFunc(patience, func() { _ = c.Process.Kill() }).Stop()
	read(t, keys, "statistics are off: telemetry: endpoint")
	if err := c.Wait(); err != nil {
		t.Errorf("asked: %v", err)
	}
}

// read returns what the terminal shows, up to a text.
func read(t *testing.T, keys *os.File, until string) string {
	t.Helper()
	if err := keys.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	shown, buffer := "", make([]byte, 4096)
	for !strings.Contains(shown, until) {
		n, err := keys.Read(buffer)
		if shown += string(buffer[:n]); err != nil {
			t.Fatalf("%v, and not yet %q:\n%s", err, until, shown)
		}
	}
	return shown
}
