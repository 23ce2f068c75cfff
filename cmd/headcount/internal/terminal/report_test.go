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
	"headcount.example/cmd/headcount/internal/day"
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
	if err := Report(&out, term, a); err != nil {
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
		"the archive has no report",
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
	aged := func(a *answer.Answer, back int64) {
		newest := a.AsOf - day.Day(back)
		a.Health.NewestReport, a.Health.AgeDays = &newest, &back
	}
	for _, test := range []struct {
		name   string
		change func(*answer.Answer)
		want   string // empty for fine
	}{
		{"fine", func(*answer.Answer) {}, ""},
		{"two days old", func(a *answer.Answer) { aged(a, 2) }, ""},
		{"three days old", func(a *answer.Answer) { aged(a, 3) }, "the newest report is of 2026-11-22, 3 days before 2026-11-25"},
		{"later than the day", func(a *answer.Answer) { aged(a, -5) }, ""},
		{"no report", func(a *answer.Answer) { a.Health.NewestReport = nil }, "the archive has no report"},
		{"all reports are later", func(a *answer.Answer) { a.Health.NewestReport, a.Health.LaterThanAsOf = nil, 3 },
			"no report is of 2026-11-25 or earlier, and 3 are later: give a later day with --as-of"},
		{"torn, 1 %", func(a *answer.Answer) { a.Input = answer.Input{Reports: 99, Torn: 1} }, ""},
		{"torn, 2 %", func(a *answer.Answer) { a.Input = answer.Input{Reports: 98, Torn: 2} }, "more than 1 % of what was read is torn"},
		{"refused, 2 %", func(a *answer.Answer) { a.Input = answer.Input{Reports: 98, Refused: 2} }, "more than 1 % of the reports are not as the catalog says"},
		{"a silent day", func(a *answer.Answer) { a.Health.Days[10].Reports = 0 }, "1 day of the last 28 without any report"},
		{"a silent day of a small fleet", func(a *answer.Answer) {
			a.Health.Days[10].Reports, a.Installations.Active28d = 0, 9
		}, ""},
		{"one erasure", func(a *answer.Answer) { a.Health.Pending = 1 }, "1 request to erase waits for headcount erase"},
		{"two erasures", func(a *answer.Answer) { a.Health.Pending = 2 }, "2 requests to erase wait for headcount erase"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := sample(t)
			a.Health.Pending = 0
			test.change(a)
			found := findings(a)
			switch {
			case test.want == "" && len(found) > 0:
				t.Errorf("got %q, want nothing", found)
			case test.want != "" && (len(found) != 1 || !strings.HasPrefix(found[0], test.want)):
				t.Errorf("got %q, want %q", found, test.want)
			}
			if fine := strings.Contains(report(t, Terminal{}, a), "Health  fine"); fine != (test.want == "") {
				t.Errorf("the report says fine: got %v", fine)
			}
		})
	}
}

var errFull = errors.New("no space left")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestReportReturnsTheErrorOfTheWriter(t *testing.T) {
	if err := Report(full{}, Terminal{}, sample(t)); !errors.Is(err, errFull) {
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
