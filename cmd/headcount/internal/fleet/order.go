package fleet

import "math/rand/v2"

// An order puts the points of a metric into an order as the Collector does.
// Its transform processor takes them from a Go map (aggregate_on_attributes).
// Up to eight keys are taken in the order of their insertion, from a slot
// that is drawn: 5 of 8 metrics with three points are in the declared order.
// More than eight keys are in no order. The zero value keeps the order.
type order struct{ rng *rand.Rand }

const slots = 8 // of a group of Go's maps

func newOrder(seed uint64) order { return order{rand.New(rand.NewPCG(seed, 0x6f72646572))} }

func (o order) of(points []int) {
	switch n := len(points); {
	case o.rng == nil || n < 2:
	case n > slots:
		o.rng.Shuffle(n, func(i, j int) { points[i], points[j] = points[j], points[i] })
	default:
		if by := o.rng.IntN(slots); by < n {
			rotate(points, by)
		}
	}
}

// rotate moves the first points to the end.
func rotate(points []int, by int) {
	var first [slots]int
	copy(first[:], points[:by])
	copy(points, points[by:])
	copy(points[len(points)-by:], first[:by])
}
