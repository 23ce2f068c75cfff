package telemetry

// The outbox touches the gate and the journal: whatever is sent is in the
// journal first.

import (
	"context"
	"errors"
	"fmt"
	"time"

	"headcount.example/internal/gate"
	"headcount.example/internal/journal"
)

// sendTimeout bounds the connection and the answer, which have ten seconds.
const sendTimeout = 15 * time.Second

// An outbox sends reports and requests to erase, and keeps their bytes.
type outbox struct {
	*shared
	gate    *gate.Gate
	hint    string           // what to say where the receiver cannot be reached
	journal *journal.Journal // nil: none is kept
}

// send sends a report. Allowed is the last look before the connection is opened.
// Preview renders the bytes that Send writes, so the journal has them before that.
// The time has an end: a process that was paused sends nothing afterwards.
func (o *outbox) send(ctx context.Context, report gate.Report, allowed func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	if o.journal == nil {
		return o.explain(o.gate.Send(ctx, report, func() error { return allowed(ctx) }))
	}
	raw, err := o.gate.Preview(ctx, report)
	if err != nil {
		return err
	}
	var number int
	err = o.explain(o.gate.Send(ctx, report, func() error {
		err := allowed(ctx)
		if err == nil {
			number, err = o.journal.Begin(o.now(), o.gate.URL(), raw)
		}
		return err
	}))
	if number == 0 {
		return err // and there is no entry to end
	}
	text := journal.Delivered
	switch {
	case !mayHaveLeft(err):
		text = notSent + err.Error()
	case errors.Is(err, gate.ErrUnanswered):
		text = "no answer: " + err.Error()
	case err != nil:
		text = "not delivered: " + err.Error()
	}
	unnoted := o.journal.End(o.now(), number, text)
	if unnoted != nil && mayHaveLeft(err) {
		// Only the outcome is missing. A Logger that blocks must not hold up the reporter.
		go o.log.warn("telemetry: the outcome of a report is not in the journal", "error", unnoted)
	}
	return err
}

// notSent begins the outcome of an entry of which nothing left this machine.
const notSent = "not sent: "

// mayHaveLeft says whether a report that ended with err may have left this machine:
// there was an answer, or a connection that could be written to.
func mayHaveLeft(err error) bool {
	var refused *gate.Error
	return err == nil || errors.Is(err, gate.ErrUnanswered) || errors.As(err, &refused) && refused.Status != 0
}

// explain adds the hint to an error of a report that met no receiver.
func (o *outbox) explain(err error) error {
	var refused *gate.Error
	if o.hint == "" || !errors.As(err, &refused) || refused.Status != 0 || errors.Is(err, gate.ErrUnanswered) {
		return err
	}
	return fmt.Errorf("%w (%s)", err, o.hint)
}
