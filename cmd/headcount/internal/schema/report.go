package schema

import "headcount.example/cmd/headcount/internal/day"

// Absent stands for a series that a report does not have.
const Absent int64 = -1

// A Report is what one installation sent in one request: the truth that
// everything else is derived from.
type Report struct {
	GUID    [16]byte // install_guid, a UUID of version 4
	Day     day.Day  // as the Collector stamped it
	Erasure bool     // a request to erase; it has no values
	Values  []int64  // by the number of the series, Absent where there is none; may be shorter than Schema.Series
}

// Value returns the value of a series, or Absent.
func (r *Report) Value(series int) int64 {
	if series >= len(r.Values) {
		return Absent
	}
	return r.Values[series]
}
