package prompt

import (
	"context"
	"errors"
	"io"
	"strings"

	"headcount.example/internal/bounded"
)

type answer uint8

const (
	unknown answer = iota
	yes
	no
	later
	show
)

// parse knows the few words there are, in ASCII. It compares bytes: folding
// by Unicode's rules would take "yeſ" for "yes".
func parse(line string) answer {
	word := []byte(strings.Trim(line, " \r"))
	for i, c := range word {
		if c >= 'A' && c <= 'Z' {
			word[i] = c + 'a' - 'A'
		}
	}
	switch string(word) {
	case "y", "yes":
		return yes
	case "n", "no":
		return no
	case "":
		return later
	case "?":
		return show
	}
	return unknown
}

const (
	maxAnswer = 64   // bytes; a longer line is read, but is no answer
	maxLine   = 4096 // as much as a terminal holds
)

var errTooLong = errors.New("the line does not end")

// An input is where answers come from.
type input interface {
	// waiting reports whether something is there to be read already.
	waiting() bool
	// next returns one byte, or ctx's error soon after ctx ended.
	next(ctx context.Context) (byte, error)
}

// readLine reads up to the end of a line and not beyond. It reads a long line
// as well, because the rest of one would go to the shell when the program
// ends, and the shell would execute it.
func readLine(ctx context.Context, in input) (string, error) {
	var line []byte
	for range maxLine {
		b, err := in.next(ctx)
		if err != nil {
			return "", err // a line without its end is not an answer: half of "yes" is not "y"
		}
		if b == '\n' {
			return string(line), nil
		}
		// One byte more than an answer may have stays, so that the beginning of
		// a long line does not pass for a short one.
		if len(line) < maxAnswer {
			line = append(line, b)
		} else if len(line) == maxAnswer {
			line = append(line, '.')
		}
	}
	return "", errTooLong
}

// A stream is any reader.
type stream struct{ r io.Reader }

func (stream) waiting() bool { return false } // it is not known

func (s stream) next(ctx context.Context) (byte, error) {
	b, err := bounded.Run(ctx, nil, func() (byte, error) { return one(s.r) })
	return b, errors.Join(err, ctx.Err()) // a byte that comes as ctx ends is too late
}

// one reads one byte. A reader that returns nothing at all, again and again,
// is an error and not a loop.
func one(r io.Reader) (byte, error) {
	var b [1]byte
	for range 100 {
		if n, err := r.Read(b[:]); n == 1 {
			return b[0], nil
		} else if err != nil {
			return 0, err
		}
	}
	return 0, io.ErrNoProgress
}
