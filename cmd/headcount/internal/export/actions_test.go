package export

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/schema"
)

// The documented examples, a row for each action of the growth, with the
// quoting and the form of the time byte for byte.
func TestActions(t *testing.T) {
	from := faces(t)
	from.add(t, first, "2021-03-15", map[string]int64{users: 1, apps: 1, detection: 1, verifying: 1, recognition: 1})
	from.add(t, first, "2021-03-16", map[string]int64{users: 3, apps: 1, detection: 1})
	from.add(t, second, "2021-03-13", map[string]int64{users: 2, upTo10: 4})
	want := `"2021-03-15 00:00:00.000","560eee90-5fca-41eb-988b-0242ac120003","USER_CREATE"
"2021-03-15 00:00:00.000","560eee90-5fca-41eb-988b-0242ac120003","APP_CREATE"
"2021-03-15 00:00:00.000","560eee90-5fca-41eb-988b-0242ac120003","FACE_DETECTION_CREATE"
"2021-03-15 00:00:00.000","560eee90-5fca-41eb-988b-0242ac120003","FACE_RECOGNITION_CREATE"
"2021-03-15 00:00:00.000","560eee90-5fca-41eb-988b-0242ac120003","FACE_VERIFICATION_CREATE"
"2021-03-16 00:00:00.000","560eee90-5fca-41eb-988b-0242ac120003","USER_CREATE"
"2021-03-16 00:00:00.000","560eee90-5fca-41eb-988b-0242ac120003","USER_CREATE"
"2021-03-13 00:00:00.000","59638de4-5fca-41eb-848b-0242ac120002","USER_CREATE"
"2021-03-13 00:00:00.000","59638de4-5fca-41eb-848b-0242ac120002","USER_CREATE"
`
	var got bytes.Buffer
	result, err := Actions(context.Background(), &got, from, Options{})
	if err != nil || got.String() != want {
		t.Errorf("got error %v and\n%s\nwant\n%s", err, got.String(), want)
	}
	if want := (Result{Reports: 3, Rows: 9}); result != want {
		t.Errorf("got %+v, want %+v", result, want)
	}
}

func TestActionsOfTotals(t *testing.T) {
	for _, test := range []struct {
		name   string
		totals []int64 // one a day from 2026-11-01; Absent for none
		want   string  // rows a day
	}{
		{"grows", []int64{1, 2, 5}, "1 1 3"},
		{"stays", []int64{4, 4, 4}, "4 0 0"},
		{"goes back and returns", []int64{5, 2, 5, 6}, "5 0 0 1"},
		{"is absent for a day", []int64{3, schema.Absent, 4}, "3 0 1"},
		{"begins at 0", []int64{0, 0, 1}, "0 0 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			from := faces(t)
			for i, v := range test.totals {
				from.add(t, first, "2026-11-0"+string(rune('1'+i)), map[string]int64{users: v})
			}
			var out bytes.Buffer
			if _, err := Actions(context.Background(), &out, from, Options{}); err != nil {
				t.Fatal(err)
			}
			var got []string
			for i := range test.totals {
				n := strings.Count(out.String(), `"2026-11-0`+string(rune('1'+i)))
				got = append(got, string(rune('0'+n)))
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("got rows a day %s, want %s", strings.Join(got, " "), test.want)
			}
		})
	}
}

// A total before --from counts, so that what is new after it is right.
func TestActionsOfSomeDays(t *testing.T) {
	from := faces(t)
	from.add(t, first, "2026-11-01", map[string]int64{users: 7})
	from.add(t, first, "2026-11-02", map[string]int64{users: 8})
	from.add(t, first, "2026-11-03", map[string]int64{users: 9})
	var got bytes.Buffer
	o := Options{From: on(t, "2026-11-02"), To: on(t, "2026-11-02")}
	if _, err := Actions(context.Background(), &got, from, o); err != nil {
		t.Fatal(err)
	}
	want := `"2026-11-02 00:00:00.000","560eee90-5fca-41eb-988b-0242ac120003","USER_CREATE"` + "\n"
	if got.String() != want {
		t.Errorf("got %q, want %q", got.String(), want)
	}
}

// Another installation begins at 0, also where its report follows.
func TestActionsOfEachInstallation(t *testing.T) {
	from := faces(t)
	from.add(t, [16]byte{}, "2026-11-01", map[string]int64{users: 2})
	from.add(t, first, "2026-11-01", map[string]int64{users: 2})
	result, err := Actions(context.Background(), io.Discard, from, Options{})
	if err != nil || result.Rows != 4 {
		t.Errorf("got %d rows, %v; want 4", result.Rows, err)
	}
}

func TestActionsAreBounded(t *testing.T) {
	for _, test := range []struct {
		name         string
		users, apps  int64
		rows, left   int64
		rowsLeftOut  int64
		rowsAfterwds int64 // of a next report with one user more
	}{
		{"below", 5, 4, 9, 0, 0, 1},
		{"at", 5, 5, 10, 0, 0, 1},
		{"above", 6, 5, 0, 1, 11, 1},
		{"far above", 1_000_000_000_000, 1, 0, 1, 1_000_000_000_001, 1},
		{"more than a number holds", math.MaxInt64 - 1, math.MaxInt64, 0, 1, math.MaxInt64, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			from := faces(t)
			from.add(t, first, "2026-11-01", map[string]int64{users: test.users, apps: test.apps})
			from.add(t, first, "2026-11-02", map[string]int64{users: test.users + 1})
			got, err := Actions(context.Background(), io.Discard, from, Options{MaxRows: 10})
			want := Result{Reports: 2, Rows: test.rows + test.rowsAfterwds, Left: test.left, LeftOut: test.rowsLeftOut}
			if err != nil || got != want {
				t.Errorf("got %+v, %v; want %+v", got, err, want)
			}
		})
	}
}

func TestActionsOfAView(t *testing.T) {
	from := faces(t)
	from.add(t, first, "2026-11-01", map[string]int64{users: 1, apps: 1})
	view := schema.New()
	view.Learn(apps, schema.Counter, "{application}", nil, nil)
	var got bytes.Buffer
	if _, err := Actions(context.Background(), &got, from, Options{View: view}); err != nil {
		t.Fatal(err)
	}
	if s := got.String(); strings.Count(s, "\n") != 1 || !strings.HasSuffix(s, ",\"APP_CREATE\"\n") {
		t.Errorf("got %q, want the one row of the view's metric", s)
	}
}

func TestActionName(t *testing.T) {
	for _, test := range []struct {
		metric string
		values []string
		want   string
	}{
		{"compreface.user.created", nil, "USER_CREATE"},
		{"compreface.application.created", nil, "APP_CREATE"},
		{"compreface.service.created", []string{"FACE_DETECTION"}, "FACE_DETECTION_CREATE"},
		{"compreface.other.created", nil, "OTHER_CREATED"},
		{"compreface.user.created", []string{"x"}, "USER_CREATED_X"},
		{"affiliate.action", []string{"PROGRAM_CREATE"}, "ACTION_PROGRAM_CREATE"},
		{"affiliate.error", []string{"PAYOUT_FAILED"}, "ERROR_PAYOUT_FAILED"},
		{"affiliate.feature.used", []string{"API"}, "FEATURE_USED_API"},
		{"logins", nil, "LOGINS"},
		{"shop.sale", []string{"a b", `c"d`}, "SALE_A_B_C_D"},
		{"shop.", nil, "SHOP_"},
		{"", nil, ""},
	} {
		if got := ActionName(test.metric, test.values); got != test.want {
			t.Errorf("%s %q: got %q, want %q", test.metric, test.values, got, test.want)
		}
	}
}

// FuzzActionName holds the shape of a name for any name in the data: no
// name can end its quotes.
func FuzzActionName(f *testing.F) {
	f.Add("affiliate.error", "PAYOUT_FAILED")
	f.Add("", "\"\n,")
	f.Fuzz(func(t *testing.T, metric, value string) {
		name := ActionName(metric, []string{value})
		if strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
			t.Errorf("%q %q: got %q, want upper case letters, digits and _", metric, value, name)
		}
	})
}

var errFull = errors.New("no space left")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestErrorsOfTheWriterAndTheContext(t *testing.T) {
	from := faces(t)
	from.add(t, first, "2026-11-01", map[string]int64{users: 5000, upTo10: 5000})
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	for name, write := range map[string]func(context.Context, io.Writer, Source, Options) (Result, error){
		"actions": Actions, "collections": Collections,
	} {
		if _, err := write(context.Background(), full{}, from, Options{}); !errors.Is(err, errFull) {
			t.Errorf("%s: got %v, want the writer's error", name, err)
		}
		if _, err := write(gone, io.Discard, from, Options{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want the context's error", name, err)
		}
		var calls []int64
		o := Options{Progress: func(n int64) { calls = append(calls, n) }}
		if _, err := write(context.Background(), io.Discard, from, o); err != nil || len(calls) != 1 || calls[0] != progressEvery {
			t.Errorf("%s: got progress %d, %v; want one call at %d", name, calls, err, progressEvery)
		}
	}
}

// What was counted before the first report that is kept is not counted again.
func TestActionsAfterPrune(t *testing.T) {
	from := faces(t)
	from.add(t, first, "2021-03-15", map[string]int64{users: 7, apps: 2})
	earlier := func(guid [16]byte) ([]int64, error) {
		if guid != first {
			t.Errorf("got asked for %x, want %x", guid, first)
		}
		return []int64{5, 2}, nil
	}
	var got bytes.Buffer
	result, err := Actions(context.Background(), &got, from, Options{Earlier: earlier})
	if err != nil || result.Rows != 2 || strings.Count(got.String(), "USER_CREATE") != 2 {
		t.Errorf("got %d rows, %v:\n%s\nwant the 2 new users", result.Rows, err, got.String())
	}
}
