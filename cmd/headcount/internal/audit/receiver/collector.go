package receiver

import "context"

// A collector is the one under audit, in its scratch directory.
type collector struct {
	binary, config string
	plan           *plan
	log            *output
	*process
}

// newCollector plans and starts a Collector. Another program can take a free
// port first: then it is planned again.
func newCollector(ctx context.Context, binary, config, dir string, log *output) (*collector, error) {
	var last error
	for range 3 {
		p, err := newPlan(config, dir)
		if err != nil {
			return nil, err
		}
		c := &collector{binary: binary, config: config, plan: p, log: log}
		if last = c.again(ctx); last == nil {
			return c, nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, last
}

// again starts it where it ended.
func (c *collector) again(ctx context.Context) (err error) {
	overlay, err := c.plan.write()
	if err != nil {
		return err
	}
	c.process, err = start(ctx, c.binary, []string{c.config, overlay}, c.plan.dir, c.plan.listens, c.log)
	return err
}

// end ends it, in whatever state.
func (c *collector) end() {
	if c.process != nil {
		c.kill()
	}
}
