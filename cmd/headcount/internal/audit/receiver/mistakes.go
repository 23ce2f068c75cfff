package receiver

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"headcount.example/cmd/headcount/internal/audit"
	"headcount.example/cmd/headcount/internal/audit/corpus"
)

// few reports are sent around each kill and mistake.
const few = 20

// kills ends the Collector as a power cut of the process does, right after it
// acknowledged reports, and starts it again.
func (i *inspection) kills(ctx context.Context, c *collector) error {
	before, lost := i.sent, i.missing(i.sent)
	if err := c.again(ctx); err != nil {
		return err
	}
	list := i.fireValid(ctx, few)
	c.kill()
	if err := c.again(ctx); err != nil {
		return err
	}
	i.arrived = map[audit.Row]bool{} // only what is still there counts
	if err := i.wait(ctx, c, list); err != nil {
		return err
	}
	i.delivery(list, " after a kill")
	if i.missing(before) > lost {
		i.delivery(before, " after a restart")
	}
	return nil
}

// wait reads the outputs until all acknowledged reports are there, or nothing
// more comes.
func (i *inspection) wait(ctx context.Context, c *collector, list []*sent) error {
	read, grew := map[string]int{}, time.Now()
	return until(ctx, func() (bool, error) {
		for _, path := range c.plan.outputs {
			data, err := written(path)
			if err != nil {
				return false, err
			}
			if len(data) < read[path] {
				read[path] = 0
			}
			if len(data) > read[path] {
				i.arrive(data[read[path]:])
				read[path], grew = len(data), time.Now()
			}
		}
		return i.missing(list) == 0 || time.Since(grew) > quiet, nil
	})
}

// arrive remembers which valid rows are in the bytes.
func (i *inspection) arrive(data []byte) {
	for _, piece := range audit.Pieces(data) {
		rows, _ := i.list.Judge(piece, time.Now())
		for _, row := range rows {
			if s := i.byGUID[row.GUID]; s != nil && s.Valid {
				i.arrived[row] = true
			}
		}
	}
}

// mistakes does what operators do by mistake, and counts what is lost. They
// are no findings: no configuration of the file exporter survives all.
func (i *inspection) mistakes(ctx context.Context, c *collector) error {
	for _, try := range []func(context.Context, *collector) error{i.fileMoved, i.fileRemoved, i.twoWriters, i.diskFull} {
		if err := try(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (i *inspection) mistake(name string, list []*sent, lost int, fine, bad string) {
	m := Mistake{Name: name, Lost: lost, Outcome: fine}
	for _, s := range list {
		if s.accepted() {
			m.Sent++
		}
	}
	if lost > 0 {
		m.Outcome = bad
	}
	i.result.Mistakes = append(i.result.Mistakes, m)
}

// fileMoved renames the output of a running Collector.
func (i *inspection) fileMoved(ctx context.Context, c *collector) error {
	var moved []string
	for _, path := range c.plan.outputs {
		to := filepath.Join(c.plan.dir, "moved-"+filepath.Base(filepath.Dir(path)))
		if err := os.Rename(path, to); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		moved = append(moved, to)
	}
	list := i.fireValid(ctx, few)
	for _, path := range moved {
		data, err := written(path)
		if err != nil {
			return err
		}
		i.arrive(data)
	}
	if err := i.wait(ctx, c, list); err != nil {
		return err
	}
	i.mistake("the file is moved", list, i.missing(list), "reports go on into the moved file: read it too, and restart the Collector", "reports are lost until a restart")
	return nil
}

// fileRemoved removes the output of a running Collector.
func (i *inspection) fileRemoved(ctx context.Context, c *collector) error {
	if err := c.restart(ctx); err != nil {
		return err
	}
	i.fireValid(ctx, 1)
	for _, path := range c.plan.outputs {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	list := i.fireValid(ctx, few)
	if err := i.wait(ctx, c, list); err != nil {
		return err
	}
	i.mistake("the file is removed", list, i.missing(list), "nothing is lost", "answered 2xx and lost until a restart: never remove the file of a running Collector")
	return nil
}

// twoWriters lets a second Collector write to the same file.
func (i *inspection) twoWriters(ctx context.Context, c *collector) error {
	if len(c.plan.queues) > 0 {
		i.result.Notes = append(i.result.Notes, "two writers: not tried, a queue lets no second Collector in")
		return nil
	}
	if err := c.restart(ctx); err != nil {
		return err
	}
	second, err := newSecond(ctx, c)
	if err != nil {
		return err
	}
	defer second.end()
	lists := make(chan []*sent)
	other := newSender(second.plan.front, true)
	go func() { lists <- other.fire(ctx, i.some(10*few), func() {}) }()
	mine := i.from.fire(ctx, i.some(10*few), func() {})
	theirs := <-lists
	i.add(mine)
	i.add(theirs)
	list := append(mine, theirs...)
	if err := errors.Join(second.stop(), i.wait(ctx, c, list)); err != nil {
		return err
	}
	i.mistake("two Collectors write to one file", list, i.missing(list), "nothing was lost this time: do not rely on it", "answered 2xx and lost: give each Collector a file of its own")
	return nil
}

// restart ends and starts the Collector in an orderly way.
func (c *collector) restart(ctx context.Context) error {
	return errors.Join(c.stop(), c.again(ctx))
}

// newSecond is another Collector with the same outputs.
func newSecond(ctx context.Context, c *collector) (*collector, error) {
	dir := filepath.Join(c.plan.dir, "second")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	p, err := newPlan(c.config, dir)
	if err != nil {
		return nil, err
	}
	p.outputs = c.plan.outputs
	n := 0
	for _, name := range p.used("exporters") {
		if kind(name) == "file" {
			p.set(p.outputs[n], "exporters", name, "path")
			n++
		}
	}
	second := &collector{binary: c.binary, config: c.config, plan: p, log: c.log}
	return second, second.again(ctx)
}

// some returns n valid reports, made before they are sent.
func (i *inspection) some(n int) func() *corpus.Request {
	var list []*corpus.Request
	for range n {
		list = append(list, i.corpus.Valid())
	}
	return func() *corpus.Request {
		if len(list) == 0 {
			return nil
		}
		next := list[0]
		list = list[1:]
		return next
	}
}
