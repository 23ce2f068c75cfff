package ledger

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"
)

// numbers are the edges, and some in between.
func numbers(rounds int) []uint64 {
	list := []uint64{0, 1, 2, 3, Max / 2, Max - 1, Max}
	for range rounds {
		list = append(list, rand.Uint64N(Max+1), rand.Uint64N(1000), rand.Uint64N(Max+1)>>rand.IntN(40))
	}
	return list
}

func TestCodesComeBack(t *testing.T) {
	for _, n := range numbers(10_000) {
		if got, ok := decode(encode(n)); !ok || got != n {
			t.Fatalf("%d came back as %d, %v", n, got, ok)
		}
	}
}

func TestWordsThatAreNoCodes(t *testing.T) {
	for name, w := range map[string]uint64{
		"zero": 0, "all ones": math.MaxUint64, "one above Max": encode(Max + 1), "one below zero": ^uint64(multiplier-offset) + 1,
		"the largest word with the right rest": math.MaxUint64 - (math.MaxUint64-offset)%multiplier,
		"a plain one":                          1, "the multiplier": multiplier, "above a code": encode(7) + 1, "below a code": encode(7) - 1,
	} {
		if n, ok := decode(w); ok {
			t.Errorf("%s (%#x) is read as %d", name, w, n)
		}
	}
	if encode(Max) != maxCode || maxCode < math.MaxUint64/2 {
		t.Error("the codes do not use the word")
	}
}

// TestFewFlippedBits proves it for every number at once: a flip changes the
// word by a signed power of two, and no sum of five or fewer different ones
// is a multiple of the multiplier.
func TestFewFlippedBits(t *testing.T) {
	var power [64]uint64
	for i := range power {
		power[i] = 1
		if i > 0 {
			power[i] = power[i-1] * 2 % multiplier
		}
	}
	// The lowest flipped bit can be divided out: one term is 1.
	var pairs []uint64
	inPairs, alone := make(map[uint64]bool), make(map[uint64]bool)
	for i := 1; i < 64; i++ {
		alone[power[i]], alone[multiplier-power[i]] = true, true
		for j := i + 1; j < 64; j++ {
			for _, a := range []uint64{power[i], multiplier - power[i]} {
				for _, b := range []uint64{power[j], multiplier - power[j]} {
					pairs = append(pairs, (a+b)%multiplier)
					inPairs[(a+b)%multiplier] = true
				}
			}
		}
	}
	if alone[1] || alone[multiplier-1] {
		t.Error("two flipped bits may make another code")
	}
	if inPairs[multiplier-1] {
		t.Error("three flipped bits may make another code")
	}
	for _, p := range pairs {
		rest := (2*multiplier - 1 - p) % multiplier
		if alone[rest] || inPairs[rest] {
			t.Fatal("four or five flipped bits may make another code")
		}
	}
}

func TestFlippedBitsAreSeen(t *testing.T) {
	for _, n := range numbers(300) {
		code := encode(n)
		for i := range 64 {
			if m, ok := decode(code ^ 1<<i); ok {
				t.Fatalf("%d with bit %d flipped is read as %d", n, i, m)
			}
			for j := range i {
				if m, ok := decode(code ^ 1<<i ^ 1<<j); ok {
					t.Fatalf("%d with bits %d and %d flipped is read as %d", n, i, j, m)
				}
			}
		}
	}
}

// TestDamageAtRandom states the rate for damage of any kind.
func TestDamageAtRandom(t *testing.T) {
	const words = 4_000_000
	missed := 0
	for range words {
		if _, ok := decode(rand.Uint64()); ok {
			missed++
		}
	}
	t.Logf("%d of %d random words are codes; expected %.2f", missed, words, float64(words)*Max/math.MaxUint64)
	if missed > 10 {
		t.Error("too many")
	}
}

func FuzzDecode(f *testing.F) {
	for _, n := range numbers(3) {
		f.Add(encode(n), uint8(3))
	}
	f.Add(uint64(0), uint8(0))
	f.Add(uint64(math.MaxUint64), uint8(63))
	f.Fuzz(func(t *testing.T, w uint64, bit uint8) {
		n, ok := decode(w)
		if !ok {
			return
		}
		if n > Max || encode(n) != w {
			t.Errorf("%#x is read as %d, which is %#x", w, n, encode(n))
		}
		other := bits.RotateLeft64(1, int(bit)) ^ w
		if m, ok := decode(other); ok {
			t.Errorf("%#x and %#x are both codes: %d, %d", w, other, n, m)
		}
	})
}
