package otlpfile

import "bytes"

// overlong deals with a piece that is longer than the limit.
func (r *reader) overlong() error {
	taken, err := r.piece(r.buf[r.p:r.p+r.limits.piece], false)
	if r.advance(taken); taken > 0 || err != nil {
		return err // reports were at its beginning
	}
	return r.skip()
}

// skip rejects a piece and reads past it without holding it. A piece that the
// input ends in is not consumed.
func (r *reader) skip() error {
	r.held = r.base + int64(r.p)
	b := r.buf[r.p:r.n]
	length, ended := r.pieceEnd()
	x := Rejected{Offset: r.held, Bytes: kept(b[:length], max(r.limits.kept, len(marker)))}
	x.Kind = kindOf(x.Bytes)
	x.Bytes = x.Bytes[:min(len(x.Bytes), r.limits.kept)]
	for !ended {
		if r.end != nil {
			return nil
		}
		// So many bytes stay that a marker that is not all there is in them.
		drop := max(0, length-len(marker))
		x.Length += text(b[:drop])
		r.advance(drop)
		r.fill()
		b = r.buf[r.p:r.n]
		length, ended = r.pieceEnd()
	}
	x.Length += text(b[:length])
	if err := r.handler.Rejected(x); err != nil {
		return err
	}
	r.held = -1
	r.advance(length)
	return nil
}

// kept copies the first bytes that are not NUL.
func kept(b []byte, most int) []byte {
	list := make([]byte, 0, most)
	for _, c := range b {
		if len(list) == most {
			break
		}
		if c != 0 {
			list = append(list, c)
		}
	}
	return list
}

// text counts the bytes that are not NUL.
func text(b []byte) int64 { return int64(len(b) - bytes.Count(b, []byte{0})) }
