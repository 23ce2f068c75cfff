package page

import (
	"math"
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/page/pagetest"
)

func TestScale(t *testing.T) {
	for _, test := range []struct {
		most      int64
		step, top float64
	}{{0, 1, 1}, {1, 1, 1}, {4, 1, 4}, {5, 2, 6}, {9, 5, 10}, {10, 5, 10}, {100, 25, 100}, {8762, 2500, 10_000}, {10_001, 5000, 15_000}} {
		s := newScale(test.most, 0, 100)
		if s.step != test.step || s.top != test.top {
			t.Errorf("to %d: got steps of %g to %g, want %g to %g", test.most, s.step, s.top, test.step, test.top)
		}
		if y := s.y(s.top); y != 0 || s.y(0) != 100 {
			t.Errorf("to %d: the top is at %g, and 0 at %g", test.most, y, s.y(0))
		}
	}
	for most := int64(1); most > 0 && most < math.MaxInt64/3; most *= 3 {
		if n := len(newScale(most, 0, 100).marks()); n < 2 || n > 5 {
			t.Errorf("to %d: got %d marks, want 2 to 5", most, n)
		}
	}
}

func TestDates(t *testing.T) {
	const last = pagetest.AsOf
	for _, days := range []day.Day{0, 1, 6, 7, 69, 70, 71, 200, 366, 730, 1826, 29_000} {
		marks := dates(last-days, last)
		if len(marks) < 1 || len(marks) > mostDates+1 {
			t.Errorf("over %d days: got %d dates, want 1 to %d", days, len(marks), mostDates+1)
		}
		for i, m := range marks {
			if m.Text == "" || m.Second != (i%2 == 1) {
				t.Errorf("over %d days: date %d is %+v", days, i, m)
			}
		}
	}
	if got := dates(last-300, last); got[0].Text != "Mar" || got[len(got)-1].Text != "Nov" {
		t.Errorf("over 300 days: got %+v", got)
	}
	if got := dates(last-1000, last)[0]; got.Text != "2024" && got.Text != "Jul" && got.Text != "Apr" {
		t.Errorf("over 1000 days: got %+v", got)
	}
}

func TestThin(t *testing.T) {
	for _, test := range []struct{ n, most, want int }{{0, 5, 0}, {1, 5, 1}, {4, 5, 4}, {5, 5, 5}, {6, 5, 3}, {100, 5, 5}} {
		var got []int
		thin(test.n, test.most, func(i int) { got = append(got, i) })
		if len(got) != test.want || test.n > 0 && got[len(got)-1] != test.n-1 {
			t.Errorf("%d to at most %d: got %v, want %d with the last", test.n, test.most, got, test.want)
		}
	}
}

// What a long history draws is bounded.
func TestLongHistory(t *testing.T) {
	f := pagetest.New("compreface", 30, 1826)
	m := newModel(f.Answer(28), Options{List: f.List})
	if n := strings.Count(m.Activity.Series[0].Path, "L") + 1; n > mostPoints {
		t.Errorf("a line has %d points, want %d at most", n, mostPoints)
	}
	if n := len(m.Activity.Strips); n > mostStrips {
		t.Errorf("got %d strips, want %d at most", n, mostStrips)
	}
	if n := len(m.Activity.Rows); n > mostRows || m.Activity.Rows[0].Day != "2026-11-25" {
		t.Errorf("got %d rows from %s, want %d at most, the newest first", n, m.Activity.Rows[0].Day, mostRows)
	}
	if n := len(m.Cohorts.Rows); n != mostCohorts || m.Cohorts.Left == 0 {
		t.Errorf("got %d cohorts and %d left out, want %d", n, m.Cohorts.Left, mostCohorts)
	}
}

func TestStack(t *testing.T) {
	points := func(things ...[]int64) (list []answer.Sizes) {
		for i, v := range things {
			list = append(list, answer.Sizes{Name: "m", Day: pagetest.AsOf - day.Day(7*(len(things)-1-i)), Ranges: []string{"0", "1+"}, Things: v, Known: 1})
		}
		return list
	}
	k := &maker{Answer: &answer.Answer{SizesOverTime: points([]int64{1, 1}, []int64{0, 0}, []int64{3, 1})}}
	o := k.over("m", "things")
	if len(o.Layers) != 2 || o.Layers[0].Now != "75%" || o.Layers[1].Now != "25%" {
		t.Fatalf("got %+v", o.Layers)
	}
	if want := "M0 109L0 214ZM1000 56.5L1000 214Z"; o.Layers[0].Path != want {
		t.Errorf("a day without things is not a gap: got %s, want %s", o.Layers[0].Path, want)
	}
	k.SizesOverTime = points([]int64{1, 1})
	if o := k.over("m", "things"); o.Layers != nil {
		t.Errorf("one day is no course: got %+v", o)
	}
}

func TestCohorts(t *testing.T) {
	k := &maker{Answer: &answer.Answer{Cohorts: []answer.Cohort{{Week: 20761, Active: []int64{10, 5, 1}}, {Week: 20768, Active: []int64{30, 27}}, {Week: 20775, Active: []int64{0}}}}}
	c := k.cohorts()
	if got, want := c.Sentence, "80% after 1 week"; !strings.Contains(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	first, second, third := c.Rows[2].Cells, c.Rows[1].Cells, c.Rows[0].Cells
	if first[0].Text != "100%" || first[1].Text != "50%" || first[2].Text != "10%" || second[1].Text != "90%" || !second[2].Empty || third[0].Text != notKnown {
		t.Errorf("got %+v", c.Rows)
	}
	if first[2].Shade != 0 || second[1].Shade != 9 || first[1].Shade != 5 || c.Average[1].Shade != 8 {
		t.Errorf("got the shades %d, %d, %d and %d, want 0, 5, 9 and 8", first[2].Shade, first[1].Shade, second[1].Shade, c.Average[1].Shade)
	}
	for _, h := range pagetest.Typical().Answer(28).Cohorts {
		if len(h.Active) == 0 {
			t.Fatal("the fixture has a cohort without a week")
		}
	}
}

func TestGrowth(t *testing.T) {
	long := []answer.Activity{{Day: 900}, {Day: 1000}}
	for _, test := range []struct {
		name            string
		w               answer.Window
		class, word, by string
	}{
		{"up", answer.Window{Active: 110, New: 15, Churned: 5, Before: answer.Maybe{N: 100, Known: true}}, "up", "up 10", "10%"},
		{"down", answer.Window{Active: 90, Churned: 12, Returned: 2, Before: answer.Maybe{N: 100, Known: true}}, "down", "down 10", "10%"},
		{"level", answer.Window{Active: 100, New: 3, Churned: 3, Before: answer.Maybe{N: 100, Known: true}}, "level", "the same", ""},
		{"from nothing", answer.Window{Active: 7, New: 7, Before: answer.Maybe{Known: true}}, "up", "up 7", ""},
	} {
		k := &maker{Answer: &answer.Answer{AsOf: 1000, WindowDays: 7, Window: test.w, Activity: long}}
		if g := k.growth(); g.Class != test.class || g.Word != test.word || g.Percent != test.by {
			t.Errorf("%s: got %+v", test.name, g)
		}
	}
	k := &maker{Answer: &answer.Answer{AsOf: 1000, WindowDays: 7, Activity: long, Window: answer.Window{Active: 7, New: 7}}}
	if g := k.growth(); g.Word != notKnown || !strings.Contains(g.Unknown, "The first report is of") {
		t.Errorf("the window before is not known: got %+v", g)
	}
}
