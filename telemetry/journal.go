package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"headcount.example/internal/gate"
	"headcount.example/internal/journal"
)

// An Entry of the journal is one report or request to erase, as it was sent.
type Entry struct {
	Time     time.Time // when it was about to be sent
	URL      string    // where to
	Report   Report    // the exact bytes, and what they say
	Outcome  string    // "delivered", why not, or that no answer came; empty when the process ended before it knew
	Finished time.Time // when the outcome was known; zero when it was not
}

// Journal returns the newest 90 reports and requests to erase that left, or were
// about to leave, this directory, the newest first; of those that were not
// delivered the newest 30. They stay readable after a no. An entry is written
// before the connection is opened: nothing leaves without one, except where
// Config.State is set and Config.Dir is not, and there is no journal. The error
// names entries that could not be read; the others are there.
func (c *Client) Journal() ([]Entry, error) {
	if c == nil || c.journal == nil {
		return nil, nil
	}
	kept, err := c.journal.Entries()
	var list []Entry
	for _, k := range kept {
		report, e := read(k.URL, k.Request)
		if e != nil {
			err = errors.Join(err, fmt.Errorf("telemetry: entry %d of the journal: %w", k.Number, e))
			continue
		}
		report.URL = k.URL
		list = append(list, Entry{Time: k.Time, URL: k.URL, Report: report, Outcome: k.Outcome, Finished: k.Finished})
	}
	return list, err
}

// journaled sends a report and keeps its bytes. What Preview shows and what
// is sent are the same, so the bytes are known before the connection is.
func (c *Client) journaled(ctx context.Context, report gate.Report, allowed func() error) error {
	if c.journal == nil {
		return c.gate.Send(ctx, report, allowed)
	}
	raw, err := c.gate.Preview(ctx, report)
	if err != nil {
		return err
	}
	var number int
	err = c.gate.Send(ctx, report, func() error {
		err := allowed()
		if err == nil {
			number, err = c.journal.Begin(c.clock(), c.gate.URL(), raw)
		}
		return err
	})
	if number == 0 {
		return err // nothing left
	}
	outcome := journal.Delivered
	switch {
	case errors.Is(err, gate.ErrUnanswered):
		outcome = "no answer: " + err.Error()
	case err != nil:
		outcome = "not delivered: " + err.Error()
	}
	if failed := c.journal.End(c.clock(), number, outcome); failed != nil {
		// The report is where it is; only the administrator's copy of the
		// outcome is missing.
		c.log(slog.LevelWarn, "telemetry: the outcome of a report is not in the journal", "error", failed)
	}
	return err
}
