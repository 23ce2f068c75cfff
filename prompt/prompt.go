package prompt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"headcount.example/consent"
)

const (
	attention = time.Minute      // perhaps no person is there: do not hold a script up
	reading   = 10 * time.Minute // a person is there, and may be reading the notice
	maxAsked  = 5                // a reader full of ? ends as well
	where     = "terminal"       // in the record
)

// Ask asks q and returns a record to save: Granted or Denied for q.Notice. It
// returns the zero Record, which is Undecided, when no person answered or there
// was no question to ask: see the package comment. It does not retry, changes
// nothing in the terminal, and returns when ctx ends whatever in does.
//
// Pass os.Stdin and os.Stderr themselves: an *os.File is only used if it is a
// terminal, so that "yes | shop" agrees to nothing. Any other reader and
// writer are taken for a person's, such as the channel of a remote shell; a
// buffered reader around os.Stdin would hide what it is.
//
// With an error the Record is zero too: q is not a question that a yes could
// answer, ctx ended, or in or out failed. Ask does not panic.
func Ask(ctx context.Context, q Question, in io.Reader, out io.Writer) (consent.Record, error) {
	if ctx == nil {
		ctx = context.Background()
	}
	if err := q.check(ctx); err != nil {
		return consent.Record{}, err
	}
	source := open(in, out)
	if source == nil || unattended(os.Getenv) {
		return consent.Record{}, nil
	}
	if consent.Evaluate(ctx, q.Variable, q.Notice, q.Env, q.Decided).Decision != consent.Undecided {
		return consent.Record{}, nil
	}
	decision, err := q.talk(ctx, source, out)
	if err != nil {
		return consent.Record{}, unanswered{err}
	}
	if decision == consent.Undecided {
		return consent.Record{}, nil
	}
	return consent.Record{Decision: decision, Notice: q.Notice, Time: time.Now(), Where: where}, nil
}

// unanswered is an error for people: the person who pressed Ctrl-C reads it. Is and As
// see what is behind it.
type unanswered struct{ err error }

func (u unanswered) Unwrap() error { return u.err }

func (u unanswered) Error() string {
	switch {
	case errors.Is(u.err, context.Canceled):
		return "prompt: interrupted before an answer; nothing is recorded"
	case errors.Is(u.err, context.DeadlineExceeded):
		return "prompt: no answer in time; nothing is recorded"
	}
	return "prompt: the question was not asked to the end; nothing is recorded: " + u.err.Error()
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

// talk asks until there is an answer, or until it is clear that there is none.
func (q Question) talk(ctx context.Context, in input, out io.Writer) (consent.Decision, error) {
	text, patience, unclear := q.text(), attention, false
	for range maxAsked {
		if err := ctx.Err(); err != nil {
			return consent.Undecided, err
		}
		if in.waiting() {
			return consent.Undecided, nil // no person can have read what was not there yet
		}
		if err := print(out, text); err != nil {
			return consent.Undecided, err
		}
		line, err := hear(ctx, in, patience)
		if err != nil {
			_ = print(out, "\n") // the shell's own prompt begins a line
			return consent.Undecided, answerless(ctx, err)
		}
		patience = reading
		switch parse(line) {
		case yes:
			return consent.Granted, nil
		case no:
			return consent.Denied, nil
		case later:
			return consent.Undecided, nil
		case show:
			text = "\n" + plain(q.Text, true) + "\n\n" + q.text()
		default:
			if unclear {
				return consent.Undecided, nil
			}
			unclear, text = true, "This is neither yes nor no. "+keys
		}
	}
	return consent.Undecided, nil
}

// hear waits for one line, not for ever.
func hear(ctx context.Context, in input, patience time.Duration) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return readLine(ctx, in)
}

// answerless tells what is a fault from what is merely no answer.
func answerless(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, io.EOF), errors.Is(err, errTooLong), errors.Is(err, context.DeadlineExceeded):
		return nil
	}
	return err
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
