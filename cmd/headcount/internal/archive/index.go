package archive

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/cespare/xxhash/v2"
)

// An index finds inputs by number and by content.
type index struct {
	byID   map[fileID]*input                      // without sizes
	byHead map[string]map[int64]map[uint64]*input // by the first of headSteps, Offset, and hash of all to it
	byMost map[string]*input                      // by the first proof bytes: the longest
	where  map[*input]place                       // in byHead
	empty  map[string]*input                      // by name: of which nothing was read
	head   []byte
}

type place struct {
	head   string
	offset int64
	sum    uint64
}

func newIndex(inputs []*input) *index {
	x := &index{byID: map[fileID]*input{}, byHead: map[string]map[int64]map[uint64]*input{}, byMost: map[string]*input{},
		where: map[*input]place{}, empty: map[string]*input{}, head: make([]byte, headSteps[len(headSteps)-1])}
	for _, in := range inputs {
		x.add(in)
	}
	return x
}

// add makes an input known, or known better than before.
func (x *index) add(in *input) {
	for _, id := range in.IDs {
		if id.Size = 0; id.Inode != 0 {
			x.byID[id] = in
		}
	}
	if old, known := x.where[in]; known {
		delete(x.byHead[old.head][old.offset], old.sum)
	}
	h, err := in.digest()
	if err != nil {
		return // check has seen it
	}
	if delete(x.empty, in.Name); in.Offset == 0 {
		x.empty[in.Name] = in
		return
	}
	at := place{offset: in.Offset, sum: h.Sum64()}
	if len(in.Heads) > 0 {
		at.head = in.Heads[0]
	}
	byOffset := x.byHead[at.head]
	if byOffset == nil {
		byOffset = map[int64]map[uint64]*input{}
		x.byHead[at.head] = byOffset
	}
	if byOffset[at.offset] == nil {
		byOffset[at.offset] = map[uint64]*input{}
	}
	byOffset[at.offset][at.sum] = in
	x.where[in] = at
	if i := slices.Index(headSteps, proof); len(in.Heads) > i {
		if most := x.byMost[in.Heads[i]]; most == nil || most.Offset <= in.Offset {
			x.byMost[in.Heads[i]] = in
		}
	}
}

// find sets which input the file is, and warns where it is not what it was.
func (o *opened) find(x *index) error {
	if in := x.byID[fileID{Device: o.id.Device, Inode: o.id.Inode, Compressed: o.id.Compressed}]; in != nil && o.id.Inode != 0 {
		switch {
		case o.id.Compressed && o.info.Size() == in.size(o.id) && o.like(in):
			o.in, o.same = in, true
			return nil
		case o.grown(in):
			o.in = in
			return nil
		case o.info.Size() < headSteps[1] || !o.like(in):
		case o.info.Size() == in.size(o.id) && o.shorter(in.Offset):
			o.in, o.older = in, true
			return nil
		case !o.id.Compressed:
			o.in, o.cut = in, true
			return nil
		}
		o.was = in
	}
	in, err := o.copyOf(x)
	if err != nil {
		return err
	}
	if o.in = in; in == nil {
		if most := x.byMost[o.headOf(proof)]; most != nil && o.like(most) && o.shorter(most.Offset) {
			o.in, o.older = most, true
		}
	}
	if o.in == nil && o.was != nil && o.was.Name == o.path && o.was.Offset > 0 {
		o.warning = o.path + " has other content than when it was read last: it was emptied or cut, and written anew; it is read from the beginning"
	}
	if o.in == nil {
		o.in = x.empty[o.path]
	}
	return nil
}

// headOf is the hash of the first n bytes; empty where there are not so many.
func (o *opened) headOf(n int64) string {
	if int64(len(o.head)) < n {
		return ""
	}
	return hashOf(o.head[:n])
}

// like is whether the file begins as the input does, as far as both go.
func (o *opened) like(in *input) bool {
	for i, sum := range in.Heads {
		if h := o.headOf(headSteps[i]); h != "" && h != sum {
			return false
		}
	}
	return true
}

// grown is whether the file, under a number of the input, begins with what
// was read of it. The first and the last bytes are compared, or all where they
// are few.
func (o *opened) grown(in *input) bool {
	if in.Offset > int64(len(o.head)) {
		full := len(o.head) == cap(o.head)
		return full && o.like(in) && !o.shorter(in.Offset) && (o.id.Compressed || in.Tail == "" || o.tail(in.Offset) == in.Tail)
	}
	h, err := in.digest()
	return err == nil && h.Sum64() == xxhash.Sum64(o.head[:in.Offset])
}

// known is how much of a file that was cut is known to have been read before:
// as far as an earlier run went. Since it was cut it may have grown.
func (o *opened) known(in *input) (n int64, h *xxhash.Digest, err error) {
	all, err := o.again()
	if err != nil {
		return 0, nil, err
	}
	h = xxhash.New()
	now, at := xxhash.New(), int64(0)
	for _, m := range in.Marks {
		if m.Offset > o.info.Size() {
			break
		}
		if _, err := io.CopyN(now, all, m.Offset-at); err != nil {
			return 0, nil, o.fault(err)
		}
		if at = m.Offset; fmt.Sprintf("%016x", now.Sum64()) == m.Sum {
			n, *h = at, *now
		}
	}
	return n, h, nil
}

// copyOf finds the input of which the file has all that was read, by reading
// it once as far as the longest of them.
func (o *opened) copyOf(x *index) (best *input, err error) {
	byOffset := x.byHead[o.headOf(headSteps[0])]
	if len(byOffset) == 0 || len(o.head) == 0 {
		return nil, nil
	}
	all, err := o.again()
	if err != nil {
		return nil, err
	}
	h, at := xxhash.New(), int64(0)
	for _, offset := range slices.Sorted(maps.Keys(byOffset)) {
		if len(byOffset[offset]) == 0 {
			continue
		}
		n, err := io.CopyN(h, all, offset-at)
		if at += n; errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return best, nil
		} else if err != nil {
			return nil, o.fault(err)
		}
		if in := byOffset[offset][h.Sum64()]; in != nil {
			best = in
		}
	}
	return best, nil
}

// shorter is whether the file has less than n bytes.
func (o *opened) shorter(n int64) bool {
	if !o.id.Compressed {
		return o.info.Size() < n
	}
	all, err := o.again()
	if err != nil {
		return false
	}
	_, err = io.CopyN(io.Discard, all, n)
	return err != nil
}
