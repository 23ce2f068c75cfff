package fleet

import (
	"fmt"
	"slices"
	"testing"
)

func TestOrder(t *testing.T) {
	o := newOrder(1)
	for n := range 12 {
		seen := map[string]int{}
		for range 2000 {
			points := make([]int, n)
			for i := range points {
				points[i] = i
			}
			o.of(points)
			seen[fmt.Sprint(points)]++
			for i, at := range slices.Sorted(slices.Values(points)) {
				if at != i {
					t.Fatalf("got %v, want each of %d points", points, n)
				}
			}
			if at := slices.Index(points, 0); n > 0 && n <= slots {
				rotate(points, at)
				if !slices.IsSorted(points) {
					t.Fatalf("%d points: got %v, want a rotation", n, points)
				}
			}
		}
		if want := max(n, 1); n <= slots && len(seen) != want || n > slots && len(seen) < 1900 {
			t.Errorf("%d points: got %d orders", n, len(seen))
		}
	}
	points := []int{3, 1, 2}
	order{}.of(points)
	if !slices.Equal(points, []int{3, 1, 2}) {
		t.Errorf("the zero value: got %v", points)
	}
}
