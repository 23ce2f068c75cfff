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
// The journal has the bytes before that. The time has an end: a process that was paused sends nothing afterwards.
func (o *outbox) send(ctx context.Context, report gate.Report, allowed func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	request, err := o.gate.Request(report)
	if err != nil {
		return err
	}
	var number int // of the entry; 0 where there is none
	err = request.Send(ctx, func() error {
		err := allowed(ctx)
		if err == nil && o.journal != nil {
			number, err = o.journal.Begin(o.now(), o.gate.URL(), request.Bytes())
		}
		return err
	})
	var unreached *gate.Error
	if o.hint != "" && !mayHaveLeft(err) && errors.As(err, &unreached) {
		err = fmt.Errorf("%w (%s)", err, o.hint)
	}
	if number == 0 {
		return err
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
