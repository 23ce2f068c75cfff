package archive

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/cespare/xxhash/v2"
	"github.com/google/uuid"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/otlpfile"
	"headcount.example/cmd/headcount/internal/schema"
)

// file reads what is new in a file.
func (c *compaction) file(path string, known *index) error {
	f, err := known.open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.warn("%s vanished before it was read; if it was renamed, the next run reads it under its new name", path)
		return nil
	case corrupt(err):
		c.warn("%v; it is not read", err)
		return nil
	case err != nil:
		return err
	}
	defer f.file.Close()
	if id := (fileID{Device: f.id.Device, Inode: f.id.Inode}); f.id.Inode != 0 {
		if c.seen[id] {
			c.done.Unchanged++ // under two names
			return nil
		}
		c.seen[id] = true
	}
	if f.warning != "" {
		c.warn("%s", f.warning)
	}
	if f.was != nil && f.was != f.in {
		f.was.lose(f.id)
		c.changed = true
	}
	if f.in != nil && f.in.Was != "" {
		c.m.finishErase(f.in)
		c.changed = true
	}
	in, err := c.input(f, known)
	if err != nil || in == nil {
		return err
	}
	return c.rest(f, in, known)
}

// input is what a file is known as; nil where nothing in it is new.
func (c *compaction) input(f *opened, known *index) (*input, error) {
	switch in := f.in; {
	case in == nil:
		in = &input{}
		c.m.Inputs = append(c.m.Inputs, in)
		return in, nil
	case f.same:
		c.saw(f, in)
		c.done.Unchanged++
		return nil, nil
	case f.older:
		c.warn("%s is an older copy of a file of which more was read before (%d bytes): nothing in it is new", f.path, in.Offset)
		c.saw(f, in)
		c.done.Unchanged++
		return nil, nil
	case f.cut:
		n, h, err := f.known(in)
		if err != nil {
			return nil, err
		}
		c.warn("%s was cut from %d bytes to %d: it is read again from byte %d, since it may have grown since", f.path, in.size(f.id), f.info.Size(), n)
		rest := &input{Offset: n}
		in.lose(f.id)
		if len(in.IDs) == 0 {
			in.Pending = 0
		}
		rest.Sum, rest.Heads = stateOf(h), headsOf(f.head, rest.Offset)
		c.m.Inputs = append(c.m.Inputs, rest)
		return rest, nil
	default:
		return in, nil
	}
}

// rest reads what comes after what was read of an input.
func (c *compaction) rest(f *opened, in *input, known *index) error {
	r, err := f.from(in.Offset)
	if err != nil {
		return err
	}
	h, err := in.digest()
	if err != nil {
		return err
	}
	count := &counter{r: r, h: h, c: c, base: c.read}
	result, err := otlpfile.Read(c.ctx, count, c.m.Schema, c.handler(f.path, in.Offset))
	switch {
	case f.id.Compressed && errors.Is(err, io.ErrUnexpectedEOF):
		c.warn("%s is cut short: what is whole in it was read; if it is still being compressed, the next run reads the rest", f.path)
	case f.id.Compressed && corrupt(err):
		c.warn("%s is damaged as gzip after %d bytes: what comes before was read; move it away, or replace it by a good copy", f.path, in.Offset+count.n)
	case err != nil:
		return f.fault(err)
	}
	c.read += f.info.Size()
	step("read")
	return c.note(f, in, count, result, known)
}

// corrupt is whether an error says that a gzip file is damaged.
func corrupt(err error) bool {
	var at flate.CorruptInputError
	return errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) || errors.As(err, &at)
}

// saw notes under which name an input was seen.
func (c *compaction) saw(f *opened, in *input) (changed bool) {
	before := in.Name
	if changed = in.saw(f.path, f.id); !changed {
		return false
	}
	c.changed = true
	if before != "" && before != in.Name {
		c.done.Renamed++
	}
	return true
}

// note records how far a file was read.
func (c *compaction) note(f *opened, in *input, count *counter, result otlpfile.Result, known *index) error {
	moved := c.saw(f, in)
	if result.Consumed == 0 && in.Pending == result.Pending {
		c.done.Unchanged++
		if !moved {
			return nil
		}
	}
	c.changed = true
	c.done.Bytes += result.Consumed
	h := count.h
	if count.n != result.Consumed { // the hash has gone beyond
		var err error
		if h, err = in.digest(); err != nil {
			return err
		}
		if err := f.summed(h, in.Offset, in.Offset+result.Consumed); err != nil {
			return err
		}
	}
	if in.Offset += result.Consumed; result.Consumed > 0 {
		in.Searched = 0
	}
	in.Pending, in.Sum = result.Pending, stateOf(h)
	in.mark(h)
	if in.Tail = ""; !f.id.Compressed {
		in.Tail = f.tail(in.Offset)
	}
	if result.Consumed > 0 && len(in.Heads) < len(headSteps) {
		var err error
		if in.Heads, err = f.heads(in.Offset); err != nil {
			return err
		}
	}
	known.add(in)
	return nil
}

func (c *compaction) handler(path string, from int64) otlpfile.Handler {
	return otlpfile.Handler{
		Report: func(r *schema.Report) error {
			switch {
			case r.Erasure:
				c.request(r.GUID)
				return nil
			case r.Day < c.closed:
				return c.reject(path, from, tooOld(r, c.m.Schema))
			case len(c.fresh) > 0 && c.fresh[r.GUID]: // it comes after the request
				c.done.LateErased++
				return nil
			}
			c.done.Reports++
			return c.sorter.add(r)
		},
		Rejected: func(x otlpfile.Rejected) error { return c.reject(path, from, x) },
	}
}

func (c *compaction) reject(path string, from int64, x otlpfile.Rejected) error {
	c.m.Kinds[x.Kind]++
	c.done.Kinds[x.Kind]++
	return c.rejected.add(path, from, x)
}

// request notes a request to erase.
func (c *compaction) request(id [16]byte) {
	if c.erased.has(id) {
		return
	}
	c.erased.pending[id], c.fresh[id] = true, true
	c.m.Pending = append(c.m.Pending, uuid.UUID(id).String())
	c.changed = true
	c.done.Erasures++
}

// tooOld is a report of a month that is kept as sums only.
func tooOld(r *schema.Report, s *schema.Schema) otlpfile.Rejected {
	text := fmt.Appendf(nil, "install_guid=%s day=%s", uuid.UUID(r.GUID), r.Day)
	for i, v := range r.Values {
		if v != schema.Absent {
			text = fmt.Appendf(text, " %s=%d", s.Series[i].Name, v)
		}
	}
	return otlpfile.Rejected{Kind: answer.TooOld, GUID: r.GUID, HasGUID: true, Bytes: text, Length: int64(len(text))}
}

func (c *compaction) warn(format string, args ...any) {
	c.done.Warnings = append(c.done.Warnings, fmt.Sprintf(format, args...))
}

// A counter hashes and counts what is read, and reports progress.
type counter struct {
	r    io.Reader
	h    *xxhash.Digest
	n    int64
	base int64
	c    *compaction
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.h.Write(b[:n])
	c.n += int64(n)
	if c.c.o.Progress != nil {
		c.c.o.Progress(min(c.base+c.n, c.c.total), c.c.total)
	}
	return n, err
}
