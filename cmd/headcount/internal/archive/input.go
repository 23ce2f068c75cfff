package archive

import (
	"encoding"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"

	"headcount.example/cmd/headcount/internal/answer"
)

// An input is a file of the Collector that was read, and how far. A file is
// known again by its device and inode, and by its content: a renamed, copied
// or compressed file is the same one. Offsets are in the uncompressed bytes.
type input struct {
	Name     string   `json:"name"`           // as last seen; for people
	Path     string   `json:"path,omitempty"` // the same, from the root
	IDs      []fileID `json:"ids"`            // under which it was seen, the last first
	Offset   int64    `json:"offset"`
	Pending  int64    `json:"pending,omitempty"`  // bytes after Offset that were not a whole piece
	Heads    []string `json:"heads"`              // hashes of the first bytes: of each of headSteps to Offset
	Tail     string   `json:"tail,omitempty"`     // hash of the last bytes to Offset; not of a compressed file
	Sum      string   `json:"sum"`                // state of the hash of all bytes to Offset
	Marks    []mark   `json:"marks,omitempty"`    // how far the newest runs went, in order
	Was      string   `json:"was,omitempty"`      // Sum of the input that erase writes anew as this one
	Lost     bool     `json:"lost,omitempty"`     // with Was: the piece that is pending there is not here
	Searched int      `json:"searched,omitempty"` // number of tombstones when erase last left nothing of them in it
}

// A fileID is a file as the kernel knows it.
type fileID struct {
	Device     uint64 `json:"device"`
	Inode      uint64 `json:"inode"`
	Compressed bool   `json:"compressed,omitempty"`
	Size       int64  `json:"size"` // when it was seen last
}

// A mark is an earlier Offset, and the hash of all bytes to it.
type mark struct {
	Offset int64  `json:"offset"`
	Sum    string `json:"sum"`
}

const keepMarks = 12

// mark notes how far a run went.
func (in *input) mark(h *xxhash.Digest) {
	in.Marks = append(slices.Clone(in.Marks), mark{in.Offset, fmt.Sprintf("%016x", h.Sum64())})
	in.Marks = in.Marks[max(0, len(in.Marks)-keepMarks):]
}

func (id fileID) same(x fileID) bool {
	x.Size = id.Size
	return id == x
}

// headSteps are how many bytes of a file's beginning are compared. Files that
// are not copies of each other begin alike: with the same installation and
// the same metrics. Its day and totals come within the first 512 bytes.
var headSteps = []int64{256, 512, 1024, 2048, 4096, 16384, 65536}

// proof is how many equal bytes at the beginning prove that a file that is
// shorter than what was read is a part of it.
const proof = 4096

const keepIDs = 4

func (in *input) clone() *input {
	c := *in
	c.IDs = slices.Clone(in.IDs)
	return &c
}

// headsOf returns the hashes of the first n bytes of a file's beginning.
func headsOf(head []byte, n int64) []string {
	list := []string{}
	for _, step := range headSteps {
		if step <= min(n, int64(len(head))) {
			list = append(list, hashOf(head[:step]))
		}
	}
	return list
}

func hashOf(b []byte) string { return fmt.Sprintf("%016x", xxhash.Sum64(b)) }

// saw notes under which name, number and size the file was seen. A copy that
// is known is nothing new.
func (in *input) saw(name string, id fileID) (changed bool) {
	name = strings.ToValidUTF8(name, "?") // as JSON can hold it
	at := slices.IndexFunc(in.IDs, id.same)
	if at > 0 && in.IDs[at] == id || at == 0 && in.IDs[0] == id && in.Name == name {
		return false
	}
	if at >= 0 {
		in.IDs = slices.Delete(in.IDs, at, at+1)
	}
	in.Name = name
	if path, err := filepath.Abs(name); err == nil {
		in.Path = path
	}
	in.IDs = slices.Insert(in.IDs, 0, id)
	in.IDs = in.IDs[:min(len(in.IDs), keepIDs)]
	return true
}

// size is that of the file with this number when it was seen last.
func (in *input) size(id fileID) int64 {
	if at := slices.IndexFunc(in.IDs, id.same); at >= 0 {
		return in.IDs[at].Size
	}
	return 0
}

// lose notes that the file with this number is no longer this input.
func (in *input) lose(id fileID) {
	in.IDs = slices.DeleteFunc(in.IDs, id.same)
}

// finishErase ends what erase began: the input that was written anew as this one
// is no longer on the disk. A torn piece that was at its end goes on counting.
func (m *manifest) finishErase(in *input) {
	for _, old := range m.Inputs {
		if in.Was == "" || old == in || old.Sum != in.Was {
			continue
		}
		if in.Lost && old.Pending > 0 {
			m.Kinds[answer.Torn]++
		}
		old.IDs, old.Pending = nil, 0
	}
	in.Was, in.Lost = "", false
}

func (in *input) digest() (*xxhash.Digest, error) {
	h := xxhash.New()
	if in.Sum == "" {
		return h, nil
	}
	state, err := hex.DecodeString(in.Sum)
	if err == nil {
		err = encoding.BinaryUnmarshaler(h).UnmarshalBinary(state)
	}
	if err != nil {
		return nil, fmt.Errorf("the state of input %q: %w", in.Name, err)
	}
	return h, nil
}

func stateOf(h *xxhash.Digest) string {
	b, _ := h.MarshalBinary() // never fails
	return hex.EncodeToString(b)
}
