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

// send sends a report. Allowed is the last look; after it come the entry in the
// journal and the connection. Its context has a deadline, so that a process that was
// paused sends nothing late.
func (o *outbox) send(ctx context.Context, report gate.Report, allowed func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	request, err := o.gate.Request(report)
	if err != nil {
		return err
	}
	if err := allowed(ctx); err != nil {
		return err
	}
	if o.journal == nil {
		return o.deliver(ctx, request)
	}
	entry, err := o.journal.Begin(o.now(), o.gate.URL(), request.Bytes())
	if err != nil {
		return err
	}
	err = o.deliver(ctx, request)
	if unnoted := o.journal.End(o.now(), entry, outcomeOf(err)); unnoted != nil && mayHaveLeft(err) {
		// Only the outcome is missing. A Logger that blocks must not hold up the reporter.
		go o.log.warn("telemetry: the outcome of a report is not in the journal", "error", unnoted)
	}
	return err
}

// deliver adds the hint where the receiver was not reached.
func (o *outbox) deliver(ctx context.Context, request gate.Request) error {
	err := request.Send(ctx)
	var unreached *gate.Error
	if o.hint != "" && !mayHaveLeft(err) && errors.As(err, &unreached) {
		return fmt.Errorf("%w (%s)", err, o.hint)
	}
	return err
}

// outcomeOf is what the journal says of a report that ended with err.
func outcomeOf(err error) string {
	switch {
	case err == nil:
		return journal.Delivered
	case !mayHaveLeft(err):
		return notSent + err.Error()
	case errors.Is(err, gate.ErrUnanswered):
		return "no answer: " + err.Error()
	}
	return "not delivered: " + err.Error()
}

// notSent begins the outcome of an entry of which nothing left this machine.
const notSent = "not sent: "

// mayHaveLeft says whether a report that ended with err may have left this machine:
// there was an answer, or a connection that could be written to.
func mayHaveLeft(err error) bool {
	var refused *gate.Error
	return err == nil || errors.Is(err, gate.ErrUnanswered) || errors.As(err, &refused) && refused.Status != 0
}
