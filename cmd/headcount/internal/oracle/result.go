package oracle

// A Result has the JSON keys of the contract, and some more that package
// answer has too.
type Result struct {
	Product       string        `json:"product"`
	AsOf          string        `json:"as_of"`
	WindowDays    int           `json:"window_days"`
	WindowFrom    string        `json:"window_from"`
	Denominator   int64         `json:"denominator"`
	Installations Installations `json:"installations"`
	Window        Window        `json:"window"`
	Counters      []Counter     `json:"counters"`
	Gauges        []Gauge       `json:"gauges"`
	Activity      []Activity    `json:"activity"`
	Cohorts       []Cohort      `json:"cohorts"`
	Input         Input         `json:"input"`

	compute *computer
}

// Installations are the counts of installations.
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

// Window is the same over the window that was asked for.
type Window struct {
	Active   int64 `json:"active"`
	New      int64 `json:"new"`
	Returned int64 `json:"returned"`
	Churned  int64 `json:"churned"`
}

// A Counter is one series of a counter.
type Counter struct {
	Name          string            `json:"name"`
	Labels        map[string]string `json:"labels"`
	Total         int64             `json:"total"`
	New28d        int64             `json:"new_28d"`
	New           int64             `json:"new"`
	Installations int64             `json:"installations"`
	Active        int64             `json:"active"`
}

// A Gauge is one range of a range gauge.
type Gauge struct {
	Name          string `json:"name"`
	Range         string `json:"range"`
	Things        int64  `json:"things"`
	Installations int64  `json:"installations"`
	Largest       int64  `json:"largest"`
	Known         int64  `json:"known"`
}

// Activity is one day.
type Activity struct {
	Day       string `json:"day"`
	Active1d  int64  `json:"active_1d"`
	Active7d  int64  `json:"active_7d"`
	Active28d int64  `json:"active_28d"`
	New       int64  `json:"new"`
}

// A Cohort is the installations whose first report was in one week.
type Cohort struct {
	Week   string  `json:"week"`
	Active []int64 `json:"active"`
}

// Input is what was read.
type Input struct {
	Reports    int64 `json:"reports"`
	Duplicates int64 `json:"duplicates"`
	Torn       int64 `json:"torn"`
	Refused    int64 `json:"refused"`
	WentBack   int64 `json:"went_back"`
}
