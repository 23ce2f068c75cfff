package oracle

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const catalogOfTwo = `{"product":"Shop","max":1000,"metrics":[` +
	`{"name":"sold","kind":"counter","unit":"{sale}","attributes":[{"key":"kind","values":["BOOK","DISC"]}]},` +
	`{"name":"shelf","kind":"range_gauge","unit":"{shelf}","attributes":[{"key":"size","values":["0","1-10","11+"]}]}]}`

func guid(n int) string { return fmt.Sprintf("%08d-0000-4000-8000-000000000000", n) }

// line is a report: "BOOK 3, 1-10 2".
func line(t *testing.T, id, date, figures string) string {
	t.Helper()
	day, err := parseDay(date)
	if err != nil {
		t.Fatal(err)
	}
	var sold, shelf []string
	for _, f := range strings.Split(figures, ", ") {
		label, value, _ := strings.Cut(f, " ")
		key, to := "size", &shelf
		if label == "BOOK" || label == "DISC" {
			key, to = "kind", &sold
		}
		*to = append(*to, fmt.Sprintf(`{"attributes":[{"key":%q,"value":{"stringValue":%q}}],"timeUnixNano":"%d","asInt":%q}`, key, label, int64(day)*86400e9, value))
	}
	var metrics []string
	if sold != nil {
		metrics = append(metrics, `{"name":"sold","unit":"{sale}","sum":{"dataPoints":[`+strings.Join(sold, ",")+`],"aggregationTemporality":2,"isMonotonic":true}}`)
	}
	if shelf != nil {
		metrics = append(metrics, `{"name":"shelf","unit":"{shelf}","gauge":{"dataPoints":[`+strings.Join(shelf, ",")+`]}}`)
	}
	return fmt.Sprintf(`{"resourceMetrics":[{"resource":{"attributes":[{"key":"install_guid","value":{"stringValue":%q}}]},"scopeMetrics":[{"scope":{"name":"headcount"},"metrics":[%s]}]}]}`,
		id, strings.Join(metrics, ","))
}

func erasure(t *testing.T, id, date string) string {
	t.Helper()
	text := line(t, id, date, "1-10 1")
	return strings.Replace(strings.Replace(text, `"attributes":[{"key":"size","value":{"stringValue":"1-10"}}],`, "", 1), `"shelf"`, `"headcount.erasure.requested"`, 1)
}

func compute(t *testing.T, asOf string, window int, files ...string) *Result {
	t.Helper()
	var paths []string
	for i, text := range files {
		path := filepath.Join(t.TempDir(), fmt.Sprint(i))
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	r, err := Compute(paths, []byte(catalogOfTwo), asOf, window)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Every figure of a small fleet, counted by hand. The window of 28 days to
// Sunday 2026-11-29 begins on 2026-11-02; the 28 days before it on 2026-10-05.
func TestByHand(t *testing.T) {
	stayed, isNew, back, left, once, gone, cloned := guid(1), guid(2), guid(3), guid(4), guid(5), guid(6), guid(7)
	r := compute(t, "2026-11-29", 28,
		strings.Join([]string{
			line(t, stayed, "2026-10-06", "BOOK 5, DISC 0, 1-10 2"),
			line(t, stayed, "2026-11-29", "BOOK 9, DISC 1"), // its shelves are not known in the window
			line(t, isNew, "2026-11-02", "BOOK 1, 0 1, 11+ 2"),
			line(t, isNew, "2026-11-28", "BOOK 4, 1-10 3"),
			line(t, isNew, "2026-11-28", "BOOK 2, 1-10 4"), // a duplicate that went back; the newest sizes
			line(t, back, "2026-10-04", "DISC 7"),
			line(t, back, "2026-11-23", "DISC 7, 0 1"),
			line(t, left, "2026-10-05", "BOOK 3"),
			line(t, left, "2026-11-01", "BOOK 3"),
			line(t, once, "2026-09-01", "BOOK 2"),
			line(t, gone, "2026-11-20", "BOOK 100, BOOK 100"),
			line(t, stayed, "2026-11-30", "BOOK 999"), // later than the answer
		}, "\n")+"\n",
		strings.Join([]string{
			erasure(t, gone, "2026-12-24"),
			line(t, gone, "2026-11-21", "BOOK 100"),
			erasure(t, guid(8), "2026-11-21"),
			line(t, cloned, "2026-11-25", "DISC 3"), // the second file is later, its days are not
			line(t, cloned, "2026-11-24", "DISC 5"),
		}, "\n")+"\n")

	want := Result{
		Product: "Shop", AsOf: "2026-11-29", WindowDays: 28, WindowFrom: "2026-11-02", Denominator: 4,
		Installations: Installations{Active1d: 1, Active7d: 4, Active28d: 4, New28d: 2, Returned28d: 1, Churned28d: 1, SeenOneDay: 1, Erased: 2, Ever: 6},
		Window:        Window{Active: 4, New: 2, Returned: 1, Churned: 1},
		Counters: []Counter{
			{Name: "sold", Labels: map[string]string{"kind": "BOOK"}, Total: 9 + 4 + 3 + 2, New28d: 4 + 4, New: 4 + 4, Installations: 4, Active: 2},
			{Name: "sold", Labels: map[string]string{"kind": "DISC"}, Total: 1 + 7 + 5, New28d: 1 + 5, New: 1 + 5, Installations: 3, Active: 3},
		},
		Gauges: []Gauge{
			{Name: "shelf", Range: "0", Things: 1, Installations: 1, Largest: 1, Known: 2},
			{Name: "shelf", Range: "1-10", Things: 4, Installations: 1, Largest: 1, Known: 2},
			{Name: "shelf", Range: "11+", Known: 2},
		},
		Input: Input{Reports: 12, Duplicates: 1, WentBack: 2},
		Cohorts: []Cohort{
			{"2026-08-31", []int64{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
			{"2026-09-28", []int64{1, 0, 0, 0, 0, 0, 0, 0, 1}},
			{"2026-10-05", []int64{2, 0, 0, 1, 0, 0, 0, 1}},
			{"2026-11-02", []int64{1, 0, 0, 1}},
			{"2026-11-23", []int64{1}},
		},
	}
	if n := len(r.Activity); n != 90 || r.Activity[0] != (Activity{"2026-09-01", 1, 1, 1, 1}) || r.Activity[n-1] != (Activity{"2026-11-29", 1, 4, 4, 0}) {
		t.Errorf("activity: got %d days, %+v to %+v", n, r.Activity[0], r.Activity[n-1])
	}
	sizes, err := r.SizesAt("2026-11-27")
	if err != nil || sizes[2] != (Gauge{Name: "shelf", Range: "11+", Things: 2, Installations: 1, Largest: 1, Known: 2}) {
		t.Errorf("sizes two days before: got %+v, %v", sizes, err)
	}
	if _, err := r.SizesAt("2026-11-30"); err == nil {
		t.Error("sizes of a day later than the answer: got no error")
	}
	r.Activity, r.compute = nil, nil
	if !reflect.DeepEqual(*r, want) {
		got, _ := json.Marshal(r)
		text, _ := json.Marshal(want)
		t.Errorf("got  %s\nwant %s", got, text)
	}
}

// What is a report, what is torn, and what is refused.
func TestPieces(t *testing.T) {
	good := line(t, guid(1), "2026-11-25", "BOOK 3, 1-10 2")
	edit := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%q is not in the line", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	inner := strings.TrimSuffix(strings.TrimPrefix(good, `{"resourceMetrics":[`), `]}`)
	for name, test := range map[string]struct {
		text                   string
		reports, torn, refused int64
	}{
		"empty file":               {"", 0, 0, 0},
		"whole":                    {good + "\n", 1, 0, 0},
		"without an end of line":   {good, 1, 0, 0},
		"mark and CRLF":            {"\ufeff" + good + "\r\n" + good + "\r\n", 2, 0, 0},
		"two on a line":            {good + good + "\n", 2, 0, 0},
		"torn, then whole":         {good[:200] + good + "\n", 1, 1, 0},
		"torn early, then whole":   {good[:5] + good + "\n", 1, 1, 0},
		"whole, then torn":         {good + good[:200] + "\n", 1, 1, 0},
		"whole, torn early, whole": {good + good[:5] + good + "\n", 2, 1, 0},
		"NULs":                     {good[:90] + "\x00\x00" + good[90:] + "\x00\n\x00\x00\n" + good, 2, 0, 0},
		"NULs in the marker":       {good[:5] + "\x00" + good[5:] + good[:7] + "\x00" + good[7:], 2, 0, 0},
		"foreign":                  {"{}\nnull\n[]\nhello\n{\"resourceSpans\":[]}\n\n \t\n", 0, 5, 0},
		"two in a request":         {`{"resourceMetrics":[` + inner + "," + inner + "]}\n", 2, 0, 0},
		"bad and good in one":      {`{"resourceMetrics":[` + strings.Replace(inner, guid(1), "x", 1) + "," + inner + "]}\n", 1, 0, 1},
		"no identifier":            {edit("install_guid", "host.name"), 0, 0, 1},
		"identifier twice":         {edit(`[{"key":"install_guid"`, `[{"key":"install_guid","value":{"stringValue":"`+guid(1)+`"}},{"key":"install_guid"`), 0, 0, 1},
		"another attribute":        {edit(`[{"key":"install_guid"`, `[{"key":"host.name","value":{"stringValue":"x"}},{"key":"install_guid"`), 0, 0, 1},
		"version 1":                {edit("-4000-", "-1000-"), 0, 0, 1},
		"upper case":               {edit("-8000-", "-A000-"), 0, 0, 1},
		"variant":                  {edit("-8000-", "-7000-"), 0, 0, 1},
		"unknown metric":           {edit(`"sold"`, `"bought"`), 0, 0, 1},
		"unknown value":            {edit(`"BOOK"`, `"book"`), 0, 0, 1},
		"unknown label":            {edit(`"key":"kind"`, `"key":"sort"`), 0, 0, 1},
		"no label":                 {edit(`"attributes":[{"key":"kind","value":{"stringValue":"BOOK"}}],`, ""), 0, 0, 1},
		"gauge for a counter":      {edit(`"sum"`, `"gauge"`), 0, 0, 1},
		"counter for a gauge":      {edit(`"gauge"`, `"sum"`), 0, 0, 1},
		"delta":                    {edit(`"aggregationTemporality":2`, `"aggregationTemporality":1`), 0, 0, 1},
		"not monotonic":            {edit(`"isMonotonic":true`, `"isMonotonic":false`), 0, 0, 1},
		"negative":                 {edit(`"asInt":"3"`, `"asInt":"-1"`), 0, 0, 1},
		"zero":                     {edit(`"asInt":"3"`, `"asInt":"0"`), 1, 0, 0},
		"largest":                  {edit(`"asInt":"3"`, `"asInt":"1000"`), 1, 0, 0},
		"above the largest":        {edit(`"asInt":"3"`, `"asInt":"1001"`), 0, 0, 1},
		"a double":                 {edit(`"asInt":"3"`, `"asDouble":3`), 0, 0, 1},
		"flag":                     {edit(`"asInt":"3"`, `"asInt":"3","flags":1`), 0, 0, 1},
		"no points":                {good[:strings.Index(good, `{"name":"sold"`)] + `]}]}]}`, 0, 0, 1},
		"first day":                {line(t, guid(1), "2020-01-01", "BOOK 1"), 1, 0, 0},
		"before the first day":     {line(t, guid(1), "2019-12-31", "BOOK 1"), 0, 0, 1},
		"1970":                     {line(t, guid(1), "1970-01-01", "BOOK 1"), 0, 0, 1},
		"after the last day":       {line(t, guid(1), "2100-01-01", "BOOK 1"), 0, 0, 1},
		"last day, does not exist": {line(t, guid(1), "2099-12-31", "BOOK 1"), 0, 0, 0},
		"request to erase":         {erasure(t, guid(1), "1970-01-01") + "\n" + good, 0, 0, 0},
	} {
		got := compute(t, "2026-11-29", 28, test.text).Input
		if got.Reports != test.reports || got.Torn != test.torn || got.Refused != test.refused {
			t.Errorf("%s: got %+v, want %d reports, %d torn, %d refused", name, got, test.reports, test.torn, test.refused)
		}
	}
}

func TestNothing(t *testing.T) {
	r := compute(t, "2026-11-29", 7)
	if len(r.Activity) != 0 || len(r.Cohorts) != 0 || len(r.Counters) != 2 || len(r.Gauges) != 3 || r.Installations != (Installations{}) {
		t.Errorf("got %+v, want zeros", r)
	}
}

func TestErrors(t *testing.T) {
	for name, try := range map[string]struct {
		files         []string
		catalog, asOf string
	}{
		"no file":         {[]string{filepath.Join(t.TempDir(), "none")}, catalogOfTwo, "2026-11-29"},
		"not a catalog":   {nil, "x", "2026-11-29"},
		"without metrics": {nil, "{}", "2026-11-29"},
		"not a day":       {nil, catalogOfTwo, "29.11.2026"},
	} {
		if _, err := Compute(try.files, []byte(try.catalog), try.asOf, 28); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}
