package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"

	"headcount.example/internal/durable"
)

// A dirState is the [State] in a directory whose files cannot be mapped: one file,
// which is replaced under the lock. The directory exists.
type dirState struct{ dir string }

// versioned is what is in the file.
type versioned struct {
	Version int64           `json:"version"`
	State   json.RawMessage `json:"state"`
}

// maxState is more than any value should have: all shares, with all series of a catalog.
const maxState = 4 << 20

func (s dirState) path() string { return filepath.Join(s.dir, stateName) }

// Load returns no value for a file that a no wiped.
func (s dirState) Load(context.Context) ([]byte, int64, error) {
	data, err := readFile(s.path(), maxState)
	switch {
	case errors.Is(err, errNothing), err == nil && len(bytes.Trim(data, "\x00")) == 0:
		return nil, 0, nil
	case err != nil:
		return nil, 0, err
	}
	var v versioned
	if err := json.Unmarshal(data, &v); err != nil || v.Version == 0 {
		return nil, 0, damage("%w", errors.Join(errors.New("not a state with a version"), err))
	}
	return v.State, v.Version, nil
}

// Swap replaces the file under the lock.
func (s dirState) Swap(ctx context.Context, version int64, state []byte) error {
	release, err := lock(ctx, s.dir)
	if err != nil {
		return err
	}
	defer release()
	return locked{s}.Swap(ctx, version, state)
}

// locked is a dirState for a caller that holds the lock.
type locked struct{ dirState }

// Swap looks at the version twice, because a no does not wait for the lock of a
// process that stands still: it wipes what is in place, and removes the temporary
// file. What is renamed before is wiped with the rest.
func (s locked) Swap(ctx context.Context, version int64, state []byte) error {
	durable.Sweep(s.path())
	same := func() error {
		if _, now, err := s.Load(ctx); now != version || err != nil && !errors.Is(err, ErrDamaged) {
			return errors.Join(ErrConflict, err)
		}
		return nil
	}
	if err := same(); err != nil {
		return err
	}
	if state == nil {
		return destroy(s.dir, false)
	}
	next := version + 1
	if version == 0 {
		next += rand.Int64N(1 << 53) // of no earlier value
	}
	if version == 0 && present(s.path()) { // a no was killed
		if err := destroy(s.dir, false); err != nil {
			return err
		}
	}
	data, err := json.Marshal(versioned{next, state})
	switch {
	case err == nil && len(data) > maxState: // it could not be read again
		err = fmt.Errorf("%d bytes are more than %d", len(data), maxState)
	case err == nil:
		err = durable.ReplaceIf(s.path(), data, same)
	}
	if err != nil && !errors.Is(err, ErrConflict) {
		return fmt.Errorf("ledger: %w", err)
	}
	return err
}
