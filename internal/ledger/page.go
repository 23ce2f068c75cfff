package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
	"math/bits"
	"runtime/debug"
	"sync/atomic"
	"unsafe"

	"github.com/google/uuid"
)

const (
	fileSize   = 64 << 10 // of every file; all of it is written when it is made
	headerSize = 4096
	slotSize   = 64 // one cache line a series: the total, the name, the name's checksum
	maxSeries  = (fileSize - headerSize) / slotSize

	atGUID     = 16
	atDay      = 32
	atPhase    = 40
	atYes      = 48
	atProduct  = 56
	atCRC      = 120
	headerUsed = 128
	atClosed   = 128
	atCount    = 192
	atDue      = 256
	atFailed   = 264
	atReported = 272
	atSending  = 280
	atKey      = 8  // in a slot
	atKeyCRC   = 40 // in a slot

	closedWord = ^uint64(0) // stops every process at its next Add
)

var (
	magic  = [8]byte{'h', 'c', 'o', 'u', 'n', 't', 0, 2}
	native = binary.NativeEndian
	table  = crc32.MakeTable(crc32.Castagnoli)
)

// A page is the bytes of a ledger file, mapped or private. It begins at an
// address that is a multiple of 8.
type page []byte

// newPage returns an empty page in memory of its own.
func newPage() page {
	words := new([fileSize / 8]uint64)
	return unsafe.Slice((*byte)(unsafe.Pointer(words)), fileSize)
}

// word returns a number of the page that is read and written atomically.
func (p page) word(at int) *atomic.Uint64 {
	_ = p[at+7]
	return (*atomic.Uint64)(unsafe.Pointer(&p[at]))
}

// A Slot is the total of one series. It belongs to its ledger.
type Slot = *atomic.Uint64

// slotAt is where series i begins. Its first word is the total.
func slotAt(i int) int { return headerSize + i*slotSize }

func (p page) slot(i int) Slot { return p.word(slotAt(i)) }

// total reads a slot, and returns false for a damaged total. Concurrent Adds can
// exceed Max; total then returns Max.
func total(slot Slot) (uint64, bool) {
	n := slot.Load()
	return min(n, Max), n < high
}

// high is the limit for a stored word: Max plus what concurrent Adds can exceed it by.
// A word that reaches it is damage.
const high = Max + 1<<32

// counted returns the number of series as it is stored: one atomic word, with its own
// checksum.
func counted(n int) uint64 {
	return uint64(n) | uint64(crc32.Checksum(binary.LittleEndian.AppendUint32(nil, uint32(n)), table))<<32
}

// begin writes the header of a new installation without series.
func (p page) begin(h header) {
	copy(p, magic[:])
	copy(p[atGUID:], h.GUID[:])
	native.PutUint64(p[atDay:], uint64(h.Day))
	native.PutUint64(p[atPhase:], uint64(h.Phase))
	native.PutUint64(p[atYes:], uint64(h.Yes))
	copy(p[atProduct:atCRC], h.Product)
	native.PutUint64(p[atCRC:], uint64(crc32.Checksum(p[:atCRC], table)))
	p.word(atCount).Store(counted(0))
	p.setPlan(h.plan)
}

// header reads what begin wrote.
func (p page) header() header {
	number := func(at int) int64 { return int64(native.Uint64(p[at:])) }
	product, _, _ := bytes.Cut(p[atProduct:atCRC], []byte{0})
	return header{
		Product: string(product), Yes: number(atYes), GUID: uuid.UUID(p[atGUID:atDay]),
		Day: number(atDay), Phase: number(atPhase), plan: p.plan(),
	}
}

func (p page) plan() plan {
	return plan{
		Due: int64(p.word(atDue).Load()), Failures: int64(p.word(atFailed).Load()),
		Reported: p.word(atReported).Load() != 0, Sending: p.word(atSending).Load(),
	}
}

// setPlan writes the right to send last. A process that is killed in the middle has
// sent nothing, and does not stop another one from sending.
func (p page) setPlan(next plan) {
	reported := uint64(0)
	if next.Reported {
		reported = 1
	}
	p.word(atReported).Store(reported)
	p.word(atDue).Store(uint64(next.Due))
	p.word(atFailed).Store(uint64(next.Failures))
	p.word(atSending).Store(next.Sending)
}

// setSeries writes the name and the zero total of series i. The series counts only
// after the header's number of series includes it.
func (p page) setSeries(i int, key [32]byte) {
	s := p[slotAt(i):]
	copy(s[atKey:], key[:])
	native.PutUint64(s[atKeyCRC:], uint64(crc32.Checksum(key[:], table)))
	p.slot(i).Store(0)
}

func keyOf(name string) [32]byte { return sha256.Sum256([]byte(name)) }

// key returns the name of series i.
func (p page) key(i int) [32]byte { return [32]byte(p[slotAt(i)+atKey:]) }

// closed returns nil while the page is open, [errClosed] if the yes was taken back,
// and [errDamaged] otherwise. It decides by the majority of bits: one damaged bit
// neither makes a no nor hides one. It never reports a foreign file as closed, because
// a closed file is wiped.
func (p page) closed() error {
	word := p.word(atClosed).Load()
	ours := bytes.Equal(p[:len(magic)], magic[:]) || bytes.Count(p[:headerUsed], []byte{0}) == headerUsed // whole, or wiped
	switch {
	case word == 0:
		return nil
	case bits.OnesCount64(word) >= 32 && ours:
		return errClosed
	}
	return damage("not a ledger")
}

// check reads the whole page and returns the number of series. Any difference from
// what this package writes is an error: a page is trusted whole or not at all.
func (p page) check() (series int, err error) {
	if err := p.closed(); err != nil {
		return 0, err // first: a no wipes the rest
	}
	if !bytes.Equal(p[:len(magic)], magic[:]) {
		return 0, damage("not a ledger of this version and byte order")
	}
	if native.Uint64(p[atCRC:]) != uint64(crc32.Checksum(p[:atCRC], table)) {
		return 0, damage("the header's checksum is wrong")
	}
	if err := p.header().check(); err != nil {
		return 0, err
	}
	word := p.word(atCount).Load()
	n := int(uint32(word))
	if word != counted(n) || n > maxSeries {
		return 0, damage("the number of series is wrong")
	}
	for i := range n {
		key := p.key(i)
		if native.Uint64(p[slotAt(i)+atKeyCRC:]) != uint64(crc32.Checksum(key[:], table)) {
			return 0, damage("the name of series %d is wrong", i)
		}
		if _, ok := total(p.slot(i)); !ok {
			return 0, damage("the total of series %d is too large", i)
		}
	}
	return n, nil
}

// guard runs f, which reads or writes a mapping. It returns a memory fault as an error.
func guard(f func()) (err error) {
	before := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(before)
		if recover() != nil {
			err = damage("it has gone from under the mapping")
		}
	}()
	f()
	return nil
}
