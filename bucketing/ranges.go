package bucketing

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
)

// Faces are the ranges in which CompreFace, a face-recognition server, saves the
// sizes of face collections. Its documentation lists the ranges from 1-10 upwards;
// its examples of saved data show that an empty collection is recorded as "0".
var Faces = New(0, 10, 50, 200, 500, 2_000, 10_000, 50_000, 200_000, 1_000_000)

// Ranges divides the numbers from 0 to [math.MaxInt64] into a closed list of
// labelled ranges. Make one with [New]. The zero value has no ranges and
// refuses every number.
type Ranges struct {
	upper  []int64 // inclusive, rising
	labels []string
	err    error
}

// New returns one range for each upper bound, which is the last number of its range,
// and one more range for all numbers above the last bound. Bounds must rise and must
// not be negative.
//
// New does not panic, so that ranges can be package variables. A faulty list
// gives Ranges that refuse every number; [Ranges.Err] says what is wrong.
func New(upper ...int64) Ranges {
	if len(upper) == 0 {
		return Ranges{err: errors.New("bucketing: no upper bounds: give at least one")}
	}
	r := Ranges{upper: slices.Clone(upper)}
	from := int64(0)
	for i, to := range r.upper {
		switch {
		case to < 0:
			return Ranges{err: fmt.Errorf("bucketing: upper bound %d is negative", to)}
		case i > 0 && to == r.upper[i-1]:
			return Ranges{err: fmt.Errorf("bucketing: upper bound %d is repeated", to)}
		case i > 0 && to < r.upper[i-1]:
			return Ranges{err: fmt.Errorf("bucketing: upper bound %d comes after %d: bounds must rise", to, r.upper[i-1])}
		}
		r.labels = append(r.labels, label(from, to))
		from = to + 1 // overflows only after the last bound, where it is not used
	}
	if last := r.upper[len(r.upper)-1]; last < math.MaxInt64 {
		r.labels = append(r.labels, strconv.FormatInt(last+1, 10)+"+")
	}
	return r
}

func label(from, to int64) string {
	if from == to {
		return strconv.FormatInt(to, 10)
	}
	return strconv.FormatInt(from, 10) + "-" + strconv.FormatInt(to, 10)
}

// Err returns an error that says what is wrong with the bounds given to [New], or nil
// if they are sound.
func (r Ranges) Err() error {
	if r.err == nil && len(r.upper) == 0 {
		return errors.New("bucketing: no ranges: make them with bucketing.New")
	}
	return r.err
}

// Labels returns the label of every range, lowest first. The slice is the
// caller's own.
func (r Ranges) Labels() []string { return slices.Clone(r.labels) }

// Index returns the position in [Ranges.Labels] of the range that n falls in.
// A negative n is in no range: it is an error, and the index is -1.
func (r Ranges) Index(n int64) (int, error) {
	if err := r.Err(); err != nil {
		return -1, err
	}
	if n < 0 {
		return -1, negativeError(n)
	}
	return sort.Search(len(r.upper), func(i int) bool { return n <= r.upper[i] }), nil
}

// Label returns the label of the range that n falls in. A negative n is an
// error, and the label is empty.
func (r Ranges) Label(n int64) (string, error) {
	i, err := r.Index(n)
	if err != nil {
		return "", err
	}
	return r.labels[i], nil
}

// negativeError is a type of its own, so that no text is allocated until the error
// is read.
type negativeError int64

func (n negativeError) Error() string {
	return "bucketing: count " + strconv.FormatInt(int64(n), 10) + " is negative"
}
