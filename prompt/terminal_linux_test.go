package prompt

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"headcount.example/consent"
)

func TestTerminal(t *testing.T) {
	const controlD = "\x04"
	for name, test := range map[string]struct {
		typed []string // each after one more question
		want  consent.Decision
	}{
		"yes":                    {[]string{"y\r"}, consent.Granted},
		"corrected with the key": {[]string{"nope\x7f\x7f\x7f\x7fy\r"}, consent.Granted},
		"no":                     {[]string{"n\r"}, consent.Denied},
		"Enter":                  {[]string{"\r"}, consent.Undecided},
		"end of input":           {[]string{controlD}, consent.Undecided},
		"y and end of input":     {[]string{"y" + controlD + controlD}, consent.Undecided},
		"see, then yes":          {[]string{"?\r", "yes\r"}, consent.Granted},
		"something else, no":     {[]string{"what\r", "no\r"}, consent.Denied},
		"pasted lines":           {[]string{"what\ry\r"}, consent.Undecided}, // the y is for a question that no one saw
	} {
		t.Run(name, func(t *testing.T) {
			p := newPTY(t)
			result := p.ask(t.Context())
			for i, keys := range test.typed {
				p.asked(t, i+1)
				p.press(t, keys)
			}
			got := <-result
			if got.record.Decision != test.want || got.err != nil {
				t.Errorf("%+v, %v\n%s", got.record, got.err, p.screen())
			}
		})
	}
}

// A person who interrupts a program whose context ends then, as with
// signal.NotifyContext, reads what became of the question.
func TestInterrupted(t *testing.T) {
	p := newPTY(t)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	result := p.ask(ctx)
	p.asked(t, 1)
	interrupt()
	if got := <-result; got.record != (consent.Record{}) || !errors.Is(got.err, context.Canceled) {
		t.Errorf("%+v", got)
	}
	p.shows(t, "[y/N] \r\nInterrupted. Nothing was decided and nothing is sent.\r\n", 1)
}

// On a small terminal the notice comes a screen at a time.
func TestPager(t *testing.T) {
	const more = "Enter: more, q: back to the question "
	for name, test := range map[string]struct {
		keys  []string // at the first screens; then Enter until the question
		pages int      // at least
	}{
		"to the end": {nil, 4}, "q at the second": {[]string{"\r", "q\r"}, 2}, "not a key": {[]string{"y\r", "n\r", "Q\r"}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPTY(t)
			err := control(p.tty, func(fd int) error {
				return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 12, Col: 60})
			})
			if err != nil {
				t.Fatal(err)
			}
			result := p.ask(t.Context())
			p.asked(t, 1)
			p.press(t, "?\r")
			pages := 0
			for p.either(t, more, pages+1, "[y/N] ", 2) {
				if pages++; pages > 100 {
					t.Fatal("the notice does not end")
				}
				screens := strings.Split(p.screen(), more)
				if lines := strings.Count(screens[pages-1], "\r\n"); pages > 1 && lines != 11 {
					t.Errorf("screen %d moved on by %d lines, want 10 and the one for Enter", pages, lines)
				}
				keys := "\r"
				if pages <= len(test.keys) {
					keys = test.keys[pages-1]
				}
				p.press(t, keys)
			}
			if pages < test.pages || test.keys != nil && pages != test.pages {
				t.Errorf("%d screens, want %d", pages, test.pages)
			}
			p.press(t, "y\r")
			if got := <-result; got.record.Decision != consent.Granted || got.err != nil {
				t.Errorf("%+v\n%s", got, p.screen())
			}
			for line := range strings.SplitSeq(p.screen(), "\r\n") {
				if len(strings.Fields(line)) > 1 && len(line) > 60+len("?") && !strings.Contains(line, more) {
					t.Errorf("a line of %d on 60 columns: %q", len(line), line)
				}
			}
		})
	}
}

// Only when both are terminals; the null device is a character device, and
// is none.
func TestBothAreTerminals(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	p := newPTY(t)
	if !terminal(p.tty) || terminal(null) {
		t.Fatalf("terminal: %t, null device: %t", terminal(p.tty), terminal(null))
	}
	for _, files := range [][2]*os.File{{p.tty, null}, {null, p.tty}, {null, null}} {
		record, err := Ask(t.Context(), shop(), files[0], files[1])
		if record != (consent.Record{}) || err != nil || p.screen() != "" {
			t.Errorf("asked: %+v, %v, %q", record, err, p.screen())
		}
	}
}

// What was typed before the question is no answer, and is still there.
func TestTypedAhead(t *testing.T) {
	p := newPTY(t)
	p.press(t, "yes\r")
	for end := time.Now().Add(30 * time.Second); !(tty{p.tty}).waiting(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("got nothing to read in 30 seconds, want what was typed")
		}
	}
	got := <-p.ask(t.Context())
	if got.record != (consent.Record{}) || got.err != nil || strings.Contains(p.screen(), "[y/N]") {
		t.Errorf("%+v\n%s", got, p.screen())
	}
	p.wants(t, "yes\n")
}

// When ctx ends Ask returns at once, leaves no goroutine, and takes nothing
// of what is typed later.
func TestCancelled(t *testing.T) {
	p := newPTY(t)
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(t.Context())
	result := p.ask(ctx)
	p.asked(t, 1)
	cancelled := time.Now()
	cancel()
	got := <-result
	if took := time.Since(cancelled); took > 10*time.Second {
		t.Errorf("returned after %s", took)
	}
	if got.record != (consent.Record{}) || !errors.Is(got.err, context.Canceled) {
		t.Errorf("%+v", got)
	}
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, before %d", runtime.NumGoroutine(), before)
		}
	}
	p.press(t, "ls -l\r")
	p.wants(t, "ls -l\n")
}

func TestHangUp(t *testing.T) {
	p := newPTY(t)
	result := p.ask(t.Context())
	p.asked(t, 1)
	if err := p.keys.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-result:
		if got.record != (consent.Record{}) {
			t.Errorf("%+v", got)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("still waiting for a person who is gone")
	}
}
