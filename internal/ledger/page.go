package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/bits"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/google/uuid"
)

const (
	headerSize = 4096
	slotSize   = 64      // one cache line a series: the total, the name, the name's checksum
	maxSize    = 4 << 20 // no catalog comes near; a larger file is not ours
	maxSeries  = (maxSize - headerSize) / slotSize

	// Max is the largest total. It is far above anything that is counted one by
	// one, and what the Collector's allow-list accepts.
	Max = 1_000_000_000_000

	atGUID     = 16
	atDay      = 32
	atPhase    = 40
	atYes      = 48
	atProduct  = 56
	maxProduct = 64
	atCRC      = 120
	headerUsed = 128
	atClosed   = 128
	atCount    = 192
	atDue      = 256
	atFailed   = 264
	atReported = 272
	atSending  = 320
	atKey      = 8  // in a slot
	atKeyCRC   = 40 // in a slot

	// What stops every process at its next Add. Most bits set: the yes was
	// taken back. A few: put aside, or damage.
	closedWord = ^uint64(0)
	asideWord  = 1
)

var (
	magic  = [8]byte{'h', 'c', 'o', 'u', 'n', 't', 0, 1}
	native = binary.NativeEndian
	table  = crc32.MakeTable(crc32.Castagnoli)
)

// A page is the bytes of a ledger file, mapped or private. It begins at an
// address that is a multiple of 8.
type page []byte

// newPage returns an empty page that holds n series, in memory of its own.
func newPage(n int) page {
	words := make([]uint64, (headerSize+n*slotSize)/8)
	return unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), len(words)*8)
}

// word returns a number of the page that is read and written atomically.
func (p page) word(at int) *atomic.Uint64 {
	_ = p[at+7]
	return (*atomic.Uint64)(unsafe.Pointer(&p[at]))
}

// A Slot is the total of one series. It belongs to its ledger.
type Slot = *atomic.Uint64

// slot returns the total of series i.
func (p page) slot(i int) Slot { return p.word(headerSize + i*slotSize) }

// total reads a slot. A total above high is damage; one between Max and high
// is what goroutines added at the same moment, and is not shown.
func total(slot Slot) (uint64, bool) {
	n := slot.Load()
	return min(n, Max), n < high
}

// counted is the number of series as it is stored: with its own checksum, so
// that one atomic word is enough, and a damaged one is seen.
func counted(n int) uint64 {
	return uint64(n) | uint64(crc32.Checksum(binary.LittleEndian.AppendUint32(nil, uint32(n)), table))<<32
}

// number returns how many series there are; false when the word is damaged.
func (p page) number() (int, bool) {
	word := p.word(atCount).Load()
	n := int(uint32(word))
	return n, word == counted(n) && n <= maxSeries
}

func (p page) capacity() int { return (len(p) - headerSize) / slotSize }

// begin writes the header of a new installation without series.
func (p page) begin(id Identity, owner Owner) {
	copy(p, magic[:])
	copy(p[atGUID:], id.GUID[:])
	native.PutUint64(p[atDay:], uint64(id.Day.Unix()/day))
	native.PutUint64(p[atPhase:], uint64(id.Phase/time.Second))
	native.PutUint64(p[atYes:], uint64(owner.Yes))
	copy(p[atProduct:atCRC], owner.Product)
	native.PutUint64(p[atCRC:], uint64(crc32.Checksum(p[:atCRC], table)))
	p.word(atCount).Store(counted(0))
}

// owner reads whose page it is. It is only asked of a page that was checked.
func (p page) owner() Owner {
	product, _, _ := bytes.Cut(p[atProduct:atProduct+maxProduct], []byte{0})
	return Owner{Product: string(product), Yes: int64(native.Uint64(p[atYes:]))}
}

// series writes the name and the zero total of series i. It counts only when
// the header's number of series says so.
func (p page) series(i int, key [32]byte) {
	s := p[headerSize+i*slotSize:]
	copy(s[atKey:], key[:])
	native.PutUint64(s[atKeyCRC:], uint64(crc32.Checksum(key[:], table)))
	p.slot(i).Store(0)
}

func keyOf(name string) [32]byte { return sha256.Sum256([]byte(name)) }

// key returns the name of series i.
func (p page) key(i int) [32]byte { return [32]byte(p[headerSize+i*slotSize+atKey:]) }

// find returns the place of each series among the n first; -1 where it is
// not there.
func (p page) find(n int, keys [][32]byte) []int {
	at := make(map[[32]byte]int, n)
	for i := range n {
		at[p.key(i)] = i
	}
	places := make([]int, len(keys))
	for i, key := range keys {
		place, ok := at[key]
		if !ok {
			place = -1
		}
		places[i] = place
	}
	return places
}

// identity reads the header.
func (p page) identity() Identity {
	return Identity{
		GUID:  uuid.UUID(p[atGUID:atDay]),
		Day:   time.Unix(int64(native.Uint64(p[atDay:]))*day, 0).UTC(),
		Phase: time.Duration(native.Uint64(p[atPhase:])) * time.Second,
	}
}

// open returns nil while the page is not closed, [ErrClosed] when the yes was
// taken back, and [ErrDamaged] otherwise. A damaged bit is not a no, and a
// damaged bit does not hide one: the majority decides. A file that never was
// ours is not to be wiped, whatever it has in that place.
func (p page) open() error {
	word := p.word(atClosed).Load()
	switch {
	case word == 0:
		return nil
	case bits.OnesCount64(word) < 32:
		return fmt.Errorf("%w: put aside", ErrDamaged)
	case bytes.Equal(p[:len(magic)], magic[:]), bytes.Count(p[:headerUsed], []byte{0}) == headerUsed:
		return ErrClosed // whole, or wiped
	}
	return fmt.Errorf("%w: not a ledger", ErrDamaged)
}

// check reads the whole page of a file and returns the number of series.
// Whatever is not as this package writes it is an error: a page is trusted
// whole or not at all.
func (p page) check() (series int, err error) {
	n, err := p.checkHeader()
	if err == nil && n > p.capacity() {
		err = errors.New("the file is shorter than its number of series")
	}
	if err != nil {
		return 0, err
	}
	return n, p.checkSeries(n)
}

func (p page) checkHeader() (series int, err error) {
	if err := p.open(); err != nil {
		return 0, err // first: closing wipes the rest
	}
	if !bytes.Equal(p[:len(magic)], magic[:]) {
		return 0, errors.New("not a ledger of this version and byte order")
	}
	if native.Uint64(p[atCRC:]) != uint64(crc32.Checksum(p[:atCRC], table)) {
		return 0, errors.New("the header's checksum is wrong")
	}
	if err := sound(uuid.UUID(p[atGUID:atDay]), int64(native.Uint64(p[atDay:])), int64(native.Uint64(p[atPhase:]))); err != nil {
		return 0, err
	}
	if _, err := p.schedule(); err != nil {
		return 0, err
	}
	n, ok := p.number()
	if !ok {
		return 0, errors.New("the number of series is damaged")
	}
	return n, nil
}

func (p page) checkSeries(n int) error {
	for i := range n {
		s := p[headerSize+i*slotSize:]
		if native.Uint64(s[atKeyCRC:]) != uint64(crc32.Checksum(s[atKey:atKeyCRC], table)) {
			return fmt.Errorf("the name of series %d is damaged", i)
		}
		if _, ok := total(p.slot(i)); !ok {
			return fmt.Errorf("the total of series %d is damaged", i)
		}
	}
	return nil
}

func (p page) schedule() (Schedule, error) {
	due, failures := p.word(atDue).Load(), p.word(atFailed).Load()
	if max(due, failures) > Max {
		return Schedule{}, fmt.Errorf("%w: %w", ErrDamaged, errSchedule)
	}
	return Schedule{Due: moment(int64(due)), Failures: int(failures), Reported: p.word(atReported).Load() != 0}, nil
}

func (p page) setSchedule(s Schedule) {
	reported := uint64(0)
	if s.Reported {
		reported = 1
	}
	p.word(atReported).Store(reported)
	p.word(atDue).Store(uint64(seconds(s.Due)))
	p.word(atFailed).Store(uint64(max(s.Failures, 0)))
}
