package archive

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

var marker = []byte(`{"resourceMetrics":`)

// line returns a line without the pieces of erased installations, and their
// number. A line of which nothing is left is empty, without its end.
func (e *erasure) line(line []byte) (kept []byte, removed int64) {
	if !e.erased.in(line) {
		return line, 0
	}
	text := bytes.TrimRight(line, "\r\n")
	end := line[len(text):]
	for len(text) > 0 {
		next := bytes.Index(text[1:], marker) + 1
		if next == 0 {
			next = len(text)
		}
		piece, n := e.piece(text[:next])
		kept = append(kept, piece...)
		removed += n
		text = text[next:]
	}
	if len(bytes.TrimSpace(kept)) == 0 {
		return nil, removed
	}
	return append(kept, end...), removed
}

// piece returns what may stay of a piece: all, nothing, or, where it holds
// reports of several installations, those of the others.
func (e *erasure) piece(piece []byte) ([]byte, int64) {
	if !e.erased.in(piece) {
		return piece, 0
	}
	var object json.RawMessage
	d := json.NewDecoder(bytes.NewReader(piece))
	if d.Decode(&object) != nil {
		return nil, 1
	}
	kept, removed := e.object(piece[:d.InputOffset()])
	if rest := piece[d.InputOffset():]; e.erased.in(rest) { // text after a report
		removed++
	} else {
		kept = append(kept, rest...)
	}
	return kept, removed
}

// object is piece for a whole JSON object.
func (e *erasure) object(piece []byte) ([]byte, int64) {
	if !e.erased.in(piece) {
		return bytes.Clone(piece), 0
	}
	all, err := (&pmetric.JSONUnmarshaler{}).UnmarshalMetrics(piece)
	if err != nil {
		return nil, 1
	}
	before := all.ResourceMetrics().Len()
	all.ResourceMetrics().RemoveIf(func(rm pmetric.ResourceMetrics) bool {
		one := pmetric.NewMetrics()
		rm.CopyTo(one.ResourceMetrics().AppendEmpty())
		text, err := (&pmetric.JSONMarshaler{}).MarshalMetrics(one)
		return err != nil || e.erased.in(text)
	})
	left := all.ResourceMetrics().Len()
	if left == 0 || left == before {
		return nil, 1
	}
	text, err := (&pmetric.JSONMarshaler{}).MarshalMetrics(all)
	if err != nil || e.erased.in(text) {
		return nil, 1
	}
	return text, int64(before - left)
}

// in is whether a text holds the identifier of an erased installation, with
// digits of either case, also where the digits are written as a reader of
// JSON or of the Collector's files would take them.
func (e *erased) in(text []byte) bool {
	if e.plain(text) || e.bare(text) {
		return true
	}
	if !bytes.ContainsRune(text, 0) && !bytes.Contains(text, []byte(`\u00`)) {
		return false
	}
	text = unescape(text)
	return e.plain(text) || e.bare(text)
}

// unescape drops NUL bytes, and writes characters that JSON escapes by their
// number as themselves.
func unescape(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == 0:
		case i+6 <= len(text) && bytes.HasPrefix(text[i:], []byte(`\u00`)):
			n, err := strconv.ParseUint(string(text[i+4:i+6]), 16, 8)
			if err != nil {
				out = append(out, text[i])
				continue
			}
			out = append(out, byte(n))
			i += 5
		default:
			out = append(out, text[i])
		}
	}
	return out
}

func (e *erased) plain(text []byte) bool {
	for at := 0; ; at++ {
		next := bytes.IndexByte(text[at:], '-')
		if next < 0 {
			return false
		}
		at += next
		if at < 8 || at+28 > len(text) || text[at+5] != '-' || text[at+10] != '-' || text[at+15] != '-' {
			continue
		}
		if id, err := uuid.ParseBytes(text[at-8 : at+28]); err == nil && e.has(id) {
			return true
		}
	}
}

// class says of each byte what it is to bare.
var class = func() (of [256]uint8) {
	for c := range of {
		switch {
		case '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F':
			of[c] = digit
		case c >= 0x80 || c < ' ' && c != '\t' && c != '\r' && c != '\n':
			of[c] = notText
		}
	}
	return of
}()

const (
	digit   = 1 // of a hexadecimal number
	notText = 2 // not in the text that a Collector writes
)

// bare is whether a text holds the identifier of an erased installation as 32
// digits without hyphens or, where it is no plain text, as 16 bytes. No report
// has either; what is torn or foreign may. It is asked of every line of a raw
// file, so it goes through it once.
func (e *erased) bare(text []byte) bool {
	digits, plain := 0, true
	for i, c := range text {
		if class[c] != digit {
			digits, plain = 0, plain && class[c] != notText
			continue
		}
		if digits++; digits >= 32 && text[i-19] == '4' { // the version's digit is the 13th
			if id, err := uuid.ParseBytes(text[i-31 : i+1]); err == nil && e.has(id) {
				return true
			}
		}
	}
	for i := 0; !plain && i+16 <= len(text); i++ {
		if text[i+6]>>4 == 4 && text[i+8]>>6 == 2 && e.has([16]byte(text[i:])) { // version 4, and its variant
			return true
		}
	}
	return false
}
