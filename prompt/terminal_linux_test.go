package prompt

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

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
		"pasted lines":           {[]string{"what\ry\r"}, consent.Undecided}, // the y is for a question that nobody saw
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
	if ready, err := (tty{p.tty}).ready(10 * time.Second); !ready || err != nil {
		t.Fatalf("ready %t, %v", ready, err)
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
		t.Fatal("still waiting for somebody who is gone")
	}
}
