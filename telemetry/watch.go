package telemetry

// Watch touches Config.Consent and the environment, and what a decision touches
// once there is another one.

import (
	"context"
	"fmt"
	"time"
)

// shortestWatch keeps a slip of the developer from asking a database all the time.
const shortestWatch = time.Second

func (c Config) checkWatch() error {
	if c.Watch != 0 && c.Watch < shortestWatch {
		return fmt.Errorf("Config.Watch is %v: give at least %v, or 0 for never", c.Watch, shortestWatch)
	}
	return nil
}

// watch looks for another decision until life ends, one look at a time.
func (d *decisions) watch(interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-d.life.Done():
			return
		case <-ticker.C:
			if d.changed() && d.life.Err() == nil {
				_ = d.look() // in the status and the log
			}
		}
	}
}

// changed asks for consent, and touches nothing else.
func (d *decisions) changed() bool {
	ctx, cancel := context.WithTimeout(d.life, refreshTimeout)
	defer cancel()
	now, was := d.permission.now(ctx), d.acted().status
	a, b := now.Record, was.Record
	return now.Decision != was.Decision || now.Failed != was.Failed || now.Veto != was.Veto ||
		a.Decision != b.Decision || a.Notice != b.Notice || a.Where != b.Where || a.Erase != b.Erase || !a.Time.Equal(b.Time) || !a.Since.Equal(b.Since)
}
