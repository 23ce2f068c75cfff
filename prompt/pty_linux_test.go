package prompt

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"headcount.example/consent"
)

// A pty is a real terminal: what is typed into it, and what it shows.
type pty struct {
	keys *os.File // the person's side
	tty  *os.File // the program's side

	mu    sync.Mutex
	shown bytes.Buffer
}

func newPTY(t *testing.T) *pty {
	t.Helper()
	keys, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminal can be made here: %v: mount devpts on /dev/pts", err)
	}
	t.Cleanup(func() { _ = keys.Close() })
	var number int
	err = control(keys, func(fd int) error {
		if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
			return err
		}
		number, err = unix.IoctlGetInt(fd, unix.TIOCGPTN)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tty.Close() })
	p := &pty{keys: keys, tty: tty}
	go p.show()
	return p
}

func (p *pty) show() {
	buffer := make([]byte, 4096)
	for {
		n, err := p.keys.Read(buffer)
		p.mu.Lock()
		p.shown.Write(buffer[:n])
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (p *pty) screen() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.shown.String()
}

func (p *pty) press(t *testing.T, keys string) {
	t.Helper()
	if _, err := p.keys.WriteString(keys); err != nil {
		t.Fatal(err)
	}
}

// asked waits until the question is on the screen that often.
func (p *pty) asked(t *testing.T, times int) {
	t.Helper()
	p.shows(t, "[y/N] ", times)
}

// shows waits until the text is on the screen that often.
func (p *pty) shows(t *testing.T, text string, times int) {
	t.Helper()
	p.either(t, text, times, text, times)
}

// either waits until one of two texts is on the screen so often, and reports
// whether it is the first.
func (p *pty) either(t *testing.T, first string, often int, second string, times int) bool {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		switch shown := p.screen(); {
		case strings.Count(shown, first) >= often:
			return true
		case strings.Count(shown, second) >= times:
			return false
		}
		if time.Now().After(deadline) {
			t.Fatalf("neither %d × %q nor %d × %q in 20 seconds:\n%s", often, first, times, second, p.screen())
		}
	}
}

type asked struct {
	record consent.Record
	err    error
}

// ask asks on the terminal and returns where the result comes.
func (p *pty) ask(ctx context.Context) <-chan asked {
	result := make(chan asked, 1)
	go func() {
		record, err := Ask(ctx, shop(), p.tty, p.tty)
		result <- asked{record, err}
	}()
	return result
}

// wants checks that the next line of the terminal is this one.
func (p *pty) wants(t *testing.T, line string) {
	t.Helper()
	if err := p.tty.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 100)
	n, err := p.tty.Read(buffer)
	if string(buffer[:n]) != line || err != nil {
		t.Errorf("the next line is %q, %v; want %q", buffer[:n], err, line)
	}
}
