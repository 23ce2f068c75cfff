package otlpfile

import (
	"bytes"

	"headcount.example/cmd/headcount/internal/answer"
)

// piece hands over what is in a piece, and returns how much of it is done
// with. Unless the piece is whole, what is left may go on after it.
func (r *reader) piece(raw []byte, whole bool) (taken int, err error) {
	start := r.base + int64(r.p)
	if bytes.IndexByte(raw, 0) < 0 {
		return r.part(raw, func(i int) int64 { return start + int64(i) }, whole)
	}
	clean := r.strip(raw)
	places := places{raw: raw}
	offset := func(i int) int64 { return start + int64(places.of(i)) }
	for done := 0; ; {
		// Without the NUL bytes there may be markers that were not to be seen.
		part, more := clean[done:], false
		if i := bytes.Index(part[min(1, len(part)):], []byte(marker)); i >= 0 {
			part, more = part[:i+1], true
		}
		from := done
		n, err := r.part(part, func(i int) int64 { return offset(from + i) }, whole || more)
		done += n
		if err != nil || !more {
			return places.of(done), err
		}
	}
}

// part hands over what is between two ends: reports that follow each other,
// and then at most one piece that is not a report.
func (r *reader) part(b []byte, offset func(int) int64, whole bool) (taken int, err error) {
	for {
		taken += blank(b[taken:])
		rest := b[taken:]
		if len(rest) == 0 {
			return taken, nil
		}
		at := offset(taken)
		if end := objectEnd(rest); end > 0 {
			ok, err := r.object(rest[:end], at)
			if err != nil {
				return taken, err
			}
			if ok {
				taken += end
				continue
			}
		}
		if !whole {
			return taken, nil
		}
		rest = bytes.TrimRight(rest, " \t\r")
		if err := r.reject(Rejected{Kind: kindOf(rest), Offset: at, Bytes: rest}); err != nil {
			return taken, err
		}
		return len(b), nil
	}
}

func (r *reader) reject(x Rejected) error {
	x.Length = int64(len(x.Bytes))
	x.Bytes = x.Bytes[:min(len(x.Bytes), r.limits.kept)]
	return r.handler.Rejected(x)
}

// kindOf is the kind of a piece that is not a report.
func kindOf(piece []byte) string {
	if bytes.HasPrefix(piece, []byte(marker)) {
		return answer.Torn
	}
	return answer.Foreign
}

// strip copies a piece without its NUL bytes.
func (r *reader) strip(raw []byte) []byte {
	r.clean = r.clean[:0]
	for len(raw) > 0 {
		i := bytes.IndexByte(raw, 0)
		if i < 0 {
			i = len(raw)
		}
		r.clean = append(r.clean, raw[:i]...)
		raw = raw[min(i+1, len(raw)):]
	}
	return r.clean
}

// places finds where a byte was before strip. It only goes forward.
type places struct {
	raw       []byte
	at, clean int // raw[:at] has so many bytes that are not NUL
}

func (p *places) of(i int) int {
	for p.at < len(p.raw) && (p.clean < i || p.raw[p.at] == 0) {
		if p.raw[p.at] != 0 {
			p.clean++
		}
		p.at++
	}
	return p.at
}

// blank is how many bytes at the beginning are nothing.
func blank(b []byte) (n int) {
	for n < len(b) {
		switch b[n] {
		case '\n', '\r', ' ', '\t', 0:
			n++
		case 0xEF:
			if len(b)-n < 3 || b[n+1] != 0xBB || b[n+2] != 0xBF {
				return n
			}
			n += 3
		default:
			return n
		}
	}
	return n
}

// objectEnd is the length of the JSON object at the beginning, 0 if there is
// none or not all of it. Whether it is right inside is not looked at.
func objectEnd(b []byte) int {
	if b[0] != '{' {
		return 0
	}
	depth, text := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case text && c == '\\':
			i++
		case c == '"':
			text = !text
		case text:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return 0
}
