package ledger

import (
	"crypto/rand"
	"errors"
	mathrand "math/rand/v2"
	"os"
	"strings"
	"testing"
)

// A State that says of every Swap that its outcome is not known costs no memory,
// and takes what was counted once it works again.
func TestManyLostAnswers(t *testing.T) {
	state := &flaky{random: mathrand.New(mathrand.NewPCG(1, 7))}
	l, err := Open(ctx, Place{State: state}, owner, abc, noon, yes)
	if err != nil {
		t.Fatal(err)
	}
	state.odds = 10
	for range 200 {
		add(t, l, 1, 3)
		value, version := state.value, state.version
		if l.Sync(ctx) == nil {
			t.Fatal("got written, want an error")
		}
		state.value, state.version = value, version // and it was not
	}
	state.odds = 0
	if err := l.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	equal(t, l, 0, 600, 0)
}

// TestMoreProcessesThanShares: the answer to a fold is lost, and more processes
// fold than have a share before the first one looks again. What was counted may be
// lost, and is not taken twice.
func TestMoreProcessesThanShares(t *testing.T) {
	for made, want := range map[bool]uint64{true: 3, false: 0} {
		for others := range uint64(2 * maxShares) {
			state := &flaky{random: mathrand.New(mathrand.NewPCG(1, 7))}
			first, err := Open(ctx, Place{State: state}, owner, abc, noon, yes)
			if err != nil {
				t.Fatal(err)
			}
			add(t, first, 1, 3)
			value, version := state.value, state.version
			state.odds = 10
			if err := first.Sync(ctx); !errors.Is(err, ErrUnknown) {
				t.Fatal(err)
			}
			state.odds = 0
			state.value, state.version = value, version
			if made {
				if err := first.Sync(ctx); err != nil {
					t.Fatal(err)
				}
			}
			for range others {
				l, err := Open(ctx, Place{State: state}, owner, abc, noon, yes)
				if err != nil {
					t.Fatal(err)
				}
				add(t, l, 1, 1)
				if err := l.Sync(ctx); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				if err := first.Sync(ctx); err != nil {
					t.Fatal(err)
				}
			}
			if others < maxShares { // then it is known that it was not made
				want = 3
			} else if !made {
				want = 0
			}
			equal(t, first, 0, want+others, 0)
			add(t, first, 1, 1)
			if err := first.Sync(ctx); err != nil {
				t.Fatal(err)
			}
			again, err := Open(ctx, Place{State: state}, owner, abc, noon, yes)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, again, 0, want+others+1, 0)
			if v, err := readValue(state.value); err != nil || len(v.Shares) > maxShares {
				t.Errorf("got %d shares, %v, want at most %d", len(v.Shares), err, maxShares)
			}
		}
	}
}

// TestLargestState: what could not be read again is not written.
func TestLargestState(t *testing.T) {
	for more, fits := range map[int]bool{-1: true, 0: true, 1: false} {
		dir := foldedDirectory(t)
		info, err := os.Stat(pathOf(dir))
		if err != nil {
			t.Fatal(err)
		}
		share := `,"shares":[{"process":"` + rand.Text() + `","totals":{"":5}}]`
		l := open(t, dir, strings.Repeat("x", maxState-int(info.Size())-len(share)+more))
		add(t, l, 0, 5)
		if err := l.Sync(ctx); (err == nil) != fits {
			t.Errorf("%+d bytes: got %v, want written: %v", more, err, fits)
		}
		if info, err = os.Stat(pathOf(dir)); err != nil || fits && info.Size() != int64(maxState+more) {
			t.Errorf("%+d bytes: got %d, %v, want %d", more, info.Size(), err, maxState+more)
		}
		if err := l.Check(ctx); err != nil {
			t.Errorf("%+d bytes: got %v, want a sound ledger", more, err)
		}
		equal(t, l, 5)
	}
}
