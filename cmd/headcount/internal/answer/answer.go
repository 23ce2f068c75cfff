// Package answer computes what the vendor wants to know from the tables of
// package figures, for any day and any window, and holds the form of the
// answer. The JSON keys are a contract: keys are added, never changed.
package answer

import (
	"headcount.example/cmd/headcount/internal/day"
)

// An Answer is the whole report. All figures are as of the end of AsOf; what
// is later does not exist. Shares are of Denominator.
type Answer struct {
	Product       string        `json:"product"`
	AsOf          day.Day       `json:"as_of"`
	WindowDays    int           `json:"window_days"`
	WindowFrom    day.Day       `json:"window_from"` // first day of the window
	Denominator   int64         `json:"denominator"` // installations that opted in and reported in the window
	Installations Installations `json:"installations"`
	Window        Window        `json:"window"`
	Counters      []Counter     `json:"counters"`
	Gauges        []Gauge       `json:"gauges"`
	Activity      []Activity    `json:"activity"` // one a day, from the first day with a report to AsOf
	SizesOverTime []Sizes       `json:"sizes_over_time"`
	Cohorts       []Cohort      `json:"cohorts"`
	Input         Input         `json:"input"`
	Health        Health        `json:"health"`
}

// Installations are counted as docs/analysts.md says. The number in a name is
// the days of its window, which need not be the one of the answer.
type Installations struct {
	Active1d    int64 `json:"active_1d"`
	Active7d    int64 `json:"active_7d"`
	Active28d   int64 `json:"active_28d"`
	New28d      int64 `json:"new_28d"`
	Returned28d int64 `json:"returned_28d"`
	Churned28d  int64 `json:"churned_28d"`
	SeenOneDay  int64 `json:"seen_one_day"`
	Erased      int64 `json:"erased"`
	Ever        int64 `json:"ever"`
}

// Window is the same over the window of the answer.
type Window struct {
	Active   int64 `json:"active"`
	New      int64 `json:"new"`
	Returned int64 `json:"returned"`
	Churned  int64 `json:"churned"`
	Before   Maybe `json:"before"` // active in the window before; null where reports do not reach back over it
}

// A Counter is one series of a counter.
type Counter struct {
	Name          string            `json:"name"`
	Labels        map[string]string `json:"labels"`
	Total         int64             `json:"total"`         // sum of the largest totals of all installations ever seen
	New28d        int64             `json:"new_28d"`       // of it, new in 28 days
	New           int64             `json:"new"`           // of it, new in the window
	Installations int64             `json:"installations"` // of all ever seen, with a total above 0
	Active        int64             `json:"active"`        // of the denominator, with a total above 0
	Share         *float64          `json:"share"`         // Active / Denominator; null: not known
}

// A Gauge is one range of a range gauge.
type Gauge struct {
	Name          string   `json:"name"`
	Range         string   `json:"range"`
	Things        int64    `json:"things"`        // things in the range
	Installations int64    `json:"installations"` // installations with at least one
	Largest       int64    `json:"largest"`       // installations whose largest thing is in the range
	Known         int64    `json:"known"`         // of the denominator, installations that reported this metric in the window
	Share         *float64 `json:"share"`         // Installations / Denominator; null: not known

	// ShareOfThings is Things / the things of all ranges; null: not known.
	ShareOfThings *float64 `json:"share_of_things"`
}

// Activity is how many installations were active in the 1, 7 and 28 days to a
// day, and how many had their first report on it.
type Activity struct {
	Day       day.Day `json:"day"`
	Active1d  int64   `json:"active_1d"`
	Active7d  int64   `json:"active_7d"`
	Active28d int64   `json:"active_28d"`
	New       int64   `json:"new"`
}

// Sizes is the distribution of one range gauge as of a day, in the order of
// its ranges, for the window of the answer.
type Sizes struct {
	Name          string   `json:"name"`
	Day           day.Day  `json:"day"`
	Ranges        []string `json:"ranges"`
	Things        []int64  `json:"things"`
	Installations []int64  `json:"installations"`
	Largest       []int64  `json:"largest"`
	Known         int64    `json:"known"`
}

// A Cohort is the installations whose first report was in one week. Active
// holds, for that week and each complete week after it, how many of them
// reported; its first value is the size of the cohort. Weeks begin on Monday.
type Cohort struct {
	Week   day.Day `json:"week"`
	Active []int64 `json:"active"`
}

// Input is what was read. Torn and Refused are of all that was read, the
// others of days to AsOf and of installations that are not erased.
type Input struct {
	Reports    int64 `json:"reports"`
	Duplicates int64 `json:"duplicates"`
	Torn       int64 `json:"torn"`
	Refused    int64 `json:"refused"`
	WentBack   int64 `json:"went_back"`
}

// Health says how the pipeline is.
type Health struct {
	NewestReport  *day.Day         `json:"newest_report"`    // to AsOf; null: there is none
	AgeDays       *int64           `json:"age_days"`         // from the newest report to AsOf
	FirstReport   *day.Day         `json:"first_report"`     // of all, also later than AsOf; null: there is none
	LaterThanAsOf int64            `json:"later_than_as_of"` // reports that AsOf leaves out
	Kinds         map[string]int64 `json:"kinds"`            // what was torn or refused, by kind
	LateErased    int64            `json:"late_erased"`      // reports of erased installations that were kept out
	Days          []DayHealth      `json:"days"`             // the last 28 days to AsOf
	Pending       int64            `json:"pending_erasures"` // requests that headcount erase has not carried out
	Findings      []string         `json:"findings"`         // what is wrong, each in a sentence
}

// StaleDays is how many days the newest report may be older than AsOf before
// that is said.
const StaleDays = 2

// Stale is whether there is a newest report, and it is older than that.
func (h Health) Stale() bool { return h.AgeDays != nil && *h.AgeDays > StaleDays }

// DayHealth is what was accepted on a day.
type DayHealth struct {
	Day        day.Day `json:"day"`
	Reports    int64   `json:"reports"`
	Duplicates int64   `json:"duplicates"`
	WentBack   int64   `json:"went_back"`
}

// Known is what the archive knows beside the tables of figures.
type Known struct {
	Erased     int64            // installations with a request to erase
	Pending    int64            // of them, not yet carried out
	Kinds      map[string]int64 // torn and refused, by kind
	LateErased int64
}

// Kinds of what is not a report of the catalog. The first ones are torn, the
// others refused.
const (
	Torn           = "torn"             // a piece of a report
	Foreign        = "foreign"          // not a report at all
	BadGUID        = "bad_install_guid" // no install_guid, or not a UUID of version 4
	UnknownMetric  = "unknown_metric"
	UnknownLabel   = "unknown_label"
	WrongKind      = "wrong_kind"      // a metric as a type that the catalog does not say
	AbsurdValue    = "absurd_value"    // negative, not an integer, or above the catalog's largest
	WrongDay       = "wrong_day"       // before 2020 or after 2099
	TooOld         = "too_old"         // of a month of which the archive keeps sums only
	NoPoints       = "no_points"       // no statistic at all
	UnwantedExtras = "unwanted_extras" // attributes, texts or fields that the Collector's configuration removes
)
