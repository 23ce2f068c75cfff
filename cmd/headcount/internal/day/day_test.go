package day

import (
	"testing"
	"time"
)

func TestDay(t *testing.T) {
	for _, test := range []struct {
		text, week, month, next string
	}{
		{"2026-11-26", "2026-11-23", "2026-11-01", "2026-12-01"},
		{"2026-11-23", "2026-11-23", "2026-11-01", "2026-12-01"},
		{"2026-11-22", "2026-11-16", "2026-11-01", "2026-12-01"},
		{"2028-02-29", "2028-02-28", "2028-02-01", "2028-03-01"},
		{"2020-01-01", "2019-12-30", "2020-01-01", "2020-02-01"},
		{"2099-12-31", "2099-12-28", "2099-12-01", "2100-01-01"},
		{"1969-12-31", "1969-12-29", "1969-12-01", "1970-01-01"},
		{"1969-12-28", "1969-12-22", "1969-12-01", "1970-01-01"},
	} {
		d, err := Parse(test.text)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.String(); got != test.text {
			t.Errorf("String: got %s, want %s", got, test.text)
		}
		if got := d.Week().String(); got != test.week || d.Week().Time().Weekday() != time.Monday {
			t.Errorf("Week of %s: got %s, want %s", d, got, test.week)
		}
		if got := d.Month().String(); got != test.month {
			t.Errorf("Month of %s: got %s, want %s", d, got, test.month)
		}
		if got := d.NextMonth().String(); got != test.next {
			t.Errorf("NextMonth of %s: got %s, want %s", d, got, test.next)
		}
	}
	if First.String() != "2020-01-01" || Last.String() != "2099-12-31" {
		t.Errorf("bounds: got %s and %s", First, Last)
	}
	for _, text := range []string{"", "2026-11-31", "26-11-2026", "2026-11-26T00:00:00Z", "2026-1-1"} {
		if d, err := Parse(text); err == nil {
			t.Errorf("Parse(%q): got %s, want an error", text, d)
		}
	}
}

func TestOf(t *testing.T) {
	for _, test := range []struct {
		seconds int64
		want    Day
	}{{0, 0}, {86399, 0}, {86400, 1}, {-1, -1}, {-86400, -1}, {-86401, -2}, {86400 << 31, None}, {86400<<31 - 1, 1<<31 - 1}, {1 << 62, None}, {-1 << 62, None}} {
		if got := Of(time.Unix(test.seconds, 0)); got != test.want {
			t.Errorf("%d s: got %d, want %d", test.seconds, got, test.want)
		}
	}
}

func TestText(t *testing.T) {
	for _, d := range []Day{None, First, Last} {
		text, _ := d.MarshalText()
		var got Day
		if err := got.UnmarshalText(text); err != nil || got != d {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
}

func TestMonthOfEveryDay(t *testing.T) {
	for d := First - 40000; d <= Last+1000; d++ {
		at := d.Time()
		if got, want := d.Month(), Of(time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC)); got != want {
			t.Fatalf("Month of %s: got %s, want %s", d, got, want)
		}
	}
}
