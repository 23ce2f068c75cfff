package fleet

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"headcount.example/catalog/affiliate"
	"headcount.example/catalog/compreface"
	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/oracle"
	"headcount.example/cmd/headcount/internal/schema"
)

const end day.Day = 20782 // 2026-11-25, a Wednesday

func load(t testing.TB, name string) *schema.Schema {
	t.Helper()
	s, err := schema.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func catalogJSON(t *testing.T, name string) []byte {
	t.Helper()
	c := compreface.Catalog
	if name == "affiliate" {
		c = affiliate.Catalog
	}
	data, err := c.JSON()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// filesOf are the Collector's files in a directory, the oldest first.
func filesOf(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "usage*.jsonl"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	return files
}

// The fleet's own answers and those computed from its files are the same.
func TestTruthIsWhatTheFilesSay(t *testing.T) {
	for seed := range uint64(20) {
		o := Options{Seed: seed, Installations: 40 + int(seed)*7, Days: 1 + int(seed*37)%130, End: end + day.Day(seed%7), Rotate: 200_000 * int64(seed%3)}
		name := schema.Names[seed%2]
		t.Run(fmt.Sprintf("%s seed %d", name, seed), func(t *testing.T) {
			t.Parallel()
			o.Schema = load(t, name)
			o.WithoutEnd, o.Grown = seed%5 == 4, seed%4 == 3
			dir := t.TempDir()
			if _, err := Write(context.Background(), o, dir, nil); err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(filepath.Join(dir, TruthFile))
			if err != nil {
				t.Fatal(err)
			}
			r, err := oracle.Compute(filesOf(t, dir), catalogJSON(t, name), o.last().String(), window)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, data, r)
		})
	}
}

// compare compares the keys that both have.
func compare(t *testing.T, truth []byte, r *oracle.Result) {
	t.Helper()
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var got, want any
	if err := errorsOf(json.Unmarshal(truth, &got), json.Unmarshal(data, &want)); err != nil {
		t.Fatal(err)
	}
	n := 0
	differ("", got, want, func(path string, got, want any) { t.Errorf("%s: got %v, want %v", path, got, want) }, &n)
	if n < 60 {
		t.Errorf("got %d figures compared, want 60 or more", n)
	}
}

func errorsOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func differ(path string, got, want any, report func(string, any, any), n *int) {
	switch g := got.(type) {
	case map[string]any:
		w, _ := want.(map[string]any)
		for key := range g {
			if _, both := w[key]; both || key != "share" {
				differ(path+"."+key, g[key], w[key], report, n)
			}
		}
	case []any:
		w, _ := want.([]any)
		if len(g) != len(w) {
			report(path+" length", len(g), len(w))
			return
		}
		for i := range g {
			differ(fmt.Sprintf("%s[%d]", path, i), g[i], w[i], report, n)
		}
	default:
		*n++
		if got != want {
			report(path, got, want)
		}
	}
}

// Every kind of misfortune is in a fleet, so that the tests that use it test
// them.
func TestEverythingGoesWrong(t *testing.T) {
	o := Options{Schema: load(t, "compreface"), Installations: 1500, Days: 120, Seed: 1, End: end}
	var b bytes.Buffer
	truth, err := writeTo(context.Background(), o, &b, nil)
	if err != nil {
		t.Fatal(err)
	}
	i := truth.Installations
	for what, n := range map[string]int64{
		"active": i.Active28d, "new": i.New28d, "returned": i.Returned28d, "churned": i.Churned28d, "seen one day": i.SeenOneDay,
		"erased": i.Erased, "duplicates": truth.Input.Duplicates, "torn": truth.Input.Torn, "refused": truth.Input.Refused,
		"went back": truth.Input.WentBack, "largest range": truth.Gauges[len(truth.Gauges)-1].Largest,
	} {
		if n == 0 {
			t.Errorf("%s: got 0, want some", what)
		}
	}
	if n := truth.Gauges[0].Known; n == truth.Denominator {
		t.Errorf("sizes are known of all %d installations, want some without", n)
	}
	for what, text := range map[string]string{
		"two reports on a line": `]}{"resourceMetrics"`, "NULs": "\x00\x00", "two in a request": `]}]},{"resource"`, "foreign": "Bad Gateway",
		"blank line": "\n\n", "1970": `"timeUnixNano":"86400000000000"`, "no time": `[{"asInt"`, "2100": `"timeUnixNano":"41`,
	} {
		if !bytes.Contains(b.Bytes(), []byte(text)) {
			t.Errorf("%s: %q is not in the file", what, text)
		}
	}
	if !bytes.HasSuffix(b.Bytes(), []byte("\n")) {
		t.Error("the file does not end with an end of line")
	}
}

func TestCleanFleet(t *testing.T) {
	o := Options{Schema: load(t, "compreface"), Installations: 200, Days: 30, Seed: 3, End: end, Clean: true}
	var b bytes.Buffer
	truth, err := writeTo(context.Background(), o, &b, nil)
	if err != nil {
		t.Fatal(err)
	}
	in := truth.Input
	if in.Duplicates != 0 || in.Torn != 0 || in.Refused != 0 || in.WentBack != 0 || truth.Installations.Erased != 0 {
		t.Errorf("got %+v, %+v, want a clean fleet", in, truth.Installations)
	}
	if n := int64(bytes.Count(b.Bytes(), []byte("\n"))); n != in.Reports || n == 0 {
		t.Errorf("got %d lines, want %d", n, in.Reports)
	}
}

func TestGrownFleet(t *testing.T) {
	o := Options{Schema: load(t, "compreface"), Installations: 200, Days: 30, Seed: 3, End: end, Clean: true, Grown: true}
	truth, err := writeTo(context.Background(), o, &bytes.Buffer{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	first := truth.Activity[0]
	if first.Day != o.first() || first.New != 200 || first.Active1d != 200 || truth.Installations.Ever != 200 {
		t.Errorf("got %+v, want 200 new installations on the first day", first)
	}
}

func TestSameOptionsSameBytes(t *testing.T) {
	write := func(seed uint64, clean bool) []byte {
		var b bytes.Buffer
		o := Options{Schema: load(t, "affiliate"), Installations: 60, Days: 40, Seed: seed, End: end, Clean: clean}
		if _, err := writeTo(context.Background(), o, &b, nil); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for _, clean := range []bool{false, true} {
		if !bytes.Equal(write(7, clean), write(7, clean)) {
			t.Errorf("clean %v: the same options gave other bytes", clean)
		}
		if bytes.Equal(write(7, clean), write(8, clean)) {
			t.Errorf("clean %v: another seed gave the same bytes", clean)
		}
	}
}

// Rotated files are the one file, cut at ends of lines, and their names sort.
func TestRotation(t *testing.T) {
	o := Options{Schema: load(t, "compreface"), Installations: 80, Days: 30, Seed: 5, End: end}
	var whole bytes.Buffer
	want, err := writeTo(context.Background(), o, &whole, nil)
	if err != nil {
		t.Fatal(err)
	}
	o.Rotate = 100_000
	dir := filepath.Join(t.TempDir(), "a [new] one")
	got, err := Write(context.Background(), o, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.Input != want.Input || got.Installations != want.Installations {
		t.Errorf("got %+v, want %+v", got, want)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	var names []string
	for _, e := range entries {
		if e.Name() == TruthFile {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all, names = append(all, data...), append(names, e.Name())
	}
	if len(names) < 3 || names[len(names)-1] != LiveFile || len(names[0]) != len("usage-2026-11-25T00-00-00.000-size.jsonl") {
		t.Errorf("got the files %q", names)
	}
	if !bytes.Equal(all, whole.Bytes()) || !slices.IsSorted(names) {
		t.Errorf("the files hold %d bytes, want the %d of one file in the order of names", len(all), whole.Len())
	}
	if _, err := Write(context.Background(), o, dir, nil); err == nil {
		t.Error("a second history in the same directory was written")
	}
}
