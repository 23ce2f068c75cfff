// Package bucketing turns an exact number into a range, so that the exact
// number never has to leave.
//
//	faces := bucketing.New(0, 10, 50)
//	faces.Labels()    // ["0" "1-10" "11-50" "51+"]
//	faces.Label(7)    // "1-10", nil
//	faces.Label(-1)   // "", an error: a negative count is not a count
//
// A [Ranges] covers every number from 0 to the largest int64 without a gap
// and without an overlap. It is an immutable value: copy it, share it, use it
// from any number of goroutines. Looking up a number allocates nothing.
//
// The package is pure: it keeps no state, reads nothing and imports nothing
// of Headcount.
package bucketing
