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
	id, err := newIdentity(noon)
	if err != nil {
		t.Fatal(err)
	}
	p := newPage(3 + 5)
	p.begin(id, modeMapped)
	for i, name := range abc {
		p.series(i, keyOf(name))
		setTotal(p.slot(i), uint64(1000*i+7))
		p.slot(i)[i].Store(encode(uint64(i)))
	}
	p.word(atCount).Store(encode(3))
	p.setSchedule(Schedule{Settled: 20_516, Former: 20_515, Due: noon, Failures: 2})
	return p
}

func clone(b []byte) page {
	p := newPage((max(len(b), headerSize) - headerSize + slotSize - 1) / slotSize)[:len(b)]
	copy(p, b)
	return p
}

// figures is all that a page says; empty when it is refused.
func figures(p page) string {
	n, err := p.check()
	if err != nil {
		return ""
	}
	s, err := p.schedule()
	if err != nil {
		return ""
	}
	text := fmt.Sprintln(p.identity(), native.Uint64(p[atMode:]), s)
	for i := range n {
		text += fmt.Sprintf("%x", p.key(i))
		for j := range p.slot(i) {
			text += fmt.Sprintf(" %d", p.slot(i)[j].Load())
		}
		text += "\n"
	}
	return text
}

// TestEveryBit flips every bit of a sound file.
func TestEveryBit(t *testing.T) {
	whole := sample(t)
	want := figures(whole)
	refused := 0
	for at := range whole {
		for bit := range 8 {
			whole[at] ^= 1 << bit
			if got := figures(whole); got == "" {
				refused++
			} else if got != want {
				t.Fatalf("bit %d of byte %d flipped: says\n%s instead of\n%s", bit, at, got, want)
			}
			whole[at] ^= 1 << bit
		}
	}
	// All that is used: header and checksum, closed, count, schedule, and of
	// each series the words of its total, name and checksum.
	if used := 8 * (64 + 8 + 8 + 32 + 3*(stripes*8+32+8)); refused != used {
		t.Errorf("%d bits matter, want %d", refused, used)
	}
}

// TestOlderSchedule: in a file from before the former slot was kept there is
// none, and nothing is wrong with it.
func TestOlderSchedule(t *testing.T) {
	p := sample(t)
	p.word(atFormer).Store(0)
	if _, err := p.check(); err != nil {
		t.Fatal(err)
	}
	if s, err := p.schedule(); err != nil || s.Former != 0 || s.Settled != 20_516 {
		t.Errorf("%+v, %v", s, err)
	}
}

// damages change a sound file so that it must be put aside.
var damages = map[string]func(page) []byte{
	"empty":                  func(page) []byte { return nil },
	"one byte":               func(p page) []byte { return p[:1] },
	"header only":            func(p page) []byte { return p[:headerSize] },
	"a byte short of header": func(p page) []byte { return p[:headerSize-1] },
	"a byte short of series": func(p page) []byte { return p[:headerSize+3*slotSize-1] },
	"text":                   func(page) []byte { return bytes.Repeat([]byte("all the totals\n"), 400) },
	"all ones":               func(p page) []byte { return bytes.Repeat([]byte{0xFF}, len(p)) },
	"all zeros":              func(p page) []byte { return make([]byte, len(p)) },
	"too large":              func(p page) []byte { return append(p, make([]byte, maxSize)...) },
	"first page zeroed":      func(p page) []byte { clear(p[:headerSize]); return p },
	"second page zeroed":     func(p page) []byte { clear(p[headerSize:]); return p },
	"two series exchanged": func(p page) []byte {
		a, b := p[headerSize:headerSize+40], p[headerSize+slotSize:headerSize+slotSize+40]
		a, b = slices.Clone(a), slices.Clone(b)
		copy(p[headerSize:], b[:24]) // in part: in full it would be the same figures
		copy(p[headerSize+slotSize:], a[:24])
		return p
	},
	"more series than room": func(p page) []byte { p.word(atCount).Store(encode(9)); return p },
	"unnamed series count":  func(p page) []byte { p.word(atCount).Store(encode(4)); return p },
	"series beyond counting": func(p page) []byte {
		p.word(atCount).Store(encode(Max))
		return p
	},
	"total above Max":   func(p page) []byte { p.slot(1)[2].Store(encode(Max + 1)); return p },
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
	"no mode":           func(p page) []byte { native.PutUint64(p[atMode:], 0); return sealed(p) },
	"mode 3":            func(p page) []byte { native.PutUint64(p[atMode:], 3); return sealed(p) },
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
	for _, at := range []int{atDay, atPhase, atMode, atClosed, atCount, atDue, atFailed, atSettled, atFormer} {
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

func TestDamageIsPutAside(t *testing.T) {
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, p := directory(t), sample(t)
			before := p.identity()
			content := damage(p)
			path := filepath.Join(dir, fileName)
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			l := open(t, dir, abc...)
			equal(t, l, 0, 0, 0)
			if l.Aside() == "" || l.Identity().GUID == before.GUID || l.Identity().GUID.Version() != 4 {
				t.Errorf("said %q, identity %v", l.Aside(), l.Identity())
			}
			kept, err := os.ReadFile(aside(path, 0))
			if len(kept) >= atClosed+8 && bytes.Equal(kept[:8], magic[:]) && !bytes.Equal(kept[atClosed:atClosed+8], content[atClosed:atClosed+8]) {
				native.PutUint64(kept[atClosed:], native.Uint64(kept[atClosed:])-asideWord) // the mark of retire
			}
			if err != nil || !bytes.Equal(kept, content) {
				t.Errorf("not kept as it was: %d bytes of %d, %v", len(kept), len(content), err)
			}
			if again := open(t, dir, abc...); again.Aside() != "" || again.Identity() != l.Identity() {
				t.Errorf("said again: %q", again.Aside())
			}
		})
	}
}

// TestFlippedBytesOnDisk goes through Open for each byte that matters, and
// some that do not.
func TestFlippedBytesOnDisk(t *testing.T) {
	whole := sample(t)
	want := figures(whole)
	var places []int
	for at := range whole {
		used := at < 64 || at >= atClosed && at < atClosed+8 || at >= atCount && at < atCount+8 || at >= atDue && at < atDue+24 || at >= headerSize && at < headerSize+3*slotSize
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
		if l.Aside() != "" {
			equal(t, l, 0, 0, 0)
			continue
		}
		if got := figures(clone(l.page)); got != want {
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
		if fits := size >= headerSize+3*slotSize; got != want && (fits || got != "") || !fits && got != "" {
			t.Fatalf("cut to %d bytes it says %q (%v)", size, got, err)
		}
	}
}

func TestIdentityAtAnyClock(t *testing.T) {
	for name, seconds := range map[string]int64{"1970": 0, "before": -1, "long before": -1 << 60, "far": 1 << 50, "beyond": 1 << 60, "now": noon.Unix()} {
		t.Run(name, func(t *testing.T) {
			dir := directory(t)
			l, err := Open(ctx, dir, abc, time.Unix(seconds, 0))
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
		if len(raw) < headerSize || len(raw) > maxSize {
			return // read refuses it
		}
		p := clone(raw)
		n, err := p.check()
		if err != nil {
			return
		}
		s, err := p.schedule()
		if err != nil {
			t.Fatal("checked, and has no schedule")
		}
		again := clone(p)
		again.begin(p.identity(), native.Uint64(p[atMode:]))
		again.word(atCount).Store(encode(uint64(n)))
		again.word(atFailed).Store(p.word(atFailed).Load()) // read back in part only
		again.word(atDue).Store(p.word(atDue).Load())
		again.word(atSettled).Store(bounded(s.Settled))
		if p.word(atFormer).Load() == 0 {
			again.word(atFormer).Store(0)
		} else {
			again.word(atFormer).Store(bounded(s.Former))
		}
		for i := range n {
			if sum, ok := total(p.slot(i)); !ok || sum > Max {
				t.Fatalf("total %d, %v", sum, ok)
			}
			again.series(i, p.key(i))
			for j := range again.slot(i) {
				again.slot(i)[j].Store(p.slot(i)[j].Load())
			}
		}
		copy(again[8:16], p[8:16]) // under the checksum, and unused
		if !bytes.Equal(sealed(again), p) {
			t.Error("says something that is not written like this")
		}
	})
}
