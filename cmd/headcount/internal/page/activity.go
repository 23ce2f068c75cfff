package page

import (
	"fmt"

	"headcount.example/cmd/headcount/internal/answer"
)

// activity is the chart of active installations over time.
type activity struct {
	Series   []series
	Area     string
	Y, X     []mark
	Strips   []strip
	Rows     []activityRow // newest first
	Every    string        // which days the rows are
	Spark    string        // the path of the 28-day series, in a small chart
	SparkTop string        // its area
	Download download
	First    string
}

// A series is a line of a chart.
type series struct {
	Class, Name, Now, Path string
}

// A strip is a part of the chart that says its numbers when it is pointed at.
type strip struct{ X, W, Title string }

type activityRow struct{ Day, Active1d, Active7d, Active28d, New string }

const (
	activityHeight = 280
	sparkHeight    = 56
	mostPoints     = 200 // of a line
	mostSpark      = 80
	mostStrips     = 72
	mostRows       = 50
)

func (k *maker) activity() activity {
	list := k.Activity
	if len(list) == 0 {
		return activity{}
	}
	most := int64(0)
	for _, d := range list {
		most = max(most, d.Active28d, d.New)
	}
	s := newScale(most, 14, activityHeight-26)
	c := activity{Y: s.marks(), X: dates(list[0].Day, k.AsOf), Download: k.download("activity"), First: long(list[0].Day)}
	now := list[len(list)-1]
	for _, x := range []struct {
		class, name string
		of          func(answer.Activity) int64
	}{
		{"d28", "active in 28 days", func(d answer.Activity) int64 { return d.Active28d }},
		{"d7", "active in 7 days", func(d answer.Activity) int64 { return d.Active7d }},
		{"d1", "active on the day", func(d answer.Activity) int64 { return d.Active1d }},
	} {
		c.Series = append(c.Series, series{x.class, x.name, count(x.of(now)), pathOf(list, s, mostPoints, x.of)})
	}
	if len(list) > 1 {
		c.fill(list, s, most)
	}
	c.rows(list)
	return c
}

// fill makes the parts that need two days.
func (c *activity) fill(list []answer.Activity, s scale, most int64) {
	base := coordinate(s.below)
	c.Area = c.Series[0].Path + "L1000 " + base + "L0 " + base + "Z"
	small := newScale(most, 3, sparkHeight)
	small.top = float64(max(most, 1))
	c.Spark = pathOf(list, small, mostSpark, func(d answer.Activity) int64 { return d.Active28d })
	c.SparkTop = c.Spark + fmt.Sprintf("L1000 %dL0 %dZ", sparkHeight, sparkHeight)
	c.Strips = strips(list)
}

// thin calls do for at most so many of n places, evenly, the last among them.
func thin(n, most int, do func(i int)) (every int) {
	every = max(1, (n+most-1)/most)
	for i := (n - 1) % every; i < n; i += every {
		do(i)
	}
	return every
}

func pathOf(list []answer.Activity, s scale, most int, of func(answer.Activity) int64) string {
	var l line
	thin(len(list), most, func(i int) { l.to(at(i, len(list)), s.y(float64(of(list[i])))) })
	return l.String()
}

func strips(all []answer.Activity) (list []strip) {
	every := max(1, (len(all)+mostStrips-1)/mostStrips)
	wide := 100 * float64(every) / float64(max(len(all)-1, 1))
	thin(len(all), mostStrips, func(i int) {
		d := all[i]
		list = append(list, strip{coordinate(at(i, len(all))/10 - wide/2), coordinate(wide),
			fmt.Sprintf("%s: %s in 28 days, %s in 7, %s on the day, %s new", brief(d.Day), count(d.Active28d), count(d.Active7d), count(d.Active1d), count(d.New))})
	})
	return list
}

func (c *activity) rows(list []answer.Activity) {
	every := thin(len(list), mostRows, func(i int) {
		d := list[i]
		c.Rows = append([]activityRow{{d.Day.String(), count(d.Active1d), count(d.Active7d), count(d.Active28d), count(d.New)}}, c.Rows...)
	})
	c.Every = "Every day"
	if every > 1 {
		c.Every = fmt.Sprintf("One day of every %d; the CSV file has more", every)
	}
}
