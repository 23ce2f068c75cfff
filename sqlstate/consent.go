package sqlstate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"headcount.example/consent"
	"headcount.example/internal/ledger"
)

var _ consent.Source = (*Store)(nil)

// Consent returns the newest decision, or the zero Record if there is none. It returns
// an error if the decision cannot be read; the client then stays off.
func (s *Store) Consent(ctx context.Context) (consent.Record, error) {
	list, err := s.History(ctx)
	if err != nil || len(list) == 0 {
		return consent.Record{}, err
	}
	return list[len(list)-1], nil
}

// History returns the last 100 decisions, the newest last.
func (s *Store) History(ctx context.Context) ([]consent.Record, error) {
	r, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	return r.records()
}

func (r row) records() (list []consent.Record, err error) {
	if r.version == 0 {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(r.decisions), &list); err != nil {
		return nil, fmt.Errorf("sqlstate: the recorded decisions cannot be trusted: %w: decide again to replace them", err)
	}
	return list, nil
}

// Save adds a decision, under the rules of consent.File, and returns when it is
// committed. From then on it counts for every process that uses the database.
// Decisions of several processes are put in one order, and none is lost. If a no is
// recorded after Save of a yes was called, the no stands and Save returns an error.
// After any error the decision may not be recorded: an earlier one may still count.
func (s *Store) Save(ctx context.Context, decision consent.Record) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	var seen consent.Record
	for first := true; ; first = false {
		r, err := s.load(ctx)
		if err != nil {
			return err
		}
		list, _ := r.records() // damaged decisions are replaced
		var last consent.Record
		if len(list) > 0 {
			last = list[len(list)-1]
		}
		if first {
			seen = last
		}
		if decision.Decision == consent.Granted && last != seen && last.Decision != consent.Granted {
			return errors.New("sqlstate: not recorded: a no came first, or the row was changed: look at what is recorded, and decide again")
		}
		list, err = consent.Append(list, decision, time.Now())
		if err != nil {
			return err
		}
		data, err := json.Marshal(list)
		if err != nil {
			return fmt.Errorf("sqlstate: %w", err)
		}
		if err := s.swap(ctx, r.version, "decisions", data); !errors.Is(err, ledger.ErrConflict) || ctx.Err() != nil {
			return err
		}
	}
}
