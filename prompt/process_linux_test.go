package prompt

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// help is this test binary as a program that asks, or as the shell that
// starts it and says whose turn the terminal is.
func help(mode string) int {
	if mode == "ask" {
		record, err := Ask(context.Background(), shop(), os.Stdin, os.Stderr)
		fmt.Println(record.Decision, err)
		return 0
	}
	signal.Ignore(syscall.SIGTTOU) // as every shell does
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "PROMPT_TEST_HELPER=ask")
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Foreground: mode == "juggle"}
	if err := child.Start(); err != nil {
		fmt.Println(err)
		return 1
	}
	turns, turn := os.NewFile(3, "turns"), make([]byte, 1)
	for mode == "juggle" {
		if _, err := turns.Read(turn); err != nil {
			break
		}
		group := child.Process.Pid
		if turn[0] == 'b' {
			group = unix.Getpgrp()
		}
		if err := unix.IoctlSetPointerInt(0, unix.TIOCSPGRP, group); err != nil {
			fmt.Println(err)
			return 1
		}
		fmt.Printf("%c %d\n", turn[0], child.Process.Pid)
	}
	if err := child.Wait(); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// program prepares the test binary as a program in a session of its own, with
// p for its terminal.
func (p *pty) program(ctx context.Context, mode string) *exec.Cmd {
	c := exec.CommandContext(ctx, os.Args[0])
	c.Env = append(os.Environ(), "PROMPT_TEST_HELPER="+mode)
	c.Stdin, c.Stderr = p.tty, p.tty
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	return c
}

// The standard input and error output of a process of its own.
func TestProcess(t *testing.T) {
	for name, test := range map[string]struct {
		mode  string
		pipe  bool
		asked bool
		want  string
	}{
		"foreground": {"ask", false, true, "granted <nil>\n"},
		"background": {"background", false, false, "undecided <nil>\n"},
		"yes |":      {"ask", true, false, "undecided <nil>\n"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			p, out := newPTY(t), &bytes.Buffer{}
			c := p.program(ctx, test.mode)
			c.Stdout = out
			if test.pipe {
				c.Stdin, c.SysProcAttr.Setctty = strings.NewReader("y\n"), false
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			if test.asked {
				p.asked(t, 1)
				p.press(t, "y\r")
			}
			if err := c.Wait(); err != nil || out.String() != test.want {
				t.Errorf("%v: %q, want %q\n%s", err, out, test.want, p.screen())
			}
			if got := strings.Contains(p.screen(), "[y/N]"); got != test.asked {
				t.Errorf("asked: %t\n%s", got, p.screen())
			}
		})
	}
}

// Sent to the background while it waits, the program goes on running, and
// leaves what is typed to the shell.
func TestSentToBackground(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	p := newPTY(t)
	c := p.program(ctx, "juggle")
	theirs, turns, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer turns.Close()
	defer theirs.Close()
	said, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	c.Stdout, c.ExtraFiles = out, []*os.File{theirs}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	out.Close()
	p.asked(t, 1)
	var pid int
	fmt.Fprint(turns, "b")
	if _, err := fmt.Fscanf(said, "b %d\n", &pid); err != nil {
		t.Fatal(err)
	}
	p.press(t, "ls\r")
	time.Sleep(300 * time.Millisecond) // six looks
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil || strings.Contains(string(stat), ") T ") {
		t.Errorf("the program was stopped, or is gone: %s, %v", stat, err)
	}
	p.wants(t, "ls\n")
	fmt.Fprint(turns, "f")
	if _, err := fmt.Fscanf(said, "f %d\n", &pid); err != nil {
		t.Fatal(err)
	}
	p.press(t, "y\r")
	var decision string
	if _, err := fmt.Fscanf(said, "%s <nil>\n", &decision); decision != "granted" || err != nil {
		t.Errorf("%q, %v\n%s", decision, err, p.screen())
	}
	turns.Close()
	if err := c.Wait(); err != nil {
		t.Error(err)
	}
}
