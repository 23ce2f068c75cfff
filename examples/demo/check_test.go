package main

import (
	"maps"
	"strings"
	"testing"
	"time"
)

const sample = `{"installations":{"ever":7,"active_28d":5,"churned_28d":2},
"counters":[{"name":"compreface.user.created","labels":{},"total":9,"new_28d":4,"installations":3},
{"name":"compreface.service.created","labels":{"compreface.service.type":"FACE_DETECTION"},"total":8,"new_28d":1,"installations":2}],
"gauges":[{"name":"compreface.collection.count","range":"1-10","things":6,"installations":4},
{"name":"compreface.collection.count","range":"11-50","things":2,"installations":1}]}`

func figuresOfSample(t *testing.T) map[string]int64 {
	t.Helper()
	f, err := figuresOf([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestQuickstartIsOneMore(t *testing.T) {
	got := figuresOfSample(t)
	quickstart(got)
	for name, want := range map[string]int64{
		"installations ever": 8, "installations active_28d": 6, "installations churned_28d": 2,
		"compreface.user.created[] total": 10, "compreface.user.created[] new": 5, "compreface.user.created[] installations": 4,
		"compreface.service.created[FACE_DETECTION] total":   9,
		"compreface.collection.count 1-10 things":            7,
		"compreface.collection.count 1-10 installations":     5,
		"compreface.collection.count 11-50 things":           2,
		"compreface.collection.count 501-2000 things":        1,
		"compreface.collection.count 501-2000 installations": 1,
	} {
		if got[name] != want {
			t.Errorf("%s: got %d, want %d", name, got[name], want)
		}
	}
}

// One figure that differs is an error that names it.
func TestSame(t *testing.T) {
	want := figuresOfSample(t)
	if err := same(figuresOfSample(t), want); err != nil {
		t.Errorf("the same figures: got %v, want no error", err)
	}
	for name := range want {
		got := maps.Clone(want)
		got[name]++
		if err := same(got, want); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is different: got %v, want an error that names it", name, err)
		}
		delete(got, name)
		if err := same(got, want); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is missing: got %v, want an error that names it", name, err)
		}
	}
	if err := same(nil, nil); err == nil {
		t.Error("nothing to compare: got no error")
	}
	if _, err := figuresOf([]byte("answers")); err == nil {
		t.Error("not JSON: got no error")
	}
}

func TestUntilNextDay(t *testing.T) {
	midnight := time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		now  time.Time
		want time.Duration
	}{
		"midnight":                              {midnight, 0},
		"just before":                           {midnight.Add(-time.Nanosecond), time.Nanosecond},
		"less than it takes":                    {midnight.Add(-shortDay + 1), shortDay - 1},
		"as much as it takes":                   {midnight.Add(-shortDay), 0},
		"noon":                                  {midnight.Add(-12 * time.Hour), 0},
		"midnight of another part of the world": {midnight.Add(-time.Minute).In(time.FixedZone("", 5*3600)), time.Minute},
	} {
		if got := untilNextDay(test.now); got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}
