package publish

import (
	"context"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/figures"
	"headcount.example/cmd/headcount/internal/schema"
)

// A Source gives the reports of an archive. *archive.Archive is one.
type Source interface {
	Schema() *schema.Schema
	// Tables are the figures by day. Those of days whose reports have been
	// pruned are among them.
	Tables(ctx context.Context) (*figures.Tables, error)
	// Reports calls do for every report that is not erased, installation by
	// installation, and each one's in the order of their days.
	Reports(ctx context.Context, do func(*schema.Report) error) error
}

// A tally counts installations by cell. Its size does not depend on how many
// installations there are.
type tally struct {
	now     []int64 // by bit: yes as of the last day
	then    []int64 // by bit: yes as of the day of since
	changed []int64 // by bit: no then and yes now, or the reverse
	lately  []int64 // the same since the page published last
	oldest  day.Day // of all reports; day.None where there is none
}

// A comparison says which days installations are looked at.
type comparison struct {
	days  []day.Day // ascending; the as-of is the last
	since []int     // by bit: the place in days of the day to compare with, or -1
	page  int       // the place of the as-of of the page published last, or -1
}

// count reads all reports.
func count(ctx context.Context, src Source, p *plan, with comparison) (*tally, error) {
	days := with.days
	t := &tally{now: make([]int64, p.bits()), then: make([]int64, p.bits()), changed: make([]int64, p.bits()), lately: make([]int64, p.bits()),
		oldest: day.None}
	one := newInstallation(p, days)
	started := false
	var guid [16]byte
	err := src.Reports(ctx, func(r *schema.Report) error {
		if r.Erasure {
			return nil
		}
		if !started || r.GUID != guid {
			if started {
				t.add(one.finish(), with)
			}
			one.reset()
			started, guid = true, r.GUID
		}
		if t.oldest == day.None || r.Day < t.oldest {
			t.oldest = r.Day
		}
		one.add(r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if started {
		t.add(one.finish(), with)
	}
	return t, nil
}

// add counts one installation, given what it is on each of the days.
func (t *tally) add(on [][]bool, with comparison) {
	now := on[len(on)-1]
	for i, yes := range now {
		if yes {
			t.now[i]++
		}
	}
	for c, at := range with.since {
		if at < 0 {
			continue
		}
		if on[with.page][c] != now[c] {
			t.lately[c]++
		}
		if on[at][c] {
			t.then[c]++
		}
		if on[at][c] != now[c] {
			t.changed[c]++
		}
	}
}
