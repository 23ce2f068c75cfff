package telemetry

// The erasure of an earlier identifier touches the journal, the decisions and the
// erasures.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// EraseEarlier asks the receiver to erase what was sent under an earlier
// identifier: one under which a report to this receiver left, as the journal
// ([Client.Journal]) says. An identifier that is in use, or kept until a decision, is
// refused: a no with Erase is for that one. EraseEarlier works whether consent holds
// or not; a veto holds the request back.
//
// The request is kept, tried again and given up as at a no, and EraseEarlier waits
// for the first attempt. An error says why nothing was asked for, or why the
// request has not arrived; [Status.Erasing] tells the two apart. If an earlier
// request for the identifier has arrived, nothing is sent and there is no error; the
// ten newest requests that are over are remembered. A request that was given up is
// made anew. EraseEarlier needs Config.Dir and a client that runs.
func (c *Client) EraseEarlier(ctx context.Context, installGUID string) error {
	if c == nil || c.shared == nil || c.life.Err() != nil {
		return errors.New("telemetry: not erased: the client does not run")
	}
	ctx = orBackground(ctx)
	guid, err := uuid.Parse(installGUID)
	if err != nil {
		return fmt.Errorf("telemetry: not erased: %.40q is not an identifier", installGUID)
	}
	if err := c.keepEarlier(ctx, guid); err != nil {
		return fmt.Errorf("telemetry: not erased: %w", err)
	}
	if err = c.erasures.try(ctx, guid); c.erasures.requests.Delivered(guid) { // now, before, or by another process
		err = nil
	}
	c.erasures.later(firstRetry)
	return err
}

// keepEarlier keeps a request, unless one has arrived.
func (c *Client) keepEarlier(ctx context.Context, guid uuid.UUID) error {
	limited, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	kept, _, err := c.decisions.store.peek(limited)
	if c.live.Load().under(guid) || kept.GUID == guid {
		return errors.New("the identifier is in use, or kept until a decision; a no can erase it")
	} else if err != nil {
		return err
	}
	sent, err := c.Journal()
	if !slices.ContainsFunc(sent, func(e Entry) bool { return c.reported(e, guid) }) {
		return errors.Join(errors.New("the journal knows of nothing that was sent to this receiver under the identifier"), err)
	}
	return c.erasures.keep(guid, true)
}

// reported says whether an entry of the journal is a report under an identifier, and
// may have reached this receiver. Requests to erase are in the journal, too.
func (c *Client) reported(e Entry, guid uuid.UUID) bool {
	erasure := c.config.Catalog.Erasure().Name
	return e.Report.URL == c.outbox.gate.URL() && e.Report.InstallGUID == guid.String() && !strings.HasPrefix(e.Outcome, notSent) &&
		!slices.ContainsFunc(e.Report.Points, func(p Point) bool { return p.Name == erasure })
}
