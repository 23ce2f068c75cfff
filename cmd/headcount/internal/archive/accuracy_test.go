package archive

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"testing"

	"headcount.example/catalog"
	"headcount.example/catalog/affiliate"
	"headcount.example/catalog/compreface"
	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/fleet"
	"headcount.example/cmd/headcount/internal/oracle"
	"headcount.example/cmd/headcount/internal/schema"
)

// answerOf computes what the archive answers.
func answerOf(t testing.TB, dir string, asOf day.Day, window int) *answer.Answer {
	t.Helper()
	a, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := a.Tables(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return answer.Compute(tables, a.Schema(), a.View(), a.Known(), asOf, window)
}

func compact(t testing.TB, dir string, files ...string) *Compacted {
	t.Helper()
	done, err := Compact(context.Background(), dir, CompactOptions{Files: files, Catalog: "compreface"})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// common returns both values in JSON with the keys that both have.
func common(t testing.TB, got, want any) (a, b any) {
	t.Helper()
	for _, x := range []struct {
		from any
		to   *any
	}{{got, &a}, {want, &b}} {
		data, err := json.Marshal(x.from)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, x.to); err != nil {
			t.Fatal(err)
		}
	}
	return both(a, b), both(b, a)
}

func both(a, b any) any {
	switch a := a.(type) {
	case map[string]any:
		other, _ := b.(map[string]any)
		kept := map[string]any{}
		for k, v := range a {
			if o, ok := other[k]; ok {
				kept[k] = both(v, o)
			}
		}
		return kept
	case []any:
		other, _ := b.([]any)
		kept := []any{}
		for i, v := range a {
			if i < len(other) {
				v = both(v, other[i])
			}
			kept = append(kept, v)
		}
		return kept
	}
	return a
}

// equal fails the test where an answer and the oracle's differ.
func equal(t testing.TB, what string, got *answer.Answer, want *oracle.Result) {
	t.Helper()
	a, b := common(t, got, want)
	if n := len(b.(map[string]any)); n < 12 {
		t.Fatalf("%s: only %d keys are compared", what, n)
	}
	for key, w := range b.(map[string]any) {
		if g := a.(map[string]any)[key]; !reflect.DeepEqual(g, w) {
			x, _ := json.Marshal(g)
			y, _ := json.Marshal(w)
			t.Errorf("%s: %s:\ngot  %.2000s\nwant %.2000s", what, key, x, y)
		}
	}
}

// simulated writes a fleet's files and returns their paths in order.
func simulated(t testing.TB, o fleet.Options) []string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "raw files")
	if _, err := fleet.Write(context.Background(), o, dir, nil); err != nil {
		t.Fatal(err)
	}
	files, err := expand([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func list(t testing.TB, name string) *schema.Schema {
	t.Helper()
	s, err := schema.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Every figure equals that of a straightforward computation, for many fleets
// in which everything goes wrong, for several days and windows, whether the
// files are read at once, one by one, or piece by piece.
func TestAccuracy(t *testing.T) {
	end, _ := day.Parse("2026-11-25")
	for seed := range uint64(24) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			c, name := compreface.Catalog, "compreface"
			if seed%4 == 3 {
				c, name = affiliate.Catalog, "affiliate"
			}
			accuracy(t, c, name, fleet.Options{Schema: list(t, name), Installations: 20 + 3*int(seed), Days: 40 + 3*int(seed), Seed: seed, End: end,
				Rotate: 400_000})
		})
	}
}

func accuracy(t *testing.T, c *catalog.Catalog, name string, o fleet.Options) {
	files := simulated(t, o)
	text, err := c.JSON()
	if err != nil {
		t.Fatal(err)
	}
	once, steps := filepath.Join(t.TempDir(), "once"), filepath.Join(t.TempDir(), "steps")
	options := CompactOptions{Files: files, Catalog: name}
	if _, err := Compact(context.Background(), once, options); err != nil {
		t.Fatal(err)
	}
	for i := range files {
		options.Files = files[:i+1]
		if _, err := Compact(context.Background(), steps, options); err != nil {
			t.Fatal(err)
		}
	}
	for _, asOf := range []day.Day{o.End, o.End - 9, o.End - day.Day(o.Days)/2} {
		for _, window := range []int{28, 9} {
			want, err := oracle.Compute(files, text, asOf.String(), window)
			if err != nil {
				t.Fatal(err)
			}
			what := fmt.Sprintf("as of %s, %d days", asOf, window)
			equal(t, what, answerOf(t, once, asOf, window), want)
			equal(t, what+", read in steps", answerOf(t, steps, asOf, window), want)
		}
	}
	if seed := o.Seed; seed > 8 && len(files) < 2 {
		t.Errorf("seed %d: only %d files, nothing was rotated", seed, len(files))
	}
}
