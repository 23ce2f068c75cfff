package publish

import (
	"headcount.example/cmd/headcount/internal/day"
)

// SchemaVersion is the version of stats.json. Keys are added to a version,
// never changed.
const SchemaVersion = 1

// A Status says how a figure is to be read.
type Status string

const (
	Shown      Status = "shown"      // Installations is the rounded figure
	NearlyAll  Status = "nearly_all" // fewer than Threshold active installations are not in it; Installations is that of the active ones
	Suppressed Status = "suppressed" // there is a figure, and it is not shown
	Zero       Status = "zero"       // not one installation
	Missing    Status = "missing"    // not one installation reported the metric: not known
)

// Stats is stats.json, and what every other file is rendered from.
type Stats struct {
	SchemaVersion int      `json:"schema_version"`
	Product       string   `json:"product"` // empty without a catalog
	Preview       bool     `json:"preview"`
	AsOf          day.Day  `json:"as_of"`
	WindowDays    int      `json:"window_days"`
	PeriodDays    int      `json:"period_days"`
	Method        Method   `json:"method"`
	Caveats       []string `json:"caveats"`
	Active        Figure   `json:"active"` // the headline
	Tables        []Table  `json:"tables"`
	History       []Point  `json:"history"` // headlines as they were published, oldest first
}

// Method holds the numbers of the rules.
type Method struct {
	SuppressedBelow int `json:"suppressed_below"`
	RoundedTo       int `json:"rounded_to"`
	ChangesToRenew  int `json:"changes_to_renew"`
}

// A Kind says how the figures of a table relate.
type Kind string

const (
	Parts Kind = "parts" // each active installation is in exactly one
	Any   Kind = "any"   // an installation may be in several, or in none
	Apart Kind = "apart" // of installations that are not among the active ones
)

// A Table is figures that belong together.
type Table struct {
	ID          string   `json:"id"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Kind        Kind     `json:"kind"`
	Figures     []Figure `json:"figures"`
}

// A Figure is a number of installations.
type Figure struct {
	ID            string   `json:"id"`
	Label         string   `json:"label"`
	Status        Status   `json:"status"`
	Installations *int64   `json:"installations"` // null: suppressed or missing
	Share         *float64 `json:"share"`         // of the headline, from published figures alone; null: not known
	AsOf          day.Day  `json:"as_of"`         // of its last renewal
}

// A Point is a headline as it was published.
type Point struct {
	AsOf          day.Day `json:"as_of"`
	Status        Status  `json:"status"`
	Installations *int64  `json:"installations"`
}

var caveats = []string{
	"Only installations that opted in and reported are counted. How many there are beside them is not known.",
	"Figures are rounded, so the parts of a table need not add up to its total.",
	"A figure keeps its date until enough installations have changed. Figures of one page can have different dates.",
	"Reports are not authenticated. A sender can report as many installations that do not exist.",
}

// shown returns the published number of a figure, 0 where there is none.
func (f *Figure) shown() int64 {
	if f.Installations == nil {
		return 0
	}
	return *f.Installations
}

// hide suppresses a figure. Its date stays: what was shown is as of then.
func (f *Figure) hide() { f.Status, f.Installations, f.Share = Suppressed, nil, nil }

func (f *Figure) set(s Status, n int64) { f.Status, f.Installations = s, &n }
