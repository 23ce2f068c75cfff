package export

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/answer"
)

// sample is the answer of a made-up fleet.
func sample(t *testing.T) *answer.Answer {
	t.Helper()
	data, err := os.ReadFile("testdata/answer.json")
	if err != nil {
		t.Fatal(err)
	}
	a := &answer.Answer{}
	if err := json.Unmarshal(data, a); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestJSONKeepsTheContract(t *testing.T) {
	var out bytes.Buffer
	if err := JSON(&out, sample(t)); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(out.String(), "{\n  \"product\": \"CompreFace\",\n  \"as_of\": \"2026-11-25\",\n  \"window_days\": 28,\n") {
		t.Errorf("got the beginning %.80q", out.String())
	}
	var got map[string]json.RawMessage
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"product", "as_of", "window_days", "installations", "counters", "gauges", "input"} {
		if got[key] == nil {
			t.Errorf("the key %q is missing", key)
		}
	}
	keys(t, got["installations"], "active_1d", "active_7d", "active_28d", "new_28d", "returned_28d", "churned_28d", "seen_one_day", "erased", "ever")
	keys(t, got["input"], "reports", "duplicates", "torn", "refused", "went_back")
	var counters, gauges []json.RawMessage
	if err := errors.Join(json.Unmarshal(got["counters"], &counters), json.Unmarshal(got["gauges"], &gauges)); err != nil {
		t.Fatal(err)
	}
	keys(t, counters[0], "name", "labels", "total", "new_28d", "installations")
	keys(t, gauges[0], "name", "range", "things", "installations")
}

// keys asserts that a JSON object has these keys.
func keys(t *testing.T, object json.RawMessage, want ...string) {
	t.Helper()
	var got map[string]json.RawMessage
	if err := json.Unmarshal(object, &got); err != nil {
		t.Fatal(err)
	}
	for _, key := range want {
		if got[key] == nil {
			t.Errorf("the key %q is missing", key)
		}
	}
}

func TestJSONIsReadBackAsItWas(t *testing.T) {
	a, b := sample(t), &answer.Answer{}
	a.Product = "<Faces> & more"
	var out bytes.Buffer
	if err := JSON(&out, a); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), `"<Faces> & more"`) {
		t.Errorf("got the beginning %.40q, want < and & as they are", out.String())
	}
	if err := json.Unmarshal(out.Bytes(), b); err != nil || !reflect.DeepEqual(a, b) {
		t.Errorf("what is read back differs; error %v", err)
	}
}

// records are the rows of an answer as CSV, without the header.
func records(t *testing.T, a *answer.Answer) [][]string {
	t.Helper()
	var out bytes.Buffer
	if err := CSV(&out, a); err != nil {
		t.Fatal(err)
	}
	all, err := csv.NewReader(&out).ReadAll() // every row as wide as the first
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Split("as_of,window_days,section,name,labels,range,day,figure,value", ","); !slices.Equal(all[0], want) {
		t.Errorf("got the columns %q, want %q", all[0], want)
	}
	return all[1:]
}

func TestCSVHasOneValueForEachFigure(t *testing.T) {
	seen := map[string]bool{}
	sections := map[string]int{}
	for _, r := range records(t, sample(t)) {
		id := strings.Join(r[:8], "\x00")
		if seen[id] {
			t.Errorf("two rows for %q", r[:8])
		}
		seen[id] = true
		sections[r[2]]++
	}
	a := sample(t)
	want := map[string]int{
		"installations": 9, "window": 6, "counters": 6 * len(a.Counters), "gauges": 6 * len(a.Gauges),
		"activity": 4 * len(a.Activity), "sizes_over_time": len(a.SizesOverTime) * (1 + 3*len(a.SizesOverTime[0].Ranges)),
		"cohorts": 0, "input": 5, "health": 4 + len(a.Health.Kinds) + 3*len(a.Health.Days),
	}
	for _, c := range a.Cohorts {
		want["cohorts"] += len(c.Active)
	}
	if !reflect.DeepEqual(sections, want) {
		t.Errorf("got rows by section %v, want %v", sections, want)
	}
}

func TestCSVRows(t *testing.T) {
	var out bytes.Buffer
	if err := CSV(&out, sample(t)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"2026-11-25,28,installations,,,,,active_28d,8245\n",
		"2026-11-25,28,counters,compreface.service.created,compreface.service.type=FACE_DETECTION,,,total,29170\n",
		"2026-11-25,28,gauges,compreface.collection.count,,501-2000,,things,2714\n",
		"2026-11-25,28,window,,,,,before,8781\n",
		"2026-11-25,28,gauges,compreface.collection.count,,0,,share_of_things,0.15",
		"2026-11-25,28,activity,,,,2026-11-24,active_7d,",
		"2026-11-25,28,sizes_over_time,compreface.collection.count,,0,2026-11-18,things,",
		"2026-11-25,28,cohorts,,first_week=2026-08-24,,2026-08-31,active,",
		"2026-11-25,28,health,,,,2026-11-25,age_days,0\n",
		"2026-11-25,28,health,,kind=unknown_metric,,,kinds,212\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the row %q is missing", want)
		}
	}
}

// Not known is empty, and a name in the data is no formula.
func TestInert(t *testing.T) {
	for text, want := range map[string]string{"": "", "a=1": "a=1", "1-10": "1-10", "=1": "'=1", "+1": "'+1", "-1": "'-1", "@a": "'@a", "\ta": "'\ta", "\ra": "'\ra", "é": "é"} {
		if got := Inert(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestCSVOfWhatIsNotKnown(t *testing.T) {
	rows := records(t, &answer.Answer{
		Counters:      []answer.Counter{{Name: "=cmd|' /C calc'!A0", Labels: map[string]string{"@key": "x", "a": "y"}}},
		Gauges:        []answer.Gauge{{Name: "size", Range: "-1"}},
		SizesOverTime: []answer.Sizes{{Name: "size", Ranges: []string{"-1"}, Things: []int64{0}, Installations: []int64{0}, Largest: []int64{0}}},
		Health:        answer.Health{Kinds: map[string]int64{"+kind": 1}},
	})
	values := map[string]string{}
	for _, r := range rows {
		for _, cell := range r[3:8] {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@") {
				t.Errorf("the cell %q begins as a formula", cell)
			}
		}
		values[r[2]+" "+r[7]] = r[8]
	}
	for figure, want := range map[string]string{
		"window before": "", "gauges share_of_things": "", "counters share": "", "counters total": "0", "gauges things": "", "gauges share": "", "gauges known": "0",
		"sizes_over_time things": "", "sizes_over_time known": "0", "health age_days": "",
	} {
		if got, ok := values[figure]; !ok || got != want {
			t.Errorf("%s: got %q, %v; want %q", figure, got, ok, want)
		}
	}
}

func TestAnswersReportErrorsOfTheWriter(t *testing.T) {
	if err := CSV(full{}, sample(t)); !errors.Is(err, errFull) {
		t.Errorf("CSV: got %v, want the writer's error", err)
	}
	if err := JSON(full{}, sample(t)); !errors.Is(err, errFull) {
		t.Errorf("JSON: got %v, want the writer's error", err)
	}
}
