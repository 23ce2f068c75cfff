package terminal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/jedib0t/go-pretty/v6/text"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/schema"
)

// sample is the answer of a made-up fleet.
func sample(t *testing.T) *answer.Answer {
	t.Helper()
	data, err := os.ReadFile("../export/testdata/answer.json")
	if err != nil {
		t.Fatal(err)
	}
	a := &answer.Answer{}
	if err := json.Unmarshal(data, a); err != nil {
		t.Fatal(err)
	}
	return a
}

func report(t *testing.T, term Terminal, a *answer.Answer) string {
	t.Helper()
	var out bytes.Buffer
	if err := Report(&out, term, a, nil); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

var escapes = regexp.MustCompile("\x1b\\[[0-9;]*m")

func TestReportIsAsItWas(t *testing.T) {
	for _, width := range []int{80, 120} {
		path := fmt.Sprintf("testdata/report-%d.txt", width)
		got := report(t, Terminal{Width: width}, sample(t))
		if os.Getenv("UPDATE_GOLDEN") != "" {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s differs: look at it, then run UPDATE_GOLDEN=1 go test; got\n%s", path, got)
		}
	}
}

func TestReportFitsTheTerminal(t *testing.T) {
	a := sample(t)
	a.WindowDays = 7
	for _, width := range []int{0, 1, MinWidth, MinWidth + 1, 79, 80, 100, MaxWidth, MaxWidth + 1} {
		term := Terminal{Width: width}
		for line := range strings.Lines(report(t, term, a)) {
			if got := text.StringWidth(strings.TrimSuffix(line, "\n")); got > term.columns() {
				t.Errorf("width %d: got a line of %d columns, want at most %d: %q", width, got, term.columns(), line)
			}
		}
	}
}

func TestColourIsOnlyColour(t *testing.T) {
	plain, coloured := report(t, Terminal{}, sample(t)), report(t, Terminal{Colour: true}, sample(t))
	if strings.Contains(plain, "\x1b") {
		t.Error("there is an escape where there is no colour")
	}
	if !escapes.MatchString(coloured) {
		t.Error("there is no colour where there should be")
	}
	if escapes.ReplaceAllString(coloured, "") != plain {
		t.Error("colour changes the text")
	}
}

// What nothing is known of is not known, and no share of it is 0 %.
func TestReportOfAnEmptyArchive(t *testing.T) {
	a := &answer.Answer{
		AsOf: 20782, WindowDays: 28,
		Counters: []answer.Counter{{Name: "a.b"}},
		Gauges:   []answer.Gauge{{Name: "a.sizes", Range: "0"}, {Name: "a.sizes", Range: "1-10"}},
	}
	got := report(t, Terminal{}, a)
	for _, want := range []string{
		"Product not known (no catalog): of 0 installations",
		"growth not known",
		"not known: no report in the window has it",
		"newest report not known",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	if strings.Contains(got, "0.0 %") || strings.Contains(got, "NaN") {
		t.Errorf("what is not known is shown as a number:\n%s", got)
	}
}

func TestHeadline(t *testing.T) {
	for _, test := range []struct {
		denominator int64
		window      int
		want        string
	}{
		{8762, 28, "Faces: of 8,762 installations that opted in and reported in the 28 days to 2026-11-25"},
		{1, 28, "Faces: of 1 installation that opted in and reported in the 28 days to 2026-11-25"},
		{0, 1, "Faces: of 0 installations that opted in and reported in the day to 2026-11-25"},
	} {
		a := sample(t)
		a.Product, a.Denominator, a.WindowDays = "Faces", test.denominator, test.window
		got, _, _ := strings.Cut(report(t, Terminal{Width: 120}, a), "\n")
		if got != test.want {
			t.Errorf("got  %q\nwant %q", got, test.want)
		}
	}
}

// Names that come with the data steer no terminal.
func TestNamesAreClean(t *testing.T) {
	a := sample(t)
	const hostile = "\x1b]0;owned\x07\r\n\u202e"
	a.Product = hostile
	a.Counters[0].Name = hostile
	a.Counters[2].Labels = map[string]string{"type": hostile}
	for i := range a.Gauges {
		a.Gauges[i].Name = hostile
	}
	a.Gauges[0].Range = hostile
	a.Health.Kinds = map[string]int64{hostile: 1}
	a.Health.Findings = []string{hostile}
	got := report(t, Terminal{}, a)
	for _, bad := range []string{"\x1b", "\r", "\x07", "\u202e"} {
		if strings.Contains(got, bad) {
			t.Errorf("%q is in the report", bad)
		}
	}
	if !strings.Contains(got, "owned") {
		t.Error("the rest of the name is gone")
	}
}

func TestHealth(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*answer.Answer)
		want   []string
	}{
		{"fine", func(a *answer.Answer) { a.Health.Findings = nil }, []string{"Health  fine\n"}},
		{"one thing", func(a *answer.Answer) { a.Health.Findings = []string{"a"} }, []string{"Health  1 thing to look at\n  ! a\n"}},
		{"two things", func(a *answer.Answer) { a.Health.Findings = []string{"a", "b"} }, []string{"Health  2 things to look at\n  ! a\n  ! b\n"}},
		{"torn and foreign", func(a *answer.Answer) {
			a.Input.Torn, a.Health.Kinds = 122, map[string]int64{answer.Torn: 92, answer.Foreign: 30, answer.WrongDay: 2}
		}, []string{"122 unreadable (92 torn, 30 foreign)", "Refused, by kind: wrong day 2."}},
		{"nothing unreadable", func(a *answer.Answer) { a.Input.Torn, a.Health.Kinds = 0, nil }, []string{", 0 unreadable,"}},
		{"erased", func(a *answer.Answer) { a.Installations.Erased = 1 }, []string{"Reports of 1 installation erased on request are in no figure."}},
	} {
		a := sample(t)
		test.change(a)
		got := strings.Join(strings.Fields(report(t, Terminal{}, a)), " ")
		for _, want := range test.want {
			if want = strings.Join(strings.Fields(want), " "); !strings.Contains(got, want) {
				t.Errorf("%s: %q is missing in\n%s", test.name, want, got)
			}
		}
	}
}

// The window before is in the text, with the change.
func TestWindowBefore(t *testing.T) {
	for want, w := range map[string]answer.Window{
		"In 7 days: 211 active (before: 192, +19),":      {Active: 211, Before: answer.Maybe{N: 192, Known: true}},
		"In 7 days: 180 active (before: 192, -12),":      {Active: 180, Before: answer.Maybe{N: 192, Known: true}},
		"In 7 days: 192 active (before: 192, the same),": {Active: 192, Before: answer.Maybe{N: 192, Known: true}},
		"In 7 days: 211 active (before: not known),":     {Active: 211},
	} {
		a := sample(t)
		a.WindowDays, a.Window = 7, w
		if got := report(t, Terminal{Width: 120}, a); !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
}

// Retention is rounded to the nearest per cent, as on the page.
func TestRetention(t *testing.T) {
	a := sample(t)
	a.Cohorts = []answer.Cohort{{Week: a.AsOf - 30, Active: []int64{11, 10, 5}}, {Week: a.AsOf - 23, Active: []int64{9, 0}}}
	got := report(t, Terminal{}, a)
	for _, want := range []string{"  all weeks      20   50   45\n", "     11   91   45\n", "      9    0\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
}

var errFull = errors.New("no space left")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestReportReturnsTheErrorOfTheWriter(t *testing.T) {
	if err := Report(full{}, Terminal{}, sample(t), nil); !errors.Is(err, errFull) {
		t.Errorf("got %v, want the writer's error", err)
	}
}

// Growth is not known where the days that are compared with are not all in
// the archive.
func TestGrowthOfAYoungArchive(t *testing.T) {
	for _, test := range []struct{ days, grown int }{{28, 0}, {29, 1}, {34, 1}, {35, 2}, {55, 2}, {56, 3}} {
		a := sample(t)
		a.Activity = a.Activity[len(a.Activity)-test.days:]
		text := report(t, Terminal{Width: 80}, a)
		if got := strings.Count(text, "28 days before") - strings.Count(text, "share 28 days before"); got != test.grown {
			t.Errorf("%d days: got growth %d times, want %d\n%s", test.days, got, test.grown, text)
		}
		if got, want := strings.Contains(text, "growth not known"), test.grown < 3; got != want {
			t.Errorf("%d days: got said so %v, want %v", test.days, got, want)
		}
	}
}

// What a range gauge counts has the catalog's word, if there is room for it.
func TestUnit(t *testing.T) {
	for unit, want := range map[string]string{"{basket}": "basket baskets", "{news}": "news news", "": "thing things", "1": "thing things", "{}": "thing things", "{very-long-thing}": "thing things"} {
		list := schema.New()
		list.Learn("m", schema.RangeGauge, unit, []string{"m.range"}, []string{"0"})
		one, more := (&printer{list: list}).unit("m")
		if got := one + " " + more; got != want {
			t.Errorf("%q: got %q, want %q", unit, got, want)
		}
		if one, _ := (&printer{list: list}).unit("other"); one != "thing" {
			t.Errorf("a metric that is not on the list: got %q, want thing", one)
		}
	}
	list, err := schema.Load("compreface")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := Report(&out, Terminal{Width: 120}, sample(t), list); err != nil || !strings.Contains(out.String(), " collections    share") || !strings.Contains(out.String(), "share: of 34,732 collections") {
		t.Errorf("got %v and\n%s\nwant collections", err, out.String())
	}
}
