package terminal

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
)

func TestOfWhatIsNoTerminal(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for name, w := range map[string]any{"nil": nil, "buffer": &bytes.Buffer{}, "file": f} {
		if got := Of(w); got != (Terminal{}) {
			t.Errorf("%s: got %+v, want no terminal", name, got)
		}
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 7: "7", 999: "999", 1000: "1,000", 8762: "8,762", 1234567: "1,234,567",
		-1: "-1", -999: "-999", -1000: "-1,000", 1<<63 - 1: "9,223,372,036,854,775,807", -1 << 63: "-9,223,372,036,854,775,808",
	} {
		if got := Number(n); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 999_949: "999.9 kB", 999_950: "1.0 MB", 3_096_000_000: "3.1 GB", 1<<63 - 1: "9.2 EB", -2000: "-2.0 kB",
	} {
		if got := Bytes(n); got != want {
			t.Errorf("%d bytes: got %q, want %q", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "0 s", 499 * time.Millisecond: "0 s", 59400 * time.Millisecond: "59 s", time.Minute: "1 min 0 s",
		3599 * time.Second: "59 min 59 s", time.Hour: "1 h 0 min", 25*time.Hour + 61*time.Second: "25 h 1 min",
	} {
		if got := span(d); got != want {
			t.Errorf("%s: got %q, want %q", time.Duration(d), got, want)
		}
	}
}

func TestPercent(t *testing.T) {
	for _, test := range []struct {
		share float64
		want  string
	}{
		{0, "0.0 %"}, {0.0004, "< 0.1 %"}, {0.0005, "0.1 %"}, {0.5, "50.0 %"}, {0.9994, "99.9 %"}, {0.99999, "99.9 %"}, {1, "100.0 %"},
	} {
		if got := percent(&test.share); got != test.want {
			t.Errorf("%v: got %q, want %q", test.share, got, test.want)
		}
	}
	if got := percent(nil); got != "not known" {
		t.Errorf("nil: got %q, want not known", got)
	}
}

func TestBar(t *testing.T) {
	for _, test := range []struct {
		part, whole int64
		width       int
		want        string
	}{
		{0, 10, 8, ""}, {1, 0, 8, ""}, {5, 10, 0, ""}, {-1, 10, 8, ""},
		{1, 1_000_000, 8, "▏"}, {5, 10, 8, "████"}, {9, 16, 8, "████▌"}, {10, 10, 8, "████████"}, {11, 10, 8, "████████"},
	} {
		if got := bar(test.part, test.whole, test.width); got != test.want {
			t.Errorf("%d of %d in %d columns: got %q, want %q", test.part, test.whole, test.width, got, test.want)
		}
	}
}

func TestSpark(t *testing.T) {
	for _, test := range []struct {
		name   string
		values []int64
		width  int
		want   string
	}{
		{"nothing", nil, 8, ""},
		{"no room", []int64{1}, 0, ""},
		{"nought", []int64{0, 0}, 8, "··"},
		{"every height", []int64{0, 1, 2, 3, 4, 5, 6, 7, 8}, 9, "·▂▃▄▅▆▇██"},
		{"the newest of each column", []int64{1, 8, 1, 8, 8, 1}, 3, "██▂"},
		{"small beside large", []int64{1, 1000}, 8, "▁█"},
	} {
		if got := spark(test.values, test.width); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestWrapAndShorten(t *testing.T) {
	for _, test := range []struct {
		text  string
		width int
		want  []string
	}{
		{"", 5, []string{""}},
		{"one two", 7, []string{"one two"}},
		{"one two", 6, []string{"one", "two"}},
		{"a  b", 9, []string{"a  b"}},
		{"unbreakable x", 4, []string{"unbreakable", "x"}},
	} {
		if got := wrap(test.text, test.width); !slices.Equal(got, test.want) {
			t.Errorf("%q in %d: got %q, want %q", test.text, test.width, got, test.want)
		}
	}
	for _, test := range []struct {
		text  string
		width int
		want  string
	}{{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"abcd", 1, "…"}, {"abcd", 0, ""}} {
		if got := shorten(test.text, test.width); got != test.want {
			t.Errorf("%q in %d: got %q, want %q", test.text, test.width, got, test.want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\x1b[31mb\n")
	f.Add("\xff\u202e")
	f.Add("\u009b31mred") // the escape in one character
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range Clean(s) {
			if !unicode.IsPrint(r) {
				t.Errorf("%q: got %q, which has %U", s, Clean(s), r)
			}
		}
		if strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) < 0 && Clean(s) != s {
			t.Errorf("%q is printable: got %q", s, Clean(s))
		}
	})
}

func TestFacts(t *testing.T) {
	got := Terminal{}.Facts(Facts{
		Title: "3.1 GB of 3 files", Lines: []string{"2 reports", strings.Repeat("long ", 20)},
		Kinds: map[string]int64{"unknown_metric": 1212, "torn": 4}, KindsOf: "not taken:", Warnings: []string{"look\x1b"},
	})
	want := "3.1 GB of 3 files\n  2 reports\n  " + strings.TrimSpace(strings.Repeat("long ", 15)) + "\n    long long long long long\n" +
		"  not taken:\n    kind            count\n    torn                4\n    unknown metric  1,212\n  ! look·\n"
	if got != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}
