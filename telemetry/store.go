package telemetry

// The store touches the ledger, wherever it is kept.

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/google/uuid"

	"headcount.example/internal/bounded"
	"headcount.example/internal/ledger"
)

// A store is where a product's totals, identifier and schedule are kept.
type store struct {
	product string
	state   State         // nil: in dir
	dir     string        // empty: none is configured
	asking  chan struct{} // a token for Load, asked for Status
}

// open opens the ledger of a yes, or makes one. Allowed is asked before anything
// is made.
func (s store) open(ctx context.Context, yes int64, series []string, now time.Time, allowed func() error) (*ledger.Ledger, error) {
	owner := ledger.Owner{Product: s.product, Yes: yes}
	if s.state != nil {
		return ledger.OpenState(ctx, s.state, owner, series, now, allowed)
	}
	return ledger.Open(ctx, s.dir, owner, series, now, allowed)
}

// destroy takes the yes back, if still allows it.
func (s store) destroy(ctx context.Context, still func() error) error {
	switch {
	case s.state != nil:
		return ledger.DestroyState(ctx, s.state, s.product, still)
	case s.dir == "":
		return nil
	}
	return ledger.Destroy(ctx, s.dir, s.product, still)
}

// kept says whether there may be an identifier. A State that does not answer may
// keep one.
func (s store) kept() bool {
	if here := s.dir != "" && ledger.Kept(s.dir); here || s.state == nil {
		return here
	}
	ctx, cancel := context.WithTimeout(context.Background(), sourceTimeout)
	defer cancel()
	kept, err := bounded.Run(ctx, s.asking, func() (bool, error) {
		id, _, err := s.peek(ctx)
		return id.GUID != uuid.Nil, err
	})
	return err != nil || kept
}

// peek returns what is kept, and changes nothing. None is no error.
func (s store) peek(ctx context.Context) (id ledger.Identity, schedule ledger.Schedule, err error) {
	if s.state != nil {
		id, schedule, err = ledger.PeekState(ctx, s.state, s.product)
	} else if s.dir != "" {
		id, schedule, err = ledger.Peek(s.dir, s.product)
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, ledger.ErrClosed) { // ErrClosed: a no was acted on only in part
		err = nil
	}
	return id, schedule, err
}
