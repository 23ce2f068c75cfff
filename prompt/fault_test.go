package prompt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"headcount.example/consent"
)

// A file that is not a terminal is no person's, wherever it comes from.
func TestFilesAreNotAsked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "answers")
	if err := os.WriteFile(path, []byte("y\ny\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	pipe, end, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	defer end.Close()
	closed, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for name, in := range map[string]io.Reader{
		"nil": nil, "file": file, "null device": null, "pipe": pipe, "closed": closed, "nil file": (*os.File)(nil),
	} {
		out := &bytes.Buffer{}
		if record, err := Ask(t.Context(), shop(), in, out); record != (consent.Record{}) || err != nil || out.Len() != 0 {
			t.Errorf("reading %s: %+v, %v, %q", name, record, err, out)
		}
	}
	for name, out := range map[string]io.Writer{"nil": nil, "null device": null, "pipe": end, "closed": closed, "nil file": (*os.File)(nil)} {
		in := strings.NewReader("y\n")
		if record, err := Ask(t.Context(), shop(), in, out); record != (consent.Record{}) || err != nil || in.Len() != 2 {
			t.Errorf("writing to %s: %+v, %v, %d bytes left", name, record, err, in.Len())
		}
	}
}

func TestFaultsOfReaderAndWriter(t *testing.T) {
	broken := errors.New("the line is cut")
	for name, test := range map[string]struct {
		in   io.Reader
		out  io.Writer
		says string
	}{
		"reading fails":              {iotest.ErrReader(broken), &bytes.Buffer{}, "the line is cut"},
		"reading fails after y":      {io.MultiReader(strings.NewReader("y"), iotest.ErrReader(broken)), &bytes.Buffer{}, "the line is cut"},
		"the reader panics":          {readFunc(func([]byte) (int, error) { panic("no") }), &bytes.Buffer{}, "panic: no"},
		"the reader returns nothing": {readFunc(func([]byte) (int, error) { return 0, nil }), &bytes.Buffer{}, io.ErrNoProgress.Error()},
		"the reader lies":            {readFunc(func([]byte) (int, error) { return 7, nil }), &bytes.Buffer{}, io.ErrNoProgress.Error()},
		"writing fails":              {strings.NewReader("y\n"), writeFunc(func([]byte) (int, error) { return 0, broken }), "the line is cut"},
		"half is written":            {strings.NewReader("y\n"), writeFunc(func(p []byte) (int, error) { return len(p) / 2, nil }), "short write"},
		"the writer panics":          {strings.NewReader("y\n"), writeFunc(func([]byte) (int, error) { panic("no") }), "panicked"},
	} {
		t.Run(name, func(t *testing.T) {
			record, err := Ask(t.Context(), shop(), test.in, test.out)
			if record != (consent.Record{}) || err == nil || !strings.Contains(err.Error(), test.says) ||
				!strings.HasPrefix(err.Error(), "prompt: nothing was decided: ") {
				t.Errorf("record %+v, error %v, want %q", record, err, test.says)
			}
		})
	}
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

type writeFunc func([]byte) (int, error)

func (f writeFunc) Write(p []byte) (int, error) { return f(p) }

func TestEndOfContext(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end()
	in, out := strings.NewReader("y\n"), &bytes.Buffer{}
	record, err := Ask(ended, shop(), in, out)
	if record != (consent.Record{}) || !errors.Is(err, context.Canceled) || in.Len() != 2 || out.String() != "\nInterrupted. Nothing was decided and nothing is sent.\n" {
		t.Errorf("ended before: %+v, %v, %d bytes left, said %q", record, err, in.Len(), out)
	}
	//lint:ignore SA1012 a careless caller must not panic
	if record, err := Ask(nil, shop(), in, out); record.Decision != consent.Granted || err != nil {
		t.Errorf("nil context: %+v, %v", record, err)
	}
}

// An answer that comes while ctx ends comes too late, each time.
func TestTooLate(t *testing.T) {
	for range 200 {
		ctx, cancel := context.WithCancel(t.Context())
		typed := strings.NewReader("y\n")
		in := readFunc(func(p []byte) (int, error) {
			if typed.Len() == 1 {
				cancel()
			}
			return typed.Read(p)
		})
		if record, err := Ask(ctx, shop(), in, &bytes.Buffer{}); record != (consent.Record{}) || !errors.Is(err, context.Canceled) {
			t.Fatalf("record %+v, %v", record, err)
		}
	}
}

// However the waiting ends without an answer, it is not now; what was already
// typed of the line does not count.
func TestNobodyAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		typed string
		limit time.Duration // of ctx; 0 for none
		after time.Duration
		err   error
	}{
		"no one there":             {"", 0, time.Minute, nil},
		"y without Enter":          {"y", 0, time.Minute, nil},
		"goes away reading":        {"?\n", 0, 10 * time.Minute, nil},
		"the context ends":         {"", 5 * time.Second, 5 * time.Second, context.DeadlineExceeded},
		"the context ends after y": {"y", 5 * time.Second, 5 * time.Second, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				in, keyboard := io.Pipe()
				defer in.Close()
				go fmt.Fprint(keyboard, test.typed)
				ctx, cancel := t.Context(), context.CancelFunc(func() {})
				if test.limit > 0 {
					ctx, cancel = context.WithTimeout(ctx, test.limit)
				}
				defer cancel()
				began, out := time.Now(), &bytes.Buffer{}
				record, err := Ask(ctx, shop(), in, out)
				if record != (consent.Record{}) || !errors.Is(err, test.err) {
					t.Errorf("record %+v, error %v", record, err)
				}
				says := "\nNo answer. Nothing was decided and nothing is sent.\n"
				if err != nil {
					says = "\nInterrupted. Nothing was decided and nothing is sent.\n"
				}
				if took := time.Since(began); took != test.after {
					t.Errorf("waited %s, want %s", took, test.after)
				}
				if !strings.HasSuffix(out.String(), "[y/N] "+says) {
					t.Errorf("the shell's prompt would stand behind %q", out)
				}
			})
		})
	}
}
