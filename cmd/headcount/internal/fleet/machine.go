package fleet

import (
	"math"
	"math/rand/v2"
	"time"

	"headcount.example/cmd/headcount/internal/day"
)

// never is a day that does not come.
const never = math.MaxInt32

// A machine sends reports. Two machines can have one identifier: a clone.
// Days are counted from the fleet's first.
type machine struct {
	guid  [16]byte
	rate  float32 // how busy it is
	of    int32   // the machine whose identifier it has; itself, if it is no clone
	join  int32   // first day
	gone  int32   // first day without reports
	back  int32   // first day with reports again
	erase int32   // day of the request to erase
	rhythm
	noSizes bool // has none of what the range gauges count
	older   bool // a version of the product without the last counter
	cloned  bool // another machine has the same identifier
	begun   bool // had a report
}

// A rhythm is how likely a report is on a weekday.
type rhythm uint8

const (
	server rhythm = iota // runs always
	office               // rests at the weekend
	lab                  // runs now and then
)

func (r rhythm) likely(on time.Weekday) float64 {
	switch {
	case r == lab:
		return 0.25
	case r == server:
		return 0.97
	case on == time.Saturday || on == time.Sunday:
		return 0.12
	}
	return 0.93
}

// newMachine draws the life of a machine over a number of days. More join
// later than sooner, a tenth is seen only once, and some that leave return.
func newMachine(rng *rand.Rand, at int32, days int) machine {
	m := machine{of: at, erase: never, back: never}
	for i := 0; i < 16; i += 8 {
		for j, n := 0, rng.Uint64(); j < 8; j++ {
			m.guid[i+j] = byte(n >> (8 * j))
		}
	}
	m.guid[6], m.guid[8] = m.guid[6]&0x0f|0x40, m.guid[8]&0x3f|0x80
	m.rate = float32(min(0.1/math.Pow(1-rng.Float64(), 0.9), 2000))
	m.join = int32(float64(days) * math.Pow(rng.Float64(), 0.6))
	switch n := rng.IntN(100); {
	case n < 10:
		m.gone = m.join + 1
	case n < 40:
		m.gone = m.join + 1 + int32(rng.ExpFloat64()*25)
	default:
		m.gone = m.join + 20 + int32(rng.ExpFloat64()*400)
	}
	if rng.IntN(3) == 0 {
		m.back = m.gone + 5 + rng.Int32N(70)
	}
	switch n := rng.IntN(10); {
	case n < 2:
		m.rhythm = office
	case n < 3:
		m.rhythm = lab
	}
	m.noSizes = rng.IntN(20) == 0
	m.older = rng.IntN(8) == 0
	return m
}

// move moves a machine's life by so many days.
func (m *machine) move(days int32) {
	m.join, m.gone = m.join+days, m.gone+days
	if m.back != never {
		m.back += days
	}
}

// reports is whether the machine has a report on a day.
func (m *machine) reports(rng *rand.Rand, on int32, first day.Day) bool {
	if on < m.join || on >= m.gone && on < m.back {
		return false
	}
	return on == m.join || rng.Float64() < m.likely((first+day.Day(on)).Time().Weekday())
}
