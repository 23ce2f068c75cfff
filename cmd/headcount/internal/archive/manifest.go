package archive

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/schema"
)

// version is the form of the archive that this program writes and reads.
const version = 1

const (
	manifestName = "manifest.json"
	rejectedName = "rejected.jsonl"
	lockName     = "lock"
	workName     = "work" // runs of a sorter; empty but while compact runs
	receiptsName = "receipts"
)

// A manifest says which files make up the archive. It is replaced at once, so
// that a crash leaves the old archive or the new one.
type manifest struct {
	Version    int               `json:"version"`
	Generation int64             `json:"generation"` // part of the names of new files
	Schema     *schema.Schema    `json:"schema"`     // numbers of the series
	Catalog    *schema.Schema    `json:"catalog,omitempty"`
	Months     []*month          `json:"months"` // in order
	Inputs     []*input          `json:"inputs"`
	Kinds      map[string]int64  `json:"kinds"`             // what was rejected so far, by kind
	Rejected   int64             `json:"rejected_size"`     // bytes of rejected.jsonl that count
	Late       int64             `json:"late_erased"`       // reports of erased installations kept out
	Key        string            `json:"key"`               // of the tombstones
	Pending    []string          `json:"pending"`           // identifiers with a request that erase has not carried out
	Tombstones []string          `json:"tombstones"`        // keyed hashes of those with one that it has
	Removed    int64             `json:"removed"`           // reports of pending identifiers that are gone already
	Open       *Receipt          `json:"open,omitempty"`    // of an erasure that has not ended
	Receipt    *Receipt          `json:"receipt,omitempty"` // of the last one; the file of it may be missing after a crash
	Checks     map[string]string `json:"checks"`            // by file of the months: the hash of its bytes
}

// A month is the files of one month.
type month struct {
	First         day.Day `json:"first"`
	Reports       string  `json:"reports,omitempty"`
	Rows          int64   `json:"rows,omitempty"`
	Installations string  `json:"installations,omitempty"`
	Tables        string  `json:"tables"`
	Sums          bool    `json:"sums_only,omitempty"` // prune has removed the reports
}

func (m *month) files() []string {
	return slices.DeleteFunc([]string{m.Reports, m.Installations, m.Tables}, func(s string) bool { return s == "" })
}

// load reads the manifest of an archive. Where there is none the error is
// fs.ErrNotExist.
func load(dir string) (*manifest, error) {
	path := filepath.Join(dir, manifestName)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(dir); err != nil {
			return nil, &missing{fmt.Sprintf("archive %s does not exist", dir)}
		}
		return nil, &missing{fmt.Sprintf("%s is not an archive: it has no %s", dir, manifestName)}
	}
	if err != nil {
		return nil, fmt.Errorf("archive %s: %w; give --archive a directory that this user may read", dir, err)
	}
	var only struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(data, &only); err != nil {
		return nil, damaged(path, err)
	}
	if only.Version < 1 {
		return nil, damaged(path, errors.New("it has no version"))
	}
	if only.Version != version {
		return nil, fmt.Errorf("archive %s has version %d, and this headcount reads version %d: use the headcount that wrote it, or a newer one", dir, only.Version, version)
	}
	m := &manifest{}
	err = verify(data)
	if err == nil {
		err = json.Unmarshal(data, m)
	}
	if err == nil {
		err = m.check()
	}
	if err != nil {
		return nil, damaged(path, err)
	}
	return m, nil
}

// create makes the manifest of a new archive in a directory that is missing
// or empty.
func create(dir string) (*manifest, error) {
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return nil, err
	}
	names, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		if !own(n.Name()) {
			return nil, fmt.Errorf("%s is neither empty nor an archive: it holds %q; give --archive a directory of its own", dir, n.Name())
		}
	}
	key := make([]byte, 32)
	rand.Read(key) // never fails
	return &manifest{Version: version, Schema: schema.New(), Kinds: map[string]int64{}, Checks: map[string]string{}, Key: hex.EncodeToString(key)}, nil
}

// own is whether compact may have made a file of that name before it was
// ended.
func own(name string) bool {
	return slices.Contains([]string{lockName, workName, rejectedName, "reports", "installations", "tables"}, name) ||
		strings.HasPrefix(name, ".new-")
}

// month returns the entry of a month, nil if there is none.
func (m *manifest) month(first day.Day) *month {
	for _, x := range m.Months {
		if x.First == first {
			return x
		}
	}
	return nil
}

// put adds or replaces a month.
func (m *manifest) put(x *month) {
	m.Months = slices.DeleteFunc(slices.Clone(m.Months), func(o *month) bool { return o.First == x.First })
	m.Months = append(m.Months, x)
	slices.SortFunc(m.Months, func(a, b *month) int { return int(a.First - b.First) })
}

// clone copies what a run of compact or erase changes.
func (m *manifest) clone() *manifest {
	c := *m
	c.Schema = m.Schema.Clone()
	c.Months = slices.Clone(m.Months)
	c.Kinds = maps.Clone(m.Kinds)
	c.Checks = maps.Clone(m.Checks)
	c.Pending = slices.Clone(m.Pending)
	c.Tombstones = slices.Clone(m.Tombstones)
	c.Inputs = nil
	for _, in := range m.Inputs {
		c.Inputs = append(c.Inputs, in.clone())
	}
	return &c
}

// known is what an answer says beside the figures. A piece at the end of a
// file that is still not whole counts as torn.
func (m *manifest) known() answer.Known {
	kinds := maps.Clone(m.Kinds)
	if kinds == nil {
		kinds = map[string]int64{}
	}
	for _, in := range m.Inputs {
		if in.Pending > 0 {
			kinds[answer.Torn]++
		}
	}
	pending := len(m.Pending)
	if m.Open != nil { // carried out in the archive, and maybe not in the raw files
		pending += m.Open.Requests
	}
	return answer.Known{Erased: int64(len(m.Pending) + len(m.Tombstones)), Pending: int64(pending), Kinds: kinds, LateErased: m.Late}
}
