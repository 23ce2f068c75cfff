package prompt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"headcount.example/consent"
)

const (
	attention = time.Minute      // perhaps no person is there: do not hold a script up
	reading   = 10 * time.Minute // a person is there, and may be reading the notice
	maxAsked  = 5                // a reader full of ? ends as well
	where     = "terminal"       // in the record
)

// Ask asks q and returns a record to save: Granted or Denied for the catalog's
// product and notice. It returns the zero Record, which is Undecided, when no person answered
// or there was no question to ask: see the package comment. It does not retry,
// changes nothing in the terminal, and returns when ctx ends whatever in does.
//
// Pass os.Stdin and os.Stderr themselves: an *os.File is only used if it is a
// terminal, so that "yes | shop" agrees to nothing. Any other reader and
// writer are taken for a person's, such as the channel of a remote shell; a
// buffered reader around os.Stdin would hide what it is.
//
// With an error the Record is zero too: q has no sound catalog or no Change, ctx
// ended, or in or out failed. If the question was asked, the person has
// read that it was interrupted, unless out failed. Ask does not panic.
func Ask(ctx context.Context, q Question, in io.Reader, out io.Writer) (consent.Record, error) {
	if ctx == nil {
		ctx = context.Background()
	}
	if err := q.check(); err != nil {
		return consent.Record{}, err
	}
	source := open(in, out)
	if source == nil || unattended(q.env) {
		return consent.Record{}, nil
	}
	number := q.Catalog.NoticeNumber()
	if consent.Evaluate(ctx, q.Catalog.Variable(), number, q.Env, q.Decided).Decision != consent.Undecided {
		return consent.Record{}, nil
	}
	l := q.language()
	d := &dialogue{Question: q, l: l, texts: q.Catalog.Texts(l.Tag), page: screen(out).fit()}
	decision, err := d.talk(ctx, source, out)
	if err != nil {
		return consent.Record{}, fmt.Errorf("prompt: nothing was decided: %w", err)
	}
	if decision == consent.Undecided {
		return consent.Record{}, nil
	}
	return consent.Record{Decision: decision, Notice: number, Time: time.Now(), Where: where, For: q.Catalog.Variable(), By: q.By}, nil
}

// open returns nil when no person can be asked.
func open(in io.Reader, out io.Writer) input {
	if in == nil || out == nil {
		return nil
	}
	if f, ok := out.(*os.File); ok && !terminal(f) {
		return nil // a person who cannot see the question cannot answer it
	}
	if f, ok := in.(*os.File); ok {
		if !terminal(f) || background(f) {
			return nil
		}
		return fromTerminal(f)
	}
	return stream{in}
}

// talk asks until there is an answer, or until it is clear that there is none,
// and confirms either.
func (d *dialogue) talk(ctx context.Context, in input, out io.Writer) (consent.Decision, error) {
	answered, err := d.listen(ctx, in, out)
	switch {
	case ctx.Err() != nil:
		_ = print(out, "\n"+d.said("prompt.interrupted")) // the shell's own prompt begins a line
		return consent.Undecided, ctx.Err()
	case errors.Is(err, io.EOF), errors.Is(err, errTooLong), errors.Is(err, context.DeadlineExceeded):
		return consent.Undecided, print(out, "\n"+d.said("prompt.noAnswer"))
	case err != nil:
		_ = print(out, "\n"+d.said("prompt.interrupted"))
		return consent.Undecided, err
	}
	switch answered {
	case yes:
		return consent.Granted, print(out, d.said("prompt.yes"))
	case no:
		// A no counts also if its confirmation cannot be printed.
		_ = print(out, d.said("prompt.no"))
		return consent.Denied, nil
	case later:
		return consent.Undecided, print(out, d.said("prompt.later"))
	}
	return consent.Undecided, nil
}

// listen asks until the answer is yes, no or later. It returns unknown when no
// person can have read the question.
func (d *dialogue) listen(ctx context.Context, in input, out io.Writer) (answer, error) {
	text, timeout, unclear := d.question(), attention, false
	for range maxAsked {
		if err := ctx.Err(); err != nil {
			return unknown, err
		}
		if in.waiting() {
			return unknown, nil
		}
		if err := print(out, text); err != nil {
			return unknown, err
		}
		line, err := hear(ctx, in, timeout)
		if err != nil {
			return unknown, err
		}
		timeout = reading
		switch a := parse(line); a {
		case yes, no, later:
			return a, nil
		case show:
			if err := d.show(ctx, in, out); err != nil {
				return unknown, err
			}
			text = "\n" + d.question()
		default:
			if unclear {
				return later, nil
			}
			unclear, text = true, d.lines(d.l.Text("prompt.unclear"))+d.keys()
		}
	}
	return later, nil
}

// show prints the notice, a screen at a time where the height of the terminal is
// known. Between two screens Enter goes on, and q goes back to the question.
func (d *dialogue) show(ctx context.Context, in input, out io.Writer) error {
	lines := d.notice()
	for {
		n := len(lines)
		if d.page.height > 3 {
			n = min(n, d.page.height-2)
		}
		if err := print(out, strings.Join(lines[:n], "\n")+"\n"); err != nil {
			return err
		}
		if lines = lines[n:]; len(lines) == 0 {
			return nil
		}
		if err := print(out, strings.TrimSuffix(d.lines(d.l.Text("prompt.more")), "\n")+" "); err != nil {
			return err
		}
		line, err := hear(ctx, in, reading)
		if err != nil || strings.EqualFold(strings.TrimSpace(line), "q") {
			return err
		}
	}
}

// hear waits for one line, not for ever.
func hear(ctx context.Context, in input, timeout time.Duration) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return readLine(ctx, in)
}

// print survives a writer that panics or writes less than it says.
func print(out io.Writer, text string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the writer panicked (%T)", p)
		}
	}()
	n, err := io.WriteString(out, text)
	if err == nil && n != len(text) {
		err = io.ErrShortWrite
	}
	return err
}
