package otlpfile

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"headcount.example/cmd/headcount/internal/schema"
)

// What was read before a fault is handed over, and the result says where to
// go on.
func TestReaderFails(t *testing.T) {
	a := reportOf(someGUID, users("1"))
	s := load(t, "compreface")
	for _, test := range []struct {
		name, input     string
		reports         int
		consumed, after int
	}{
		{"at once", "", 0, 0, 0},
		{"in a report", a + "\n" + a[:50], 1, len(a) + 1, 50},
		{"after a report without a newline", a, 1, len(a), 0},
	} {
		var f found
		r := io.MultiReader(strings.NewReader(test.input), iotest.ErrReader(errTest))
		result, err := Read(t.Context(), r, s, f.handler(s))
		if !errors.Is(err, errTest) || !strings.Contains(err.Error(), "otlpfile: read after byte ") {
			t.Errorf("%s: got error %v, want the reader's with its place", test.name, err)
		}
		if want := (Result{int64(test.consumed), int64(test.after)}); f.reports != test.reports || result != want {
			t.Errorf("%s: got %d reports and %+v, want %d and %+v", test.name, f.reports, result, test.reports, want)
		}
	}
}

func TestReaderThatGivesNothing(t *testing.T) {
	s := load(t, "compreface")
	_, err := Read(t.Context(), nothing{}, s, Handler{})
	if !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("got %v, want %v", err, io.ErrNoProgress)
	}
}

type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, nil }

// A report whose handler fails is not consumed; those before it are.
func TestHandlerFails(t *testing.T) {
	a, b := reportOf(someGUID, users("1")), reportOf(someGUID, users("-1"))
	spaced := strings.Replace(a, "{", "{ ", 1)
	long := strings.Repeat("x", 2000)
	for _, test := range []struct {
		name, input string
		fail        int // which of what is handed over fails
		consumed    int
	}{
		{"the first report", a + "\n" + a + "\n", 0, 0},
		{"the second report", a + "\n" + a + "\n", 1, len(a) + 1},
		{"the second on a line", a + a + "\n", 1, len(a)},
		{"a rejected report", a + "\n" + b + "\n", 1, len(a) + 1},
		{"a report for pdata", a + "\n" + spaced + "\n", 1, len(a) + 1},
		{"a second report for pdata", spaced + spaced + "\n", 1, len(spaced)},
		{"a piece with NULs", spaced + "\x00" + spaced + "\n", 1, len(spaced) + 1},
		{"a foreign line", a + "\nforeign\n", 1, len(a) + 1},
		{"a report at the end", spaced, 0, 0},
		{"a piece that is too long", a + "\n" + long + "\n", 1, len(a) + 1},
	} {
		s := load(t, "compreface")
		n := 0
		count := func() error {
			if n++; n > test.fail {
				return errTest
			}
			return nil
		}
		h := Handler{Report: func(*schema.Report) error { return count() }, Rejected: func(Rejected) error { return count() }}
		l := limits{piece: 1000, kept: 100, first: 64, chunk: 500}
		result, err := newReader(t.Context(), strings.NewReader(test.input), s, h, l).run()
		if err != errTest || result != (Result{Consumed: int64(test.consumed)}) || n != test.fail+1 {
			t.Errorf("%s: got %+v, %v after %d, want %d consumed and the handler's error", test.name, result, err, n, test.consumed)
		}
	}
}

func TestContextCancelled(t *testing.T) {
	s := load(t, "compreface")
	data := fleet(t, s, 2000)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	result, err := Read(ctx, bytes.NewReader(data), s, Handler{})
	if err != context.Canceled || result != (Result{}) {
		t.Errorf("before: got %+v, %v, want nothing and %v", result, err, context.Canceled)
	}
	for _, name := range []string{"scanner", "pdata"} {
		input := data
		if name == "pdata" {
			input = bytes.ReplaceAll(data, []byte(`[{"resource"`), []byte(`[ {"resource"`))
		}
		ctx, cancel = context.WithCancel(t.Context())
		n := 0
		h := Handler{Report: func(*schema.Report) error {
			if n++; n == 10 {
				cancel()
			}
			return nil
		}}
		result, err = Read(ctx, bytes.NewReader(input), s, h)
		if err != context.Canceled || n < 10 || n == 2000 || result.Consumed == 0 || input[result.Consumed-1] != '\n' && input[result.Consumed] != '\n' {
			t.Errorf("%s: got %+v, %v after %d reports, want to stop soon at the end of one", name, result, err, n)
		}
	}
}

// A handler without functions drops what it would get.
func TestNoHandler(t *testing.T) {
	s := load(t, "compreface")
	input := reportOf(someGUID, users("1")) + "\nforeign\n"
	result, err := Read(t.Context(), strings.NewReader(input), s, Handler{})
	if err != nil || result != (Result{Consumed: int64(len(input))}) {
		t.Errorf("got %+v, %v", result, err)
	}
}
