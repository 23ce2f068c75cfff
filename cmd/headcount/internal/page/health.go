package page

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"headcount.example/cmd/headcount/internal/answer"
)

// health says how complete the figures are.
type health struct {
	Verdict  string
	Findings []string
	Newest   fact
	Later    string // reports that are left out
	Facts    []fact
	Kinds    []kind
	Columns  []column
	X        []mark
	Most     string
	Days     []dayRow // newest first
	Download download
}

type kind struct{ Text, Code, Count string }

type dayRow struct{ Day, Reports, Duplicates, WentBack string }

// kinds are the words for what was not accepted.
var kinds = map[string]string{
	answer.Torn:           "Pieces of a report, cut off while it was written",
	answer.Foreign:        "Lines that are not a report",
	answer.BadGUID:        "Reports without a valid installation identifier",
	answer.UnknownMetric:  "Reports with a statistic that is not in the catalog",
	answer.UnknownLabel:   "Reports with a label that is not in the catalog",
	answer.WrongKind:      "Reports with a statistic of the wrong type",
	answer.AbsurdValue:    "Reports with a value that cannot be true",
	answer.WrongDay:       "Reports with a day before 2020 or after 2099",
	answer.TooOld:         "Reports of a month of which only sums are kept",
	answer.NoPoints:       "Reports without a statistic",
	answer.UnwantedExtras: "Reports with extras that the Collector should remove",
}

func (k *maker) health() health {
	h := health{Verdict: capital(k.Health.Verdict()), Download: k.download("health"), Newest: fact{Name: "Newest report", Value: notKnown, Note: "there is no report"}}
	for _, f := range k.Health.Findings {
		h.Findings = append(h.Findings, capital(f)+".")
	}
	if d := k.Health.NewestReport; d != nil {
		h.Newest.Value, h.Newest.Note = long(*d), age(int64(k.AsOf-*d))
	}
	if n := k.Health.LaterThanAsOf; n > 0 {
		h.Later = fmt.Sprintf("%s later than %s, and left out.", count(n)+plural(n, " report is", " reports are"), long(k.AsOf))
	}
	h.Facts = []fact{
		{Name: "Reports read", Value: count(k.Input.Reports), Note: "of installations that are not erased"},
		{Name: "Duplicates", Value: count(k.Input.Duplicates), Note: "a second report of an installation on one day; harmless"},
		{Name: "Went back", Value: count(k.Input.WentBack), Note: "a total below an earlier one, as after a restored backup; nothing is subtracted"},
		{Name: "Unreadable", Value: count(k.Input.Torn), Note: fmt.Sprintf("%s torn, %s foreign; of all that was read", count(k.Health.Kinds[answer.Torn]), count(k.Health.Kinds[answer.Foreign]))},
		{Name: "Refused", Value: count(k.Input.Refused), Note: "reports that are not as the catalog says; of all that was read"},
		{Name: "Seen on one day only", Value: count(k.Installations.SeenOneDay), Note: "of " + count(k.Installations.Ever) + " ever seen; trials, and clones that start anew"},
		{Name: "Erased on request", Value: count(k.Installations.Erased), Note: erased(k.Health.LateErased)},
		{Name: "Erasures to carry out", Value: count(k.Health.Pending), Note: pending(k.Health.Pending)},
	}
	for code, n := range k.Health.Kinds {
		h.Kinds = append(h.Kinds, kind{cmp.Or(kinds[code], "Other"), clip(code), count(n)})
	}
	slices.SortFunc(h.Kinds, func(a, b kind) int { return cmp.Compare(a.Code, b.Code) })
	h.days(k.Health.Days)
	return h
}

func age(days int64) string {
	if days == 0 {
		return "the last day of the window: up to date"
	}
	return count(days) + plural(days, " day", " days") + " before the end of the window"
}

func erased(late int64) string {
	note := "in no other figure, and not among the churned"
	if late > 0 {
		note += fmt.Sprintf("; %s of them %s kept out", count(late)+plural(late, " later report", " later reports"), plural(late, "was", "were"))
	}
	return note
}

func pending(n int64) string {
	if n == 0 {
		return "none is waiting"
	}
	return "run headcount erase; their figures are left out already"
}

// healthHeight is the height of the chart of reports a day.
const healthHeight = 72

func (h *health) days(list []answer.DayHealth) {
	var most int64
	for _, d := range list {
		most = max(most, d.Reports)
	}
	if most == 0 {
		return
	}
	h.Most = count(most)
	wide := 100 / float64(len(list))
	for i, d := range list {
		c := column{X: coordinate((float64(i) + .1) * wide), W: coordinate(wide * .8), Title: fmt.Sprintf("%s: %s, %s duplicates, %s went back",
			brief(d.Day), count(d.Reports)+plural(d.Reports, " report", " reports"), count(d.Duplicates), count(d.WentBack))}
		c.H = int(math.Ceil(healthHeight * float64(d.Reports) / float64(most)))
		c.Y = healthHeight - c.H
		h.Columns = append(h.Columns, c)
		h.Days = append([]dayRow{{d.Day.String(), count(d.Reports), count(d.Duplicates), count(d.WentBack)}}, h.Days...)
	}
	h.X = []mark{{X: "0", Anchor: "start", Text: brief(list[0].Day)}, {X: "100", Anchor: "end", Text: brief(list[len(list)-1].Day)}}
}
