package consent

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestOracle asks about every combination of environment, file and notice, and
// compares with what the labels of its tables say. It shares no rule with the
// code: each value is labelled by hand.
func TestOracle(t *testing.T) {
	type variable struct {
		value  string
		denies bool
		grants int
	}
	vetoes := []variable{{"", false, 0}, {"0", false, 0}, {"false", false, 0}, {"1", true, 0}, {"true", true, 0}, {"maybe", true, 0}}
	productWords := []variable{
		{"", false, 0}, {"accept:1", false, 1}, {"accept:2", false, 2}, {"accept:3", false, 3},
		{"off", true, 0}, {"yes", true, 0}, {"accept:02", true, 0}, {"accept: 2", true, 0}, {"accept:", true, 0},
	}
	type state struct {
		name    string
		file    *File
		trusted bool // no reason to doubt, including that there is nothing
		said    Decision
		notice  int
		foreign bool // the yes is for another product
	}
	var states []state
	add := func(name string, trusted bool, said Decision, notice int, make func(f *File)) {
		f := NewFile(filepath.Join(t.TempDir(), "state"))
		make(f)
		states = append(states, state{name, f, trusted, said, notice, false})
	}
	by := func(by string, d Decision) func(*File) {
		return func(f *File) {
			if err := f.Save(t.Context(), Record{Decision: d, Notice: 2, By: by}); err != nil {
				t.Fatal(err)
			}
		}
	}
	text := func(text string) func(*File) {
		return func(f *File) {
			if err := os.Mkdir(f.dir, 0o700); err != nil {
				t.Fatal(err)
			}
			write(t, f.path(fileName), text)
		}
	}
	yes := func(f *File) { save(t, f, Granted, 2) }
	add("no directory", true, Undecided, 0, func(*File) {})
	add("no file", true, Undecided, 0, func(f *File) { yes(f); os.Remove(f.path(fileName)) })
	for notice := 1; notice <= 3; notice++ {
		add("granted", true, Granted, notice, func(f *File) { save(t, f, Granted, notice) })
		add("denied", true, Denied, notice, func(f *File) { save(t, f, Denied, notice) })
		add("denied after a yes", true, Denied, notice, func(f *File) { yes(f); save(t, f, Denied, notice) })
		add("granted after a no", true, Granted, notice, func(f *File) { save(t, f, Denied, 1); save(t, f, Granted, notice) })
	}
	of := func(name string, d Decision, notice int) func(*File) {
		return func(f *File) {
			if err := f.Save(t.Context(), Record{Decision: d, Notice: notice, For: name}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for notice := 1; notice <= 3; notice++ {
		add("granted for this product", true, Granted, notice, of(product, Granted, notice))
		add("denied for another product", true, Denied, notice, of(another, Denied, notice))
		add("granted for another product", true, Granted, notice, of(another, Granted, notice))
		states[len(states)-1].foreign = true
		add("granted for another product and then for this one", true, Granted, notice, func(f *File) { of(another, Granted, 2)(f); of(product, Granted, notice)(f) })
		add("granted for this product and then for another one", true, Granted, notice, func(f *File) { of(product, Granted, 2)(f); of(another, Granted, notice)(f) })
		states[len(states)-1].foreign = true
	}
	add("granted by one that is named like a no", true, Granted, 2, by("denied", Granted))
	add("denied by one that is named like a yes", true, Denied, 2, by(`granted","notice":2`, Denied))
	add("empty", false, 0, 0, text(""))
	add("garbage", false, 0, 0, text("granted"))
	add("version 2", false, 0, 0, text(`{"version":2,"records":[`+line("granted", 2, "2026-01-01T00:00:00Z", "")+`]}`))
	add("damaged no", false, 0, 0, text(file(line("denied", 2, "2026-01-01T00:00:00Z", ""))+"x"))
	add("future", false, 0, 0, text(file(line("granted", 2, time.Now().Add(25*time.Hour).UTC().Format(time.RFC3339), ""))))
	add("directory", false, 0, 0, func(f *File) { os.MkdirAll(f.path(fileName), 0o700) })
	add("quarantined", false, 0, 0, func(f *File) { yes(f); os.Rename(f.path(fileName), f.path(damagedName)) })

	checked, on := 0, 0
	for _, track := range vetoes {
		for _, disabled := range vetoes {
			for _, word := range productWords {
				for _, state := range states {
					for notice := -1; notice <= 4; notice++ {
						env := environ{"DO_NOT_TRACK": track.value, "OTEL_SDK_DISABLED": disabled.value, product: word.value}

						anyNo := track.denies || disabled.denies || word.denies || state.said == Denied
						anyYes := word.grants == notice || state.said == Granted && !state.foreign && state.notice == notice
						want := Undecided
						if anyNo {
							want = Denied
						} else if anyYes && state.trusted && notice > 0 {
							want = Granted
						}

						got := Evaluate(context.Background(), product, notice, env.lookup, state.file)
						if got.Decision != want || got.On() != (want == Granted) || got.Reason == "" {
							t.Fatalf("notice %d, %q, file %q for notice %d: %v (%s), want %v",
								notice, env, state.name, state.notice, got.Decision, got.Reason, want)
						}
						checked++
						if got.On() {
							on++
						}
					}
				}
			}
		}
	}
	t.Logf("%d combinations, %d on", checked, on)
	if on == 0 || on > checked/20 {
		t.Errorf("%d of %d are on: the tables do not test what they should", on, checked)
	}
}
