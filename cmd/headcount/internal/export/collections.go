package export

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"io"

	"github.com/google/uuid"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/schema"
)

// ThingID is the identifier of the thing with this number in a range. It is a
// hash (a UUID of version 8): the same for the same installation, metric,
// range and number, and of no real thing.
func ThingID(installation [16]byte, metric, rangeLabel string, number int64) uuid.UUID {
	h := sha256.New()
	h.Write([]byte("headcount export collections\x00"))
	h.Write(installation[:])
	for _, s := range []string{metric, rangeLabel} {
		// With its length, so that no two pairs are the same bytes.
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(s))))
		h.Write([]byte(s))
	}
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(number)))
	var id uuid.UUID
	copy(id[:], h.Sum(nil))
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return id
}

// Collections writes a row for each thing of each range, once a day: from the
// newest report of the day that has the metric. The order is by
// installation, then by day, metric and range. Memory does not depend on the
// number of reports or rows.
func Collections(ctx context.Context, w io.Writer, from Source, o Options) (Result, error) {
	held := from.Schema()
	c := &collections{rows: newRows(w, o), held: held, gauges: make([][]int, len(held.Metrics)), now: make([]int64, len(held.Series))}
	for i, in := range o.series(held, schema.RangeGauge) {
		if in {
			metric := held.Series[i].Metric
			c.gauges[metric] = append(c.gauges[metric], i)
		}
	}
	err := from.Reports(ctx, c.report)
	if err == nil {
		err = c.flush()
	}
	if err == nil {
		err = c.w.Flush()
	}
	return c.result, err
}

type collections struct {
	*rows
	held   *schema.Schema
	gauges [][]int // by metric: the exported series of a range gauge
	guid   [16]byte
	on     day.Day
	some   bool    // now holds something to write
	now    []int64 // by series: the newest value of the day
}

func (c *collections) report(r *schema.Report) error {
	if r.Erasure {
		return nil
	}
	c.result.Reports++
	if !c.o.holds(r.Day) {
		return nil
	}
	if r.GUID != c.guid || r.Day != c.on {
		if err := c.flush(); err != nil {
			return err
		}
		c.guid, c.on = r.GUID, r.Day
	}
	for _, series := range c.gauges {
		has := false
		for _, s := range series {
			has = has || r.Value(s) != schema.Absent
		}
		if !has {
			continue // the day's earlier report that has the metric holds
		}
		c.some = true
		for _, s := range series {
			c.now[s] = max(r.Value(s), 0)
		}
	}
	return nil
}

// flush writes the day's things.
func (c *collections) flush() error {
	if !c.some {
		return nil
	}
	var all int64
	for _, n := range c.now {
		all = addUp(all, n)
	}
	if c.fits(all) {
		for _, series := range c.gauges {
			for _, s := range series {
				if err := c.things(s); err != nil {
					return err
				}
			}
		}
	}
	c.some = false
	clear(c.now)
	return nil
}

func (c *collections) things(series int) error {
	metric, label := c.held.Metrics[c.held.Series[series].Metric].Name, c.held.Series[series].Values[0]
	for number := range c.now[series] {
		id := ThingID(c.guid, metric, label, number).String()
		if err := c.write(c.on, c.guid, id, label); err != nil {
			return err
		}
	}
	return nil
}
