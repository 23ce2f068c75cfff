package page

import (
	"bytes"
	"encoding/csv"
	"net/url"
	"slices"
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/page/pagetest"
)

func table(t *testing.T, a *answer.Answer, name string) [][]string {
	t.Helper()
	var b bytes.Buffer
	if err := CSV(&b, a, name); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestCSV(t *testing.T) {
	a := pagetest.Typical().Answer(28)
	cohorts := 0
	for _, c := range a.Cohorts {
		cohorts += len(c.Active)
	}
	over := 0
	for _, s := range a.SizesOverTime {
		over += len(s.Ranges)
	}
	for name, want := range map[string]int{"activity": len(a.Activity), "cohorts": cohorts, "counters": 5, "health": 28, "sizes": 11, "sizes-over-time": over} {
		if rows := table(t, a, name); len(rows) != want+1 {
			t.Errorf("%s: got %d rows, want %d and a head", name, len(rows), want)
		}
		if !HasCSV(name) || !slices.Contains(CSVNames, name) {
			t.Errorf("%s is not said to be a table", name)
		}
	}
	last := table(t, a, "activity")[len(a.Activity)]
	if want := []string{"2026-11-25", whole(a.Installations.Active1d), whole(a.Installations.Active7d), whole(a.Installations.Active28d)}; !slices.Equal(last[:4], want) {
		t.Errorf("got %q, want %q", last, want)
	}
	if err := CSV(&bytes.Buffer{}, a, "../secret"); err == nil || !strings.Contains(err.Error(), `"../secret"`) || HasCSV("../secret") {
		t.Errorf("a table that does not exist: got %v", err)
	}
}

// What is not known is empty, and a text is never a formula.
func TestCSVCells(t *testing.T) {
	a := &answer.Answer{Counters: []answer.Counter{{Name: "=1+1", Labels: map[string]string{"@k": "v"}}},
		Gauges: []answer.Gauge{{Name: "-g", Range: "+1"}}, SizesOverTime: []answer.Sizes{{Name: "g", Ranges: []string{"0"}, Things: []int64{0}, Installations: []int64{0}, Largest: []int64{0}}}}
	if got, want := table(t, a, "counters")[1], []string{"'=1+1", "'@k=v", "0", "0", "0", "0", "0", ""}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := table(t, a, "sizes")[1], []string{"'-g", "'+1", "", "", "", "0", "", ""}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := table(t, a, "sizes-over-time")[1], []string{"1970-01-01", "g", "0", "", "", "", "0"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// In a file the table is in the link.
func TestDataURI(t *testing.T) {
	a := pagetest.Typical().Answer(28)
	for _, name := range CSVNames {
		link, note := dataURI(a, name)
		text, ok := strings.CutPrefix(string(link), "data:text/csv;charset=utf-8,")
		got, err := url.PathUnescape(text)
		if !ok || err != nil {
			t.Fatalf("%s: got %.60s, %v", name, link, err)
		}
		var want bytes.Buffer
		if err := CSV(&want, trim(a), name); err != nil {
			t.Fatal(err)
		}
		if got != want.String() {
			t.Errorf("%s: the link does not hold the table", name)
		}
		if whole := name != "cohorts" && name != "sizes-over-time"; whole != (note == "") {
			t.Errorf("%s: got the note %q", name, note)
		}
	}
	if got := escape("a,b\n\"é\"%#"); got != "a,b%0A%22%C3%A9%22%25%23" {
		t.Errorf("got %s", got)
	}
}

func TestTrim(t *testing.T) {
	a := pagetest.New("compreface", 30, 1826).Answer(28)
	b := trim(a)
	if len(b.Activity) != mostDaysInFile || b.Activity[mostDaysInFile-1] != a.Activity[len(a.Activity)-1] {
		t.Errorf("got %d days", len(b.Activity))
	}
	if len(b.Cohorts) != mostCohorts || len(a.Cohorts[0].Active) <= mostCohorts {
		t.Errorf("got %d cohorts, and the answer itself has %d weeks", len(b.Cohorts), len(a.Cohorts[0].Active))
	}
	if n := len(b.SizesOverTime); n*11 > mostSizesInFile || b.SizesOverTime[n-1].Day != pagetest.AsOf {
		t.Errorf("got %d points", n)
	}
}
