package publish

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"headcount.example/cmd/headcount/internal/atomicfile"
	"headcount.example/cmd/headcount/internal/day"
)

// RecordName is the file in the archive's directory that holds what was
// published. It has no identifiers and no figure that was not published.
const RecordName = "publish.json"

const recordVersion = 1

// A record is what was published. The zero value is of nothing.
type record struct {
	Version int      `json:"version"`
	Pages   int      `json:"pages"`         // published so far
	Oldest  day.Day  `json:"oldest_report"` // day of the archive's oldest report; once it was pruned, that of the page before
	Stats   Stats    `json:"stats"`
	Retired []Figure `json:"retired"` // published earlier, and no longer on the page
}

func (r *record) empty() bool { return r.Version == 0 }

// published returns the figures by id, each as it was published last. As long
// as every headline was suppressed, nothing else was published.
func (r *record) published() map[string]Figure {
	old := map[string]Figure{}
	if r.empty() {
		return old
	}
	for _, f := range r.Retired {
		old[f.ID] = f
	}
	old[r.Stats.Active.ID] = r.Stats.Active
	if !slices.ContainsFunc(r.Stats.History, func(p Point) bool { return p.Status != Suppressed }) {
		return old
	}
	for _, t := range r.Stats.Tables {
		for _, f := range t.Figures {
			old[f.ID] = f
		}
	}
	return old
}

func byID(a, b Figure) int { return strings.Compare(a.ID, b.ID) }

func readRecord(archive string) (r record, err error) {
	path := filepath.Join(archive, RecordName)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return record{}, nil
	}
	if err != nil {
		return record{}, fmt.Errorf("the record of what was published cannot be read: %w", err)
	}
	if err := json.Unmarshal(data, &r); err != nil || r.Version < 1 || r.Stats.Active.ID == "" {
		return record{}, fmt.Errorf("%s is damaged: restore it from a backup. Without it the next page could give single installations away", path)
	}
	if r.Version > recordVersion {
		return record{}, fmt.Errorf("%s has version %d, and this command knows versions to %d: use a newer headcount", path, r.Version, recordVersion)
	}
	return r, nil
}

func (r record) write(archive string) error {
	data, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	if err := atomicfile.Write(filepath.Join(archive, RecordName), append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("the record of what is published cannot be written, so nothing was published: %w", err)
	}
	return nil
}
