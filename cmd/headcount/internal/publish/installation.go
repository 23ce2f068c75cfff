package publish

import (
	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/schema"
)

// An installation is what is known of one while its reports are read. The
// rules are those of package figures.
type installation struct {
	plan    *plan
	days    []day.Day
	next    int      // the next of days to be closed
	on      [][]bool // by day: the bits of that day
	recent  []bool   // by day: a report in the window that ends with it
	earlier []bool   // by day: a report in the window before that
	first   day.Day
	used    [][]bool // by metric and series: total above 0
	place   []int    // by gauge metric: the cell of the newest report that has it
	seen    []day.Day
}

func newInstallation(p *plan, days []day.Day) *installation {
	i := &installation{plan: p, days: days, recent: make([]bool, len(days)), earlier: make([]bool, len(days)),
		place: make([]int, len(p.metrics)), seen: make([]day.Day, len(p.metrics))}
	for range days {
		i.on = append(i.on, make([]bool, p.bits()))
	}
	for _, m := range p.metrics {
		i.used = append(i.used, make([]bool, len(m.series)))
	}
	i.reset()
	return i
}

func (i *installation) reset() {
	i.next, i.first = 0, day.None
	clear(i.recent)
	clear(i.earlier)
	for m := range i.used {
		clear(i.used[m])
		i.seen[m] = day.None
	}
	for _, bits := range i.on {
		clear(bits)
	}
}

// add takes the next report.
func (i *installation) add(r *schema.Report) {
	for i.next < len(i.days) && r.Day > i.days[i.next] {
		i.closeDay()
	}
	if i.next == len(i.days) {
		return // later than the as-of
	}
	if i.first == day.None {
		i.first = r.Day
	}
	for at, d := range i.days[i.next:] {
		switch at += i.next; {
		case r.Day > d-Window:
			i.recent[at] = true
		case r.Day > d-2*Window:
			i.earlier[at] = true
		}
	}
	for m, x := range i.plan.metrics {
		i.take(r, m, x)
	}
}

// none is the cell of an installation that has nothing in any range. The cell
// after it is of those of which the range is not known.
func (x *metric) none() int { return x.first + x.listed }

// cell is the cell of a place in series.
func (x *metric) cell(at int) int {
	if at < x.listed {
		return x.first + at
	}
	return x.none() + 1
}

// take reads one metric of a report.
func (i *installation) take(r *schema.Report, m int, x metric) {
	has, largest := false, x.none()
	for _, at := range x.order {
		if x.series[at] < 0 {
			continue
		}
		v := r.Value(x.series[at])
		has = has || v != schema.Absent
		if v > 0 {
			i.used[m][at], largest = true, x.cell(at)
		}
	}
	if has {
		i.seen[m], i.place[m] = r.Day, largest
	}
}

// closeDay writes down what the installation is on the next of the days.
func (i *installation) closeDay() {
	at := i.next
	i.next++
	d, on := i.days[at], i.on[at]
	on[leftCell] = i.earlier[at] && !i.recent[at]
	if !i.recent[at] {
		return
	}
	on[activeCell] = true
	on[newCell] = i.first > d-Window
	on[returnedCell] = !on[newCell] && !i.earlier[at]
	on[continuingCell] = !on[newCell] && i.earlier[at]
	for m, x := range i.plan.metrics {
		if !x.gauge {
			for at, used := range i.used[m] {
				on[x.first+at], on[i.plan.without(x.first+at)] = used, !used
			}
			on[i.plan.reported(m)] = i.seen[m] != day.None
			continue
		}
		// A size holds for the window of its report, a total for ever.
		known := i.seen[m] > d-Window && i.seen[m] != day.None
		on[i.plan.reported(m)] = known
		if known {
			on[i.place[m]] = true
		} else {
			on[x.none()+1] = true
		}
	}
}

// finish closes the days that are left.
func (i *installation) finish() [][]bool {
	for i.next < len(i.days) {
		i.closeDay()
	}
	return i.on
}
