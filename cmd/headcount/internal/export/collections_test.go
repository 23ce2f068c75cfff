package export

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/schema"
)

// The identifiers are pinned: they must stay the same in every version.
func TestCollections(t *testing.T) {
	from := faces(t)
	from.add(t, second, "2021-03-13", map[string]int64{upTo2000: 1, empty: 1, upTo10: 2, users: 9})
	want := `"2021-03-13 00:00:00.000","59638de4-5fca-41eb-848b-0242ac120002","8ac64c6e-96fa-8a2a-8b6b-93af7b618676","0"
"2021-03-13 00:00:00.000","59638de4-5fca-41eb-848b-0242ac120002","c3308e1a-d96f-82be-9253-f3f7aed38dca","1-10"
"2021-03-13 00:00:00.000","59638de4-5fca-41eb-848b-0242ac120002","02f7dcc8-c548-8cb1-9a96-79786d88f4f2","1-10"
"2021-03-13 00:00:00.000","59638de4-5fca-41eb-848b-0242ac120002","5f896dee-f434-8d8e-92ad-9235248f4ee3","501-2000"
`
	var got bytes.Buffer
	result, err := Collections(context.Background(), &got, from, Options{})
	if err != nil || got.String() != want {
		t.Errorf("got error %v and\n%s\nwant\n%s", err, got.String(), want)
	}
	if want := (Result{Reports: 1, Rows: 4}); result != want {
		t.Errorf("got %+v, want %+v", result, want)
	}
}

func TestThingID(t *testing.T) {
	id := ThingID(first, "compreface.collection.count", "1-10", 0)
	if id != ThingID(first, "compreface.collection.count", "1-10", 0) {
		t.Error("the same thing has two identifiers")
	}
	if id.Version() != 8 || id[8]&0xc0 != 0x80 {
		t.Errorf("%s: got version %d, want 8 and the variant of RFC 9562", id, id.Version())
	}
	for name, other := range map[string][16]byte{
		"installation": ThingID(second, "compreface.collection.count", "1-10", 0),
		"metric":       ThingID(first, "compreface.collection.coun", "1-10", 0),
		"range":        ThingID(first, "compreface.collection.count", "11-50", 0),
		"number":       ThingID(first, "compreface.collection.count", "1-10", 1),
		"border":       ThingID(first, "compreface.collection.count1", "-10", 0),
	} {
		if id == other {
			t.Errorf("another %s has the same identifier", name)
		}
	}
}

func TestCollectionsOfADay(t *testing.T) {
	from := faces(t)
	from.add(t, first, "2026-11-01", map[string]int64{upTo10: 3})
	from.add(t, first, "2026-11-01", map[string]int64{empty: 1}) // the newest that has the metric
	from.add(t, first, "2026-11-01", map[string]int64{users: 1}) // has no collections
	from.add(t, first, "2026-11-02", map[string]int64{users: 2}) // a day without
	from.add(t, first, "2026-11-03", map[string]int64{upTo10: 0, empty: 2})
	from.add(t, second, "2026-11-03", map[string]int64{upTo10: 1})
	from.reports = append(from.reports, schema.Report{GUID: second, Day: on(t, "2026-11-04"), Erasure: true})
	var out bytes.Buffer
	if _, err := Collections(context.Background(), &out, from, Options{}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(out.String()) {
		fields := strings.Split(strings.TrimSpace(line), ",")
		got = append(got, fields[0][1:11]+fields[1][:4]+fields[3])
	}
	want := `2026-11-01"560"0" 2026-11-03"560"0" 2026-11-03"560"0" 2026-11-03"596"1-10"`
	if strings.Join(got, " ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, " "), want)
	}
}

func TestCollectionsAreBounded(t *testing.T) {
	for _, test := range []struct {
		name string
		n    int64
		want Result
	}{
		{"below", 8, Result{Reports: 1, Rows: 9}},
		{"at", 9, Result{Reports: 1, Rows: 10}},
		{"above", 10, Result{Reports: 1, Left: 1, LeftOut: 11}},
		{"far above", 1_000_000_000_000, Result{Reports: 1, Left: 1, LeftOut: 1_000_000_000_001}},
	} {
		from := faces(t)
		from.add(t, first, "2026-11-01", map[string]int64{upTo10: test.n, empty: 1})
		if got, err := Collections(context.Background(), io.Discard, from, Options{MaxRows: 10}); err != nil || got != test.want {
			t.Errorf("%s: got %+v, %v; want %+v", test.name, got, err, test.want)
		}
	}
}

// Quotes in the name of a range, which only data without a catalog can have,
// are doubled.
func TestCollectionsQuote(t *testing.T) {
	list := schema.New()
	series, _ := list.Learn("shop.size", schema.RangeGauge, "1", []string{"range"}, []string{`1"2`})
	values := make([]int64, series+1)
	values[series] = 1
	from := &memory{list, []schema.Report{{GUID: first, Day: on(t, "2026-11-01"), Values: values}}}
	var got bytes.Buffer
	if _, err := Collections(context.Background(), &got, from, Options{}); err != nil || !strings.HasSuffix(got.String(), ",\"1\"\"2\"\n") {
		t.Errorf("got %q, %v; want the quote doubled", got.String(), err)
	}
}
