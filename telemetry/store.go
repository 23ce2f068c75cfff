package telemetry

// The store touches the ledger, wherever it is kept.

import (
	"context"
	"time"

	"headcount.example/internal/bounded"
	"headcount.example/internal/ledger"
)

// A store is where a product's totals, identifier and schedule are kept.
type store struct {
	product string
	place   ledger.Place
	asking  chan struct{} // a token for a State, asked for Status
}

// open opens the ledger of a yes, or makes one. Allowed is asked before anything
// is made.
func (s store) open(ctx context.Context, yes int64, series []string, now time.Time, allowed func() error) (*ledger.Ledger, error) {
	return ledger.Open(ctx, s.place, ledger.Owner{Product: s.product, Yes: yes}, series, now, allowed)
}

// destroy takes the yes back, if still allows it.
func (s store) destroy(ctx context.Context, still func() error) error {
	return ledger.Destroy(ctx, s.place, s.product, still)
}

// kept says whether there may be an identifier. A State that does not answer may
// keep one.
func (s store) kept() bool {
	ctx, cancel := context.WithTimeout(context.Background(), sourceTimeout)
	defer cancel()
	kept, err := bounded.Run(ctx, s.asking, func() (bool, error) { return ledger.Kept(ctx, s.place), nil })
	return err != nil || kept
}

// peek returns what is kept, and changes nothing. None is no error.
func (s store) peek(ctx context.Context) (ledger.Identity, ledger.Schedule, error) {
	return ledger.Peek(ctx, s.place, s.product)
}
