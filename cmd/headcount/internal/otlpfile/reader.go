package otlpfile

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"headcount.example/cmd/headcount/internal/schema"
)

// marker is what every report of the Collector begins with.
const marker = `{"resourceMetrics":`

// limits are constants that a test makes smaller.
type limits struct {
	piece, kept  int // MaxPiece, MaxKept
	first, chunk int // size of the buffer at the start, and then
}

// A reader holds a part of the input. buf[p:n] is not consumed, and begins at
// or before the next piece.
type reader struct {
	ctx      context.Context
	src      io.Reader
	handler  Handler
	limits   limits
	scanner  *scanner
	judge    *judge
	buf      []byte
	base     int64 // offset of buf[0]
	p, n     int
	searched int   // so many bytes of buf[p:n] have no end of the piece
	held     int64 // offset of a piece that is skipped, -1 if there is none
	end      error // why there is no more input
	clean    []byte
}

func newReader(ctx context.Context, src io.Reader, s *schema.Schema, h Handler, l limits) *reader {
	if h.Report == nil {
		h.Report = func(*schema.Report) error { return nil }
	}
	if h.Rejected == nil {
		h.Rejected = func(Rejected) error { return nil }
	}
	return &reader{ctx: ctx, src: src, handler: h, limits: l, held: -1,
		scanner: newScanner(s), judge: newJudge(s), buf: make([]byte, l.first)}
}

func (r *reader) run() (Result, error) {
	for {
		if err := r.pieces(); err != nil {
			return Result{Consumed: r.consumed()}, err
		}
		if r.end != nil {
			break
		}
		r.fill()
	}
	if r.held < 0 { // what is left has no end, but may begin with a report
		taken, err := r.piece(r.buf[r.p:r.n], false)
		if r.advance(taken); err != nil {
			return Result{Consumed: r.consumed()}, err
		}
	}
	result := Result{Consumed: r.consumed(), Pending: r.base + int64(r.n) - r.consumed()}
	switch {
	case r.ctx.Err() != nil:
		return result, r.ctx.Err()
	case r.end != io.EOF:
		return result, fmt.Errorf("otlpfile: read after byte %d: %w", r.base+int64(r.n), r.end)
	}
	return result, nil
}

func (r *reader) consumed() int64 {
	if r.held >= 0 {
		return r.held
	}
	return r.base + int64(r.p)
}

func (r *reader) advance(by int) {
	if by > 0 {
		r.p += by
		r.searched = 0
	}
}

// pieces hands over every piece in the buffer whose end is known.
func (r *reader) pieces() error {
	for {
		r.advance(blank(r.buf[r.p:r.n]))
		if r.p == r.n {
			return nil
		}
		// What the scanner takes is proved to be whole: no end is searched for.
		if end, ok := r.scanner.scan(r.buf[r.p:min(r.n, r.p+r.limits.piece)]); ok {
			if err := r.handler.Report(&r.scanner.report); err != nil {
				return err
			}
			r.advance(end)
			continue
		}
		length, ended := r.pieceEnd()
		var err error
		switch {
		case length > r.limits.piece:
			err = r.overlong()
		case ended:
			err = r.whole(length)
		default:
			return nil
		}
		if err != nil || r.held >= 0 {
			return err
		}
	}
}

// whole hands over a piece whose end is known.
func (r *reader) whole(length int) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	taken, err := r.piece(r.buf[r.p:r.p+length], true)
	r.advance(taken)
	return err
}

// pieceEnd is the length of the piece at the beginning of the buffer, or of
// what is there of it.
func (r *reader) pieceEnd() (length int, ended bool) {
	b := r.buf[r.p:r.n]
	from := max(1, r.searched)
	if from >= len(b) {
		return len(b), false
	}
	length = len(b)
	if i := bytes.IndexByte(b[from:], '\n'); i >= 0 {
		length, ended = from+i, true
	}
	from = max(1, from-len(marker)+1) // a marker may have been cut in two
	if i := bytes.Index(b[from:length], []byte(marker)); i >= 0 {
		length, ended = from+i, true
	}
	if !ended {
		r.searched = len(b)
	}
	return length, ended
}

// fill reads until the buffer is full or the input ends.
func (r *reader) fill() {
	rest := r.buf[r.p:r.n]
	size := max(len(r.buf), r.limits.chunk)
	if len(rest) > size/2 {
		size = min(2*size, r.limits.piece+r.limits.chunk)
	}
	if r.n == 0 {
		size = len(r.buf) // a small file needs no large buffer
	}
	if size > len(r.buf) {
		r.buf = make([]byte, size)
	}
	r.base += int64(r.p)
	r.p, r.n = 0, copy(r.buf, rest)
	for empty := 0; r.n < len(r.buf) && r.end == nil; {
		if r.end = r.ctx.Err(); r.end != nil {
			return
		}
		var n int
		n, r.end = r.src.Read(r.buf[r.n:])
		r.n += n
		if empty++; n > 0 {
			empty = 0
		}
		if empty == 100 && r.end == nil {
			r.end = io.ErrNoProgress
		}
	}
}
