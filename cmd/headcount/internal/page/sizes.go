package page

import (
	"fmt"
	"strings"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/schema"
)

// sizes is what is known of one range gauge.
type sizes struct {
	Title, Code, Text string
	One, More         string
	Total             string
	Sentence          string
	Range             string // the head of the ranges: "Number of faces"
	Share             string // what the shares of things are of
	ShareLargest      string // and those of installations
	ShareOver         string // what the shares of Over are of
	Half              string // the range in which half of the things are, or below; empty: there is none
	Unknown           bool
	Things            []bar
	Largest           []bar
	Columns           []column
	Over              over
}

// ranges is the table of a distribution.
type ranges struct {
	Range, What, Head string
	Bars              []bar
}

func newRanges(of, what string, bars []bar) ranges { return ranges{of, what, capital(what), bars} }

func lastOf(bars []bar) int { return len(bars) - 1 }

// A column is a bar of the small chart on the first screen.
type column struct {
	X, W   string // percent
	Y, H   int    // pixels
	Title  string
	Median bool
}

// columnHeight is the height of the small chart, in pixels.
const columnHeight = 96

// mostSizes bounds the range gauges on the page.
const mostSizes = 4

func (k *maker) sizes() (list []sizes, more string) {
	left := int64(0)
	for i := 0; i < len(k.Gauges); {
		j := i
		for j < len(k.Gauges) && k.Gauges[j].Name == k.Gauges[i].Name {
			j++
		}
		if len(list) < mostSizes {
			list = append(list, k.size(k.Gauges[i:j]))
		} else {
			left++
		}
		i = j
	}
	if left > 0 {
		more = count(left) + plural(left, " more is", " more are") + " in the tables only."
	}
	return list, more
}

func (k *maker) size(ranges []answer.Gauge) sizes {
	m := k.metric(ranges[0].Name)
	s := sizes{Code: clip(m.Name), Text: lede(m)}
	s.One, s.More = things(m)
	s.Title = capital(s.More)
	var values, largest []int64
	var labels []string
	var total, all int64
	for _, g := range ranges {
		values, largest, labels = append(values, g.Things), append(largest, g.Largest), append(labels, g.Range)
		total, all = total+g.Things, all+g.Largest
	}
	known := ranges[0].Known
	s.Unknown = known == 0
	s.Total, s.Sentence = count(total), sentenceOfSizes(s.One, s.More, labels, values)
	if s.Unknown {
		s.Total, s.Sentence = notKnown, "No installation reported this in the window."
	}
	s.Range = rangeHead(m, s.One, s.More)
	s.Share, s.ShareLargest = k.shares(s, total, known)
	s.ShareOver = fmt.Sprintf("Share of the %s of each week; each week: its %s. The newest week: s%s", s.More, days(k.WindowDays), s.Share[1:])
	if at, ok := typical(values); ok {
		s.Half = rangeText(labels[at])
	}
	s.Things = rangeBars(labels, values, total, s.Unknown)
	s.Largest = rangeBars(labels, largest, known, s.Unknown)
	s.Columns = columns(labels, values)
	s.Over = k.over(m.Name, s.More)
	return s
}

// shares says what the shares of things and of installations are of.
func (k *maker) shares(s sizes, total, known int64) (things, installations string) {
	if known == 0 {
		return "Share " + k.of() + ".", "Share " + k.of() + "."
	}
	of := fmt.Sprintf("the %s %s (%s)", count(known), plural(known, "installation that reports them", "installations that report them"), k.of())
	return fmt.Sprintf("Share of %s %s, of %s.", count(total), plural(total, s.One, s.More), of), "Share of " + of + "."
}

// rangeHead is what the ranges of a metric are of, by the key of their label:
// compreface.faces.range is "Number of faces". A key that only names the
// things themselves does not say it.
func rangeHead(m schema.Metric, one, more string) string {
	const bare = "Range"
	if len(m.Attributes) != 1 {
		return bare
	}
	parts := strings.Split(strings.TrimSuffix(m.Attributes[0].Key, ".range"), ".")
	of := clip(strings.ToLower(words(parts[len(parts)-1])))
	if of == "" || of == one || of == more || of == "range" || len(parts) == 1 && parts[0] == m.Attributes[0].Key {
		return bare
	}
	return "Number of " + of
}

// rangeBars are the rows of a distribution: the longest bar is the commonest
// range.
func rangeBars(labels []string, values []int64, of int64, unknown bool) (list []bar) {
	median, has := typical(values)
	var most int64
	for _, v := range values {
		most = max(most, v)
	}
	for i, v := range values {
		b := bar{Text: rangeText(labels[i]), Values: []string{count(v), percent(v, of)}, Width: "0", Unknown: unknown, Median: has && i == median}
		if unknown {
			b.Values = []string{notKnown, ""}
		} else if most > 0 {
			b.Width = width(float64(v) / float64(most))
		}
		list = append(list, b)
	}
	return list
}

func columns(labels []string, values []int64) (list []column) {
	var most, total int64
	for _, v := range values {
		most, total = max(most, v), total+v
	}
	median, has := typical(values)
	for i, v := range values {
		wide := 100 / float64(len(values))
		c := column{X: coordinate(float64(i)*wide + wide*.08), W: coordinate(wide * .84), Median: has && i == median,
			Title: fmt.Sprintf("%s: %s, %s", rangeText(labels[i]), count(v), percent(v, total))}
		if most > 0 {
			c.H = int(float64(columnHeight) * float64(v) / float64(most))
		}
		if v > 0 {
			c.H = max(c.H, 2)
		}
		c.Y = columnHeight - c.H
		list = append(list, c)
	}
	return list
}
