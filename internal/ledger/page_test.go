package ledger

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
)

// sample is the file of an installation with three series.
func sample(t testing.TB) page {
	t.Helper()
	h, err := newHeader(owner, noon)
	if err != nil {
		t.Fatal(err)
	}
	h.setSchedule(Schedule{Due: noon, Failures: 2, Reported: true})
	p := newPage()
	p.begin(h)
	for i, name := range abc {
		p.setSeries(i, keyOf(name))
		p.slot(i).Store(uint64(1000*i + 7))
	}
	p.word(atCount).Store(counted(3))
	return p
}

func clone(b []byte) page {
	p := newPage()
	copy(p, b)
	return p
}

// figures is all that a page says; empty when it is refused.
func figures(p page) string {
	n, err := p.check()
	if err != nil {
		return ""
	}
	text := fmt.Sprintln(p.header())
	for i := range n {
		text += fmt.Sprintf("%x %d\n", p.key(i), p.slot(i).Load())
	}
	return text
}

// TestEveryBit flips every bit of a sound file. What names an installation or a
// series is refused; totals and the schedule are plain words, and the rest of
// the file means nothing.
func TestEveryBit(t *testing.T) {
	whole := sample(t)
	want := figures(whole)
	for at := range whole[:headerSize+10*slotSize] {
		plain := at >= atDue && at < atSending+8 || at >= headerSize && (at-headerSize)%slotSize < 8 && at < headerSize+3*slotSize
		used := at < headerUsed || at >= atClosed && at < atClosed+8 || at >= atCount && at < atCount+8 ||
			at >= headerSize && at < headerSize+3*slotSize && (at-headerSize)%slotSize < atKeyCRC+8
		for bit := range 8 {
			whole[at] ^= 1 << bit
			switch got := figures(whole); {
			case plain: // a smaller total is harmless, and a larger one is above Max or not to be told apart
			case used && got != "":
				t.Fatalf("bit %d of byte %d flipped: accepted", bit, at)
			case !used && got != want:
				t.Fatalf("bit %d of byte %d flipped: got\n%s want\n%s", bit, at, got, want)
			}
			whole[at] ^= 1 << bit
		}
	}
}

// damages change a sound file so that it must be quarantined.
var damages = map[string]func(page) []byte{
	"empty":                  func(page) []byte { return nil },
	"one byte":               func(p page) []byte { return p[:1] },
	"header only":            func(p page) []byte { return p[:headerSize] },
	"a byte short of header": func(p page) []byte { return p[:headerSize-1] },
	"a byte short of series": func(p page) []byte { return p[:headerSize+3*slotSize-1] },
	"text":                   func(page) []byte { return bytes.Repeat([]byte("all the totals\n"), 400) },
	"all ones":               func(p page) []byte { return bytes.Repeat([]byte{0xFF}, len(p)) },
	"all zeros":              func(p page) []byte { return make([]byte, len(p)) },
	"too large":              func(p page) []byte { return append(p, make([]byte, fileSize)...) },
	"first page zeroed":      func(p page) []byte { clear(p[:headerSize]); return p },
	"second page zeroed":     func(p page) []byte { clear(p[headerSize:]); return p },
	"two series exchanged": func(p page) []byte {
		a, b := p[headerSize:headerSize+40], p[headerSize+slotSize:headerSize+slotSize+40]
		a, b = slices.Clone(a), slices.Clone(b)
		copy(p[headerSize:], b[:24]) // in part: in full it would be the same figures
		copy(p[headerSize+slotSize:], a[:24])
		return p
	},
	"more series than room": func(p page) []byte { p.word(atCount).Store(counted(maxSeries + 1)); return p },
	"unnamed series count":  func(p page) []byte { p.word(atCount).Store(counted(4)); return p },
	"series beyond counting": func(p page) []byte {
		p.word(atCount).Store(counted(1<<31 - 1))
		return p
	},
	"total above Max":   func(p page) []byte { p.slot(1).Store(high); return p },
	"another version":   func(p page) []byte { p[7]++; return sealed(p) },
	"nil identifier":    func(p page) []byte { clear(p[atGUID:atDay]); return sealed(p) },
	"version 1":         func(p page) []byte { return withGUID(p, uuid.Must(uuid.NewUUID())) },
	"version 6":         func(p page) []byte { return withGUID(p, uuid.Must(uuid.NewV6())) },
	"version 7":         func(p page) []byte { return withGUID(p, uuid.Must(uuid.NewV7())) },
	"other variant":     func(p page) []byte { p[atGUID+8] |= 0xC0; return sealed(p) },
	"phase of a day":    func(p page) []byte { native.PutUint64(p[atPhase:], day); return sealed(p) },
	"phase that wraps":  func(p page) []byte { native.PutUint64(p[atPhase:], 1<<55); return sealed(p) },
	"phase negative":    func(p page) []byte { native.PutUint64(p[atPhase:], 1<<64-1); return sealed(p) },
	"day negative":      func(p page) []byte { native.PutUint64(p[atDay:], 1<<64-1); return sealed(p) },
	"year 10000":        func(p page) []byte { native.PutUint64(p[atDay:], lastDay+1); return sealed(p) },
	"a bit of closed":   func(p page) []byte { p.word(atClosed).Store(1 << 40); return p },
	"many of closed":    func(p page) []byte { p.word(atClosed).Store(1<<31 - 1); return p },
	"checksum too long": func(p page) []byte { p[atCRC+4] = 1; return p },
	"other byte order":  otherByteOrder,
}

func sealed(p page) page {
	native.PutUint64(p[atCRC:], uint64(crc32.Checksum(p[:atCRC], table)))
	return p
}

func withGUID(p page, id uuid.UUID) page { copy(p[atGUID:], id[:]); return sealed(p) }

// otherByteOrder is the file as a machine of the other kind writes it.
func otherByteOrder(p page) []byte {
	swap := func(at int) { slices.Reverse(p[at : at+8]) }
	for _, at := range []int{atDay, atPhase, atYes, atClosed, atCount, atDue, atFailed} {
		swap(at)
	}
	sum := crc32.Checksum(p[:atCRC], table)
	native.PutUint64(p[atCRC:], uint64(sum))
	swap(atCRC)
	for i := range 3 {
		swap(headerSize + i*slotSize)
		swap(headerSize + i*slotSize + atKeyCRC)
	}
	return p
}

func TestDamageIsQuarantined(t *testing.T) {
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, p := directory(t), sample(t)
			before := p.header()
			content := damage(p)
			path := filepath.Join(dir, fileName)
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			l := open(t, dir, abc...)
			equal(t, l, 0, 0, 0)
			if l.Quarantined() == "" || l.Identity().GUID == before.GUID || l.Identity().GUID.Version() != 4 {
				t.Errorf("said %q, identity %v", l.Quarantined(), l.Identity())
			}
			kept, err := os.ReadFile(damagedName(path))
			if err != nil || !bytes.Equal(kept, content) {
				t.Errorf("not kept as it was: %d bytes of %d, %v", len(kept), len(content), err)
			}
			if again := open(t, dir, abc...); again.Quarantined() != "" || again.Identity() != l.Identity() {
				t.Errorf("said again: %q", again.Quarantined())
			}
		})
	}
}

// TestFlippedBytesOnDisk goes through Open for each byte that matters, and
// some that do not.
func TestFlippedBytesOnDisk(t *testing.T) {
	needsMapping(t)
	whole := sample(t)
	want := figures(whole)
	var places []int
	for at := range whole {
		used := at < headerUsed || at >= atClosed && at < atClosed+8 || at >= atCount && at < atCount+8 || at >= atDue && at < atSending+8 || at >= headerSize && at < headerSize+3*slotSize
		if used && (!testing.Short() || at%8 == 0) || at%500 == 0 {
			places = append(places, at)
		}
	}
	dir := directory(t)
	path := filepath.Join(dir, fileName)
	for _, at := range places {
		p := clone(whole)
		p[at] ^= 0xFF
		if err := os.WriteFile(path, p, 0o600); err != nil {
			t.Fatal(err)
		}
		l := open(t, dir, abc...)
		if l.Quarantined() != "" {
			equal(t, l, 0, 0, 0)
			continue
		}
		plain := at >= atDue && at < atSending+8 || at >= headerSize && (at-headerSize)%slotSize < 8
		now, err := read(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := figures(now); got != want && !plain {
			t.Fatalf("byte %d: %s instead of %s", at, got, want)
		}
	}
}

// TestTruncated cuts a sound file everywhere: it says the same or nothing.
func TestTruncated(t *testing.T) {
	whole := sample(t)
	want := figures(whole)
	dir := directory(t)
	path := filepath.Join(dir, fileName)
	for size := 0; size <= len(whole); size++ {
		if size%slotSize != 0 && size%97 != 0 && (size < headerSize || size > headerSize+3*slotSize) {
			continue
		}
		if err := os.WriteFile(path, whole[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := read(path)
		got := ""
		if err == nil {
			got = figures(p)
		}
		if fits := size == fileSize; got != want && (fits || got != "") || !fits && got != "" {
			t.Fatalf("cut to %d bytes it says %q (%v)", size, got, err)
		}
	}
}

func TestIdentityAtAnyClock(t *testing.T) {
	for name, seconds := range map[string]int64{"1970": 0, "before": -1, "long before": -1 << 60, "far": 1 << 50, "beyond": 1 << 60, "now": noon.Unix()} {
		t.Run(name, func(t *testing.T) {
			dir := directory(t)
			l, err := Open(ctx, Place{Dir: dir}, owner, abc, time.Unix(seconds, 0), yes)
			if err != nil {
				t.Fatal(err)
			}
			if id := l.Identity(); id.Day.Year() < 1970 || id.Day.Year() > 9999 || id.Phase < 0 || id.Phase.Hours() >= 24 {
				t.Errorf("%v", id)
			}
		})
	}
}

func FuzzCheck(f *testing.F) {
	for _, damage := range damages {
		if b := damage(sample(f)); len(b) < 1<<16 {
			f.Add(b)
		}
	}
	f.Add([]byte(sample(f)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) != fileSize {
			return // read refuses it
		}
		p := clone(raw)
		n, err := p.check()
		if err != nil {
			return
		}
		again := clone(p)
		again.begin(p.header())
		copy(again[8:16], p[8:16])                           // under the checksum, and of any other value
		copy(again[atDue:atSending+8], p[atDue:atSending+8]) // plain words
		again.word(atCount).Store(counted(n))
		for i := range n {
			if n, ok := total(p.slot(i)); !ok || n > Max {
				t.Fatalf("total %d, %v", n, ok)
			}
			again.setSeries(i, p.key(i))
			again.slot(i).Store(p.slot(i).Load())
		}
		if !bytes.Equal(sealed(again), p) {
			t.Error("says something that is not written like this")
		}
	})
}
