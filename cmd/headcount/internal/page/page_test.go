package page

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"html"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/page/pagetest"
	"headcount.example/cmd/headcount/internal/schema"
)

var update = flag.Bool("update", false, "write the golden page anew")

func render(t testing.TB, a *answer.Answer, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, a, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func fleetPage(t testing.TB, f *pagetest.Fleet, window int) string {
	t.Helper()
	return render(t, f.Answer(window), Options{List: f.List})
}

func live() *Live {
	return &Live{Windows: []int{1, 7, 28}, Latest: pagetest.AsOf, JSON: "/report.json",
		Link: func(window int, d day.Day) string {
			return "/?window=" + whole(int64(window)) + "&as_of=" + d.String()
		},
		CSV: func(name string) string { return "/csv/" + name + ".csv" }}
}

// many is an answer without a catalog that has as many series as there can
// be, over five years.
func many() *answer.Answer {
	f := pagetest.New("compreface", 30, 1826)
	list := schema.New()
	for i := range schema.MaxSeries - 60 {
		list.Learn("some.thing."+whole(int64(i%20)), schema.Counter, "1", []string{"kind"}, []string{"VALUE_" + whole(int64(i))})
	}
	for i := range 60 {
		list.Learn("some.size."+whole(int64(i%8)), schema.RangeGauge, "1", []string{"range"}, []string{whole(int64(i*10)) + "-" + whole(int64(i*10+9))})
	}
	return answer.Compute(f.Counts, f.List, list, f.Beside, pagetest.AsOf, 28)
}

// everyPage are pages of all kinds of fleets.
func everyPage(t testing.TB) map[string]string {
	t.Helper()
	typical := pagetest.Typical()
	return map[string]string{
		"typical":   fleetPage(t, typical, 28),
		"one day":   fleetPage(t, typical, 1),
		"long ago":  render(t, answer.Compute(typical.Counts, typical.List, typical.List, typical.Beside, pagetest.AsOf+300, 28), Options{List: typical.List}),
		"too early": render(t, answer.Compute(typical.Counts, typical.List, typical.List, typical.Beside, pagetest.AsOf-3000, 28), Options{List: typical.List}),
		"live":      render(t, typical.Answer(7), Options{List: typical.List, Live: live()}),
		"year":      fleetPage(t, pagetest.New("compreface", 400, 366), 28),
		"affiliate": fleetPage(t, pagetest.New("affiliate", 900, 400), 28),
		"one":       fleetPage(t, pagetest.New("compreface", 1, 1), 28),
		"empty":     fleetPage(t, pagetest.Empty("compreface"), 28),
		"no list":   render(t, typical.Answer(28), Options{}),
		"nothing":   render(t, &answer.Answer{}, Options{}),
		"huge":      render(t, pagetest.Huge(), Options{}),
		"many":      render(t, many(), Options{}),
	}
}

func TestGolden(t *testing.T) {
	const golden = "testdata/page.golden.html"
	f := pagetest.New("compreface", 3, 40)
	got := fleetPage(t, f, 14)
	got = strings.NewReplacer(style, "…", strings.ReplaceAll(hash(style), "+", "&#43;"), "sha256-…").Replace(got)
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the page is not as in %s; look at it, and write it anew with go test ./internal/page -update", golden)
	}
}

func TestEveryPage(t *testing.T) {
	tag := regexp.MustCompile(`<[^>]*>`)
	outside := regexp.MustCompile(`(?i)<(script|img|iframe|object|embed|base)\b|\s(src|srcset|on[a-z]+|style)=|href="(https?:)?//`)
	for name, text := range everyPage(t) {
		t.Run(name, func(t *testing.T) {
			if n := len(text); n >= 150_000 {
				t.Errorf("got %d bytes, want less than 150,000", n)
			}
			for _, element := range tag.FindAllString(text, -1) {
				if outside.MatchString(element) {
					t.Errorf("the page has %q", element)
				}
			}
			if strings.Contains(style, "url(") || strings.Contains(style, "@import") {
				t.Error("the style loads something")
			}
			if strings.Contains(text, "NaN") || strings.Contains(text, "Inf") || strings.Contains(text, "ZgotmplZ") || strings.Contains(text, "!(") {
				t.Error("the page has a number or link that went wrong")
			}
			if !strings.Contains(html.UnescapeString(text), `style-src '`+hash(style)+`'`) || !strings.Contains(text, "<style>"+style+"</style>") {
				t.Error("the policy is not for the style that the page has")
			}
			balanced(t, text)
		})
	}
}

// balanced checks that every element is closed where it was opened, and that
// no identifier is there twice.
func balanced(t *testing.T, text string) {
	t.Helper()
	text = regexp.MustCompile(`<(meta|link|input)([^>]*)>`).ReplaceAllString(text, "<$1$2/>")
	text = strings.ReplaceAll(text, ` required/>`, `/>`)
	d := xml.NewDecoder(strings.NewReader(strings.Replace(text, "<!doctype html>\n", "", 1)))
	d.Entity = xml.HTMLEntity
	ids := map[string]bool{}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok {
			for _, a := range e.Attr {
				if a.Name.Local == "id" && ids[a.Value] {
					t.Errorf("the id %q is there twice", a.Value)
				}
				if a.Name.Local == "id" {
					ids[a.Value] = true
				}
			}
		}
	}
}

// The denominator is the same on every figure.
func TestOneDenominator(t *testing.T) {
	f := pagetest.Typical()
	a := f.Answer(28)
	text := fleetPage(t, f, 28)
	want := count(a.Denominator) + " installations that opted in and reported in the 28 days to 2026-11-25"
	figures := strings.Split(text, "<figure>")[1:]
	if len(figures) < 8 {
		t.Fatalf("got %d figures, want 8 or more", len(figures))
	}
	for _, figure := range figures {
		figure, _, _ = strings.Cut(figure, "</figure>")
		if !strings.Contains(figure, want) && !strings.Contains(figure, "Not accepted") {
			t.Errorf("a figure does not say %q: %.120s", want, figure)
		}
	}
	for _, other := range regexp.MustCompile(`[\d,]+ installations? that opted in`).FindAllString(text, -1) {
		if other != count(a.Denominator)+" installations that opted in" {
			t.Errorf("got a second denominator, %q", other)
		}
	}
}

func TestFirstScreen(t *testing.T) {
	f := pagetest.Typical()
	a := f.Answer(28)
	text := fleetPage(t, f, 28)
	first, _, _ := strings.Cut(html.UnescapeString(text), `id="activity"`)
	before := a.Window.Active - a.Window.New - a.Window.Returned + a.Window.Churned
	for _, want := range []string{
		"<h1>CompreFace</h1>", count(a.Denominator) + " installations</strong> opted in and reported in the 28 days to 25\u00a0November 2026",
		count(a.Window.Active-before) + " more than in the 28 days before", "up " + count(a.Window.Active-before), count(before),
		"+" + count(a.Window.New), "−" + count(a.Window.Churned), "Face detection", "collections", "Half of the collections",
	} {
		if !strings.Contains(first, want) {
			t.Errorf("the first screen does not say %q", want)
		}
	}
}

// Unknown is "not known", and never 0.
func TestNotKnown(t *testing.T) {
	f := pagetest.Typical()
	ago := answer.Compute(f.Counts, f.List, f.List, f.Beside, pagetest.AsOf+300, 28)
	text := render(t, ago, Options{List: f.List})
	m := newModel(ago, Options{List: f.List})
	bars := slices.Concat(m.Sizes[0].Things, m.Sizes[0].Largest, m.Hero.Top)
	for _, g := range m.Popular.Groups {
		bars = append(bars, g.Bars...)
	}
	if ago.Denominator != 0 || len(bars) < 30 {
		t.Fatalf("got %d installations and %d bars", ago.Denominator, len(bars))
	}
	for _, b := range bars {
		if !b.Unknown || b.Values[0] != notKnown {
			t.Errorf("%s of nothing is shown as %q", b.Text, b.Values)
		}
	}
	if m.Sizes[0].Total != notKnown {
		t.Errorf("things of nothing: got %s", m.Sizes[0].Total)
	}
	for _, want := range []string{"The newest report is of 25\u00a0November 2026, 300 days before the end of this window", "0 installations</strong> opted in"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if text := fleetPage(t, pagetest.New("compreface", 5, 40), 28); !strings.Contains(text, "There is no whole window before this one to compare with.") {
		t.Error("a window that reports do not cover is compared with")
	}
	if text := fleetPage(t, pagetest.Empty("compreface"), 28); !strings.Contains(text, "No installation has reported yet.") || strings.Contains(text, "How many?") {
		t.Error("an empty archive is not said to be empty")
	}
}

func TestStale(t *testing.T) {
	for _, test := range []struct {
		age   day.Day
		stale bool
	}{{0, false}, {2, false}, {3, true}, {40, true}} {
		age, newest := int64(test.age), pagetest.AsOf-test.age
		a := &answer.Answer{AsOf: pagetest.AsOf, WindowDays: 28, Installations: answer.Installations{Ever: 1},
			Health: answer.Health{NewestReport: &newest, AgeDays: &age, LaterThanAsOf: 1}}
		m := newModel(a, Options{})
		if got := len(m.Notices) == 1; got != test.stale {
			t.Errorf("%d days old: got %q", test.age, m.Notices)
		}
		if got, want := m.Health.Newest.Value, long(newest); got != want || m.Health.Later == "" {
			t.Errorf("%d days old: got %s and %q, want %s", test.age, got, m.Health.Later, want)
		}
	}
}

// Every kind that package answer declares has its words.
func TestKindsHaveWords(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../answer/answer.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, spec := range g.Specs {
			value, ok := spec.(*ast.ValueSpec).Values[0].(*ast.BasicLit)
			if !ok || value.Kind != token.STRING {
				continue
			}
			found++
			if code := strings.Trim(value.Value, `"`); kinds[code] == "" {
				t.Errorf("kind %q is Other on the page", code)
			}
		}
	}
	if found != len(kinds) {
		t.Errorf("got %d kinds in package answer, want %d", found, len(kinds))
	}
}

func TestControls(t *testing.T) {
	f := pagetest.Typical()
	text := render(t, f.Answer(7), Options{List: f.List, Live: live()})
	for _, want := range []string{
		`<a href="/?window=28&amp;as_of=2026-11-25">28 days</a>`, `<a href="/?window=7&amp;as_of=2026-11-25" aria-current="true">7 days</a>`,
		`name="as_of" value="2026-11-25" max="2026-11-26"`, `href="/?window=7&amp;as_of=2026-11-18" aria-label="7 days earlier"`,
		`href="/csv/activity.csv"`, `href="/report.json"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if strings.Contains(text, "later\">›") {
		t.Error("the page leads to days that are not complete")
	}
	if strings.Contains(text, "is not over") {
		t.Error("the last complete day is shown like one that is not over")
	}
	ago := answer.Compute(f.Counts, f.List, f.List, f.Beside, pagetest.AsOf-3, 7)
	if text = render(t, ago, Options{Live: live()}); !strings.Contains(text, `href="/?window=7&amp;as_of=2026-11-25" aria-label="7 days later"`) {
		t.Error("the step forward does not end with the last complete day")
	}
	text = render(t, f.Answer(14), Options{Live: live()})
	if !strings.Contains(text, `aria-current="true">14 days</a>`) {
		t.Error("a window that is not among the choices is not shown")
	}
	today := answer.Compute(f.Counts, f.List, f.List, f.Beside, pagetest.AsOf+1, 7)
	if text = render(t, today, Options{Live: live()}); !strings.Contains(text, "is not over") {
		t.Error("a day that is not over is shown like one that is")
	}
	if text = fleetPage(t, f, 7); strings.Contains(text, "<form") || strings.Contains(text, "report.json") {
		t.Error("a file has controls")
	}
}

// A group shows so many bars, and says how many more there are.
func TestMostBars(t *testing.T) {
	for n, want := range map[int]string{mostBars - 1: "", mostBars: "", mostBars + 1: "and 1 less used", mostBars + 2: "and 2 less used"} {
		a := &answer.Answer{AsOf: pagetest.AsOf, WindowDays: 28}
		for i := range n {
			a.Counters = append(a.Counters, answer.Counter{Name: "a", Labels: map[string]string{"k": strings.Repeat("x", i+1)}})
		}
		g := newModel(a, Options{}).Popular.Groups[0]
		if len(g.Bars) != min(n, mostBars) || g.More != want {
			t.Errorf("%d bars: got %d and %q, want %q", n, len(g.Bars), g.More, want)
		}
	}
}

func TestMessage(t *testing.T) {
	var b bytes.Buffer
	if err := Message(&b, "Wrong <b>", `as_of="<i>"`, "Do this."); err != nil {
		t.Fatal(err)
	}
	if text := b.String(); strings.Contains(text, "<b>") || strings.Contains(text, "<i>") || !strings.Contains(text, "Do this.") {
		t.Errorf("got %s", text)
	}
}

// A writer that fails is told of.
func TestWriteFails(t *testing.T) {
	want := errors.New("full")
	if err := Write(failing{want}, &answer.Answer{}, Options{}); !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func BenchmarkWrite(b *testing.B) {
	f := pagetest.Typical()
	a := f.Answer(28)
	year := pagetest.New("compreface", 400, 366)
	yearAnswer := year.Answer(28)
	for name, of := range map[string]struct {
		a *answer.Answer
		o Options
	}{"typical": {a, Options{List: f.List}}, "year": {yearAnswer, Options{List: year.List}}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := Write(io.Discard, of.a, of.o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
