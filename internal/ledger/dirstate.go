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

// maxState is the largest size of the file in bytes, far above all shares with all
// series of a catalog.
const maxState = 4 << 20

func (s dirState) path() string { return filepath.Join(s.dir, stateName) }

// Load returns no value if the file is missing or a no wiped it.
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

// Swap checks the version again before the rename: a no that could not get the lock
// may have run. That no removes the temporary file, and wipes a file that was renamed
// before.
func (s locked) Swap(ctx context.Context, version int64, state []byte) error {
	durable.Sweep(s.path())
	same := func() error {
		if _, now, err := s.Load(ctx); now != version || err != nil && !errors.Is(err, errDamaged) {
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
		next += rand.Int64N(1 << 53) // not the version of an earlier value
	}
	if version == 0 && present(s.path()) { // a process was killed during a no
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
