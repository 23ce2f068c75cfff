package telemetry

// The outbox touches the gate and the journal: whatever is sent is in the
// journal first.

import (
	"context"
	"errors"
	"fmt"

	"headcount.example/internal/gate"
	"headcount.example/internal/journal"
)

// An outbox sends reports and requests to erase, and keeps their bytes.
type outbox struct {
	*shared
	gate    *gate.Gate
	hint    string           // what to say where the receiver cannot be reached
	journal *journal.Journal // nil: none is kept
}

// send sends a report. Allowed is the last look before the connection is opened.
// Preview renders the bytes that Send writes, so the journal has them before that.
func (o *outbox) send(ctx context.Context, report gate.Report, allowed func() error) error {
	if o.journal == nil {
		return o.explain(o.gate.Send(ctx, report, allowed))
	}
	raw, err := o.gate.Preview(ctx, report)
	if err != nil {
		return err
	}
	var number int
	err = o.explain(o.gate.Send(ctx, report, func() error {
		err := allowed()
		if err == nil {
			number, err = o.journal.Begin(o.now(), o.gate.URL(), raw)
		}
		return err
	}))
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
	failed := o.journal.End(o.now(), number, outcome)
	var refused *gate.Error
	left := err == nil || errors.Is(err, gate.ErrUnanswered) || errors.As(err, &refused) && refused.Status != 0
	if failed != nil && left {
		// Only the outcome is missing. A Logger that blocks must not hold up the reporter.
		go o.log.warn("telemetry: the outcome of a report is not in the journal", "error", failed)
	}
	return err
}

// explain adds the hint to an error of a report that met no receiver.
func (o *outbox) explain(err error) error {
	var failed *gate.Error
	if o.hint == "" || !errors.As(err, &failed) || failed.Status != 0 || errors.Is(err, gate.ErrUnanswered) {
		return err
	}
	return fmt.Errorf("%w (%s)", err, o.hint)
}
