package consent

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
)

// noon is a clock for tests that look at limits of time.
var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestDecisionWords(t *testing.T) {
	for _, test := range []struct {
		decision Decision
		word     string
	}{{Undecided, "undecided"}, {Granted, "granted"}, {Denied, "denied"}} {
		text, err := test.decision.MarshalText()
		if err != nil || string(text) != test.word || test.decision.String() != test.word {
			t.Errorf("%d: word %q (%v), string %q; want %q", test.decision, text, err, test.decision, test.word)
		}
		var got Decision
		if err := got.UnmarshalText([]byte(test.word)); err != nil || got != test.decision {
			t.Errorf("%q: %v, %v", test.word, got, err)
		}
	}
	var zero Decision
	if zero != Undecided {
		t.Error("the zero Decision is not Undecided")
	}
}

func TestDecisionWithoutWord(t *testing.T) {
	for d := Denied + 1; d != 0; d++ { // every other value there is
		if text, err := d.MarshalText(); err == nil {
			t.Errorf("%d was marshalled as %q", uint8(d), text)
		}
	}
	if got := Decision(7).String(); got != "decision(7)" {
		t.Errorf("string of 7 is %q", got)
	}
	if _, err := json.Marshal(Record{Decision: 7}); err == nil {
		t.Error("a record with decision 7 was marshalled")
	}
}

func TestDecisionUnknownWord(t *testing.T) {
	for _, word := range []string{"", "Granted", "GRANTED", "granted ", " granted", "grant", "yes", "true", "1", "granted\x00", "ｇranted"} {
		got := Granted // must not survive
		if err := got.UnmarshalText([]byte(word)); err == nil || got != Undecided {
			t.Errorf("%q: %v, error %v; want undecided and an error", word, got, err)
		}
	}
}

func TestCheck(t *testing.T) {
	good := Record{Decision: Granted, Notice: 1, Time: noon, Where: "settings"}
	tests := []struct {
		name   string
		change func(*Record)
		want   string // part of the error; empty means valid
	}{
		{"as it is", func(r *Record) {}, ""},
		{"denied", func(r *Record) { r.Decision = Denied }, ""},
		{"undecided", func(r *Record) { r.Decision = Undecided }, `decision "undecided" is neither`},
		{"decision 3", func(r *Record) { r.Decision = 3 }, `decision "decision(3)" is neither`},
		{"decision 255", func(r *Record) { r.Decision = 255 }, "is neither"},
		{"notice 0", func(r *Record) { r.Notice = 0 }, "notice 0 is not a positive number"},
		{"notice -1", func(r *Record) { r.Notice = -1 }, "notice -1 is not a positive number"},
		{"largest notice", func(r *Record) { r.Notice = math.MaxInt }, ""},
		{"no where", func(r *Record) { r.Where = "" }, ""},
		{"where of 99 bytes", func(r *Record) { r.Where = strings.Repeat("x", 99) }, ""},
		{"where of 100 bytes", func(r *Record) { r.Where = strings.Repeat("é", 50) }, ""},
		{"where of 101 bytes", func(r *Record) { r.Where = strings.Repeat("é", 50) + "x" }, "is not printable text of at most 100 bytes"},
		{"line break", func(r *Record) { r.Where = "a\nb" }, "not printable"},
		{"escape sequence", func(r *Record) { r.Where = "\x1b[2J" }, "not printable"},
		{"direction override", func(r *Record) { r.Where = "a\u202eb" }, "not printable"},
		{"no-break space", func(r *Record) { r.Where = "a\u00a0b" }, "not printable"},
		{"broken UTF-8", func(r *Record) { r.Where = "a\xff" }, "not printable"},
		{"no time", func(r *Record) { r.Time = time.Time{} }, "the time is missing"},
		{"1969", func(r *Record) { r.Time = time.Unix(-1, 0) }, "before 1970"},
		{"1970", func(r *Record) { r.Time = time.Unix(0, 0) }, ""},
		{"1969 in a zone where it is 1970", func(r *Record) { r.Time = time.Unix(-1, 0).In(time.FixedZone("", 3600)) }, "before 1970"},
		{"a day ahead less a second", func(r *Record) { r.Time = noon.Add(24*time.Hour - time.Second) }, ""},
		{"a day ahead", func(r *Record) { r.Time = noon.Add(24 * time.Hour) }, ""},
		{"a day and a second ahead", func(r *Record) { r.Time = noon.Add(24*time.Hour + time.Second) }, "2026-11-22T12:00:01Z is in the future"},
		{"year 10000", func(r *Record) { r.Time = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, "in the future"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := good
			test.change(&r)
			err := check(r, noon)
			switch {
			case test.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
	// A time so far away that its arithmetic wraps around is refused either way.
	for _, sec := range []int64{math.MaxInt64, math.MinInt64, 1 << 60, -1 << 60} {
		r := good
		r.Time = time.Unix(sec, 0)
		if check(r, noon) == nil {
			t.Errorf("second %d was accepted", sec)
		}
	}
}

func TestNormal(t *testing.T) {
	zone := time.FixedZone("", 2*3600)
	got := normal(Record{Time: time.Date(2026, 11, 21, 14, 0, 0, 999_999_999, zone)})
	if got.Time != noon || got.Since != (time.Time{}) {
		t.Errorf("stored as %v, since %v, want %v, since the zero time", got.Time, got.Since, noon)
	}
}

// What an application stores otherwise, a new record does not take over.
func TestAppendAfterAnOddTime(t *testing.T) {
	zone := time.FixedZone("", 2*3600)
	odd := Record{Decision: Granted, Notice: 1, Time: time.Date(2026, 11, 21, 14, 0, 0, 5, zone), Since: time.Date(2026, 11, 21, 13, 0, 0, 5, zone)}
	history, err := Append([]Record{odd}, Record{Decision: Granted, Notice: 2}, noon)
	if err != nil || history[0] != odd || history[1].Time != noon.Add(time.Second) || history[1].Since != noon.Add(-time.Hour) {
		t.Errorf("got %v, %v", history, err)
	}
}
