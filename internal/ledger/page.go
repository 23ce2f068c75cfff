package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/google/uuid"
)

const (
	headerSize = 4096
	slotSize   = 64
	maxSize    = 16 << 20 // no catalog comes near; a larger file is not ours

	atGUID    = 16
	atDay     = 32
	atPhase   = 40
	atMode    = 48
	atCRC     = 56
	atClosed  = 128
	atCount   = 192
	atDue     = 256
	atFailed  = 264
	atSettled = 272
	atKey     = 8  // in a slot
	atKeyCRC  = 40 // in a slot

	modeMapped = 1
	modeFolded = 2

	day = 24 * 60 * 60
)

var (
	magic  = [8]byte{'h', 'c', 'o', 'u', 'n', 't', 0, 1}
	native = binary.NativeEndian
	table  = crc32.MakeTable(crc32.Castagnoli)
)

// An Identity is made at the moment of the yes and never changes.
type Identity struct {
	GUID  uuid.UUID // install_guid: random, version 4
	Day   time.Time // midnight UTC of the day of the yes
	Phase time.Duration
}

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

// slot returns the total of series i.
func (p page) slot(i int) *atomic.Uint64 { return p.word(headerSize + i*slotSize) }

func (p page) closed() bool { return p.word(atClosed).Load() != 0 }

func (p page) capacity() int { return (len(p) - headerSize) / slotSize }

// begin writes the header of a new installation without series.
func (p page) begin(id Identity, mode uint64) {
	copy(p, magic[:])
	copy(p[atGUID:], id.GUID[:])
	native.PutUint64(p[atDay:], uint64(id.Day.Unix()/day))
	native.PutUint64(p[atPhase:], uint64(id.Phase/time.Second))
	native.PutUint64(p[atMode:], mode)
	native.PutUint64(p[atCRC:], uint64(crc32.Checksum(p[:atCRC], table)))
	for _, at := range []int{atCount, atDue, atFailed, atSettled} {
		p.word(at).Store(encode(0))
	}
}

// series writes the name and the zero total of series i. It counts only when
// the header's number of series says so.
func (p page) series(i int, key [32]byte) {
	s := p[headerSize+i*slotSize:]
	copy(s[atKey:], key[:])
	native.PutUint64(s[atKeyCRC:], uint64(crc32.Checksum(key[:], table)))
	p.slot(i).Store(encode(0))
}

func keyOf(name string) [32]byte { return sha256.Sum256([]byte(name)) }

// find returns the place of each series among the n first; -1 where it is
// not there.
func (p page) find(n int, keys [][32]byte) []int {
	at := make(map[[32]byte]int, n)
	for i := range n {
		at[[32]byte(p[headerSize+i*slotSize+atKey:])] = i
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

var errClosed = errors.New("the yes was taken back")

// check reads the whole page and returns the number of series. Whatever is
// not as this package writes it is an error: a page is trusted whole or not
// at all.
func (p page) check() (series int, err error) {
	if p.closed() {
		return 0, errClosed // first: closing wipes the rest
	}
	if !bytes.Equal(p[:len(magic)], magic[:]) {
		return 0, errors.New("not a ledger of this version and byte order")
	}
	if native.Uint64(p[atCRC:]) != uint64(crc32.Checksum(p[:atCRC], table)) {
		return 0, errors.New("the header's checksum is wrong")
	}
	if id := p.identity(); id.GUID.Version() != 4 || id.GUID.Variant() != uuid.RFC4122 {
		return 0, fmt.Errorf("identifier %s is not a random (version 4) UUID", id.GUID)
	} else if id.Phase < 0 || id.Phase >= day*time.Second {
		return 0, fmt.Errorf("phase %v is not within a day", id.Phase)
	}
	for _, at := range []int{atDue, atFailed, atSettled} {
		if _, ok := decode(p.word(at).Load()); !ok {
			return 0, errors.New("the schedule is damaged")
		}
	}
	n, ok := decode(p.word(atCount).Load())
	if !ok || n > uint64(p.capacity()) {
		return 0, errors.New("the number of series is damaged")
	}
	for i := range int(n) {
		s := p[headerSize+i*slotSize:]
		if native.Uint64(s[atKeyCRC:]) != uint64(crc32.Checksum(s[atKey:atKeyCRC], table)) {
			return 0, fmt.Errorf("the name of series %d is damaged", i)
		}
		if _, ok := decode(p.slot(i).Load()); !ok {
			return 0, fmt.Errorf("the total of series %d is damaged", i)
		}
	}
	return int(n), nil
}
