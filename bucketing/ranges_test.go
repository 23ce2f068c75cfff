package bucketing_test

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"headcount.example/bucketing"
)

// The seed's list, written out once more and not derived from Faces.
var seedLabels = []string{
	"0", "1-10", "11-50", "51-200", "201-500", "501-2000", "2001-10000",
	"10001-50000", "50001-200000", "200001-1000000", "1000001+",
}

func TestFacesHasTheSeedsLabels(t *testing.T) {
	if got := bucketing.Faces.Labels(); !slices.Equal(got, seedLabels) {
		t.Errorf("labels %q, want %q", got, seedLabels)
	}
	if err := bucketing.Faces.Err(); err != nil {
		t.Error(err)
	}
}

func TestFacesAtBelowAndAboveEveryBound(t *testing.T) {
	for i, bound := range []int64{0, 10, 50, 200, 500, 2000, 10000, 50000, 200000, 1000000} {
		for n, want := range map[int64]int{bound - 1: i, bound: i, bound + 1: i + 1} {
			if n == -1 {
				continue // below the first bound: TestNegative
			}
			label, err := bucketing.Faces.Label(n)
			if err != nil || label != seedLabels[want] {
				t.Errorf("Label(%d) = %q, %v; want %q", n, label, err, seedLabels[want])
			}
			index, err := bucketing.Faces.Index(n)
			if err != nil || index != want {
				t.Errorf("Index(%d) = %d, %v; want %d", n, index, err, want)
			}
		}
	}
	if label, err := bucketing.Faces.Label(math.MaxInt64); err != nil || label != "1000001+" {
		t.Errorf("Label(MaxInt64) = %q, %v", label, err)
	}
}

func TestNegative(t *testing.T) {
	for _, n := range []int64{-1, -2, math.MinInt64} {
		index, err := bucketing.Faces.Index(n)
		if index != -1 || err == nil || !strings.Contains(err.Error(), strconv.FormatInt(n, 10)) {
			t.Errorf("Index(%d) = %d, %v; want -1 and an error that names the count", n, index, err)
		}
		if label, err := bucketing.Faces.Label(n); label != "" || err == nil {
			t.Errorf("Label(%d) = %q, %v; want an error", n, label, err)
		}
	}
}

func TestBoundsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		upper []int64
		names string
	}{
		"none":           {nil, "no upper bounds"},
		"negative":       {[]int64{-1, 5}, "-1 is negative"},
		"negative later": {[]int64{5, -3}, "-3 is negative"},
		"repeated":       {[]int64{0, 10, 10}, "10 is repeated"},
		"unsorted":       {[]int64{0, 50, 10}, "10 comes after 50"},
	} {
		t.Run(name, func(t *testing.T) {
			r := bucketing.New(test.upper...)
			if r.Err() == nil || !strings.Contains(r.Err().Error(), test.names) {
				t.Errorf("error %v, want it to say %q", r.Err(), test.names)
			}
			if len(r.Labels()) != 0 {
				t.Errorf("labels %q, want none", r.Labels())
			}
			if _, err := r.Label(1); err == nil {
				t.Error("faulty ranges put a number in a range")
			}
		})
	}
}

func TestZeroValueRefuses(t *testing.T) {
	var r bucketing.Ranges
	if r.Err() == nil {
		t.Error("the zero value has no error")
	}
	if _, err := r.Index(1); err == nil {
		t.Error("the zero value put a number in a range")
	}
}

func TestLargestBoundHasNoRangeAbove(t *testing.T) {
	r := bucketing.New(0, math.MaxInt64)
	if want := []string{"0", "1-9223372036854775807"}; !slices.Equal(r.Labels(), want) {
		t.Errorf("labels %q, want %q", r.Labels(), want)
	}
	below := bucketing.New(math.MaxInt64 - 1)
	if label, err := below.Label(math.MaxInt64); err != nil || label != "9223372036854775807+" {
		t.Errorf("Label(MaxInt64) = %q, %v", label, err)
	}
}

func TestCallerCannotChangeRanges(t *testing.T) {
	bounds := []int64{0, 10}
	r := bucketing.New(bounds...)
	bounds[1] = 99
	r.Labels()[0] = "changed"
	if label, _ := r.Label(11); label != "11+" {
		t.Errorf("Label(11) = %q after the caller changed its own slice", label)
	}
	if r.Labels()[0] != "0" {
		t.Error("the caller changed a label")
	}
}

func TestNoAllocation(t *testing.T) {
	n := int64(0)
	if allocs := testing.AllocsPerRun(1000, func() {
		n += 997
		bucketing.Faces.Index(n)
		bucketing.Faces.Label(n)
		bucketing.Faces.Label(-1 - n%200)
	}); allocs > 1 { // the boxed error of the refused number
		t.Errorf("%v allocations per call", allocs)
	}
	if allocs := testing.AllocsPerRun(1000, func() { n += 997; bucketing.Faces.Label(n) }); allocs != 0 {
		t.Errorf("%v allocations per accepted call", allocs)
	}
}

// The oracle reads the label back into a range and checks that the number is
// in it, and that it is the only such label.
func FuzzLabel(f *testing.F) {
	f.Add(int64(0), int64(10), int64(50), int64(11))
	f.Add(int64(5), int64(5), int64(7), int64(-1))
	f.Add(int64(0), int64(1), int64(math.MaxInt64), int64(math.MaxInt64))
	f.Add(int64(-1), int64(3), int64(2), int64(2))
	f.Fuzz(func(t *testing.T, a, b, c, n int64) {
		r := bucketing.New(a, b, c)
		sound := a >= 0 && a < b && b < c
		if sound != (r.Err() == nil) {
			t.Fatalf("New(%d, %d, %d): %v", a, b, c, r.Err())
		}
		label, err := r.Label(n)
		if !sound || n < 0 {
			if err == nil {
				t.Fatalf("Label(%d) = %q, want an error", n, label)
			}
			return
		}
		holding := []string{}
		for _, l := range r.Labels() {
			if from, to := parse(t, l); from <= n && n <= to {
				holding = append(holding, l)
			}
		}
		if err != nil || len(holding) != 1 || holding[0] != label {
			t.Fatalf("Label(%d) = %q, %v; the labels that hold it: %q", n, label, err, holding)
		}
	})
}

func parse(t *testing.T, label string) (from, to int64) {
	t.Helper()
	number := func(s string) int64 {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			t.Fatalf("label %q: %v", label, err)
		}
		return n
	}
	if open, ok := strings.CutSuffix(label, "+"); ok {
		return number(open), math.MaxInt64
	}
	if low, high, ok := strings.Cut(label, "-"); ok {
		return number(low), number(high)
	}
	return number(label), number(label)
}

func BenchmarkLabel(b *testing.B) {
	for i := range int64(b.N) {
		bucketing.Faces.Label(i)
	}
}

func ExampleNew() {
	r := bucketing.New(0, 10, 50)
	fmt.Println(r.Labels())
	label, _ := r.Label(7)
	index, _ := r.Index(7)
	fmt.Println(label, index)
	_, err := r.Label(-1)
	fmt.Println(err)
	// Output:
	// [0 1-10 11-50 51+]
	// 1-10 1
	// bucketing: count -1 is negative
}

func ExampleRanges_Err() {
	fmt.Println(bucketing.New(0, 50, 10).Err())
	// Output: bucketing: upper bound 10 comes after 50: bounds must rise
}
