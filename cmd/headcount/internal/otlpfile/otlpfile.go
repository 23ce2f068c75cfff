package otlpfile

import (
	"context"
	"io"

	"headcount.example/cmd/headcount/internal/schema"
)

// Limits of a piece, in bytes without NUL.
const (
	MaxPiece = 64 << 20 // a longer piece is rejected without being held
	MaxKept  = 64 << 10 // of a rejected piece, what is handed over
)

// A Rejected piece is what is not a report of the catalog.
type Rejected struct {
	Kind   string // one of the kinds of package answer
	Offset int64  // where it begins, counted from where Read began (after decompression)
	// Bytes is the beginning of the piece, at most MaxKept bytes, without NUL.
	// It is valid until the handler returns. Where other reports are in the
	// same piece, it is this report alone, as OpenTelemetry writes it.
	Bytes   []byte
	Length  int64    // of what Bytes is the beginning of
	GUID    [16]byte // whose report it is
	HasGUID bool     // whether it is a readable report with an identifier of version 4
}

// A Handler gets what Read finds, in the order of the input. An error stops
// Read. A nil function drops what it would get.
type Handler struct {
	Report   func(*schema.Report) error // the report is valid until the function returns
	Rejected func(Rejected) error
}

// Result says where to go on.
type Result struct {
	// Consumed counts the bytes from the beginning that need not be read
	// again: whole lines, and a report at the end that has no newline yet.
	// What was handed over is in it, also after an error. A piece whose
	// handler failed is not.
	Consumed int64
	// Pending counts the bytes at the end of the input that are not consumed:
	// a piece without its end. The Collector may be in the middle of it. A
	// caller that knows better reads it again with a newline after it.
	Pending int64
}

// Read splits what r holds into reports. The schema learns if it is open. An
// error of r (a gzip file that is cut short) is returned after everything
// before it was handed over.
func Read(ctx context.Context, r io.Reader, s *schema.Schema, h Handler) (Result, error) {
	return newReader(ctx, r, s, h, limits{piece: MaxPiece, kept: MaxKept, first: 64 << 10, chunk: 1 << 20}).run()
}
