// Package archived audits an archive: it holds nothing outside the catalog,
// nothing of an erased installation, and nothing longer than was promised. It
// reads the files by itself, and shares no code with what writes them.
package archived

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"headcount.example/cmd/headcount/internal/schema"
)

// Options say what to audit. The zero value of the first three is what the
// archive itself says.
type Options struct {
	Schema  *schema.Schema // the catalog
	RawDays int            // rejected lines are kept that many days
	Months  int            // reports are kept that many months, the current one not counted
	Now     time.Time
}

// A Result is what an audit found.
type Result struct {
	Verdict  string     `json:"verdict"` // clean or findings
	Product  string     `json:"product"`
	Files    int        `json:"files"`
	Rows     int64      `json:"rows"`       // of reports and installations
	Erased   int        `json:"tombstones"` // installations of which nothing may be left
	RawDays  int        `json:"raw_days"`
	Months   int        `json:"months"`
	Findings []*Finding `json:"findings"`
	Notes    []string   `json:"notes"`
}

// A Finding is something that should not be there. The proof of an erased
// identifier is its tombstone, and not the identifier.
type Finding struct {
	Kind  string `json:"kind"` // catalog, erased, retention or damaged
	File  string `json:"file"`
	What  string `json:"what"`
	Proof string `json:"proof"`
	Times int    `json:"times"`
}

// Kinds of a Finding.
const (
	Catalog   = "catalog"
	Erased    = "erased"
	Retention = "retention"
	Damaged   = "damaged"
)

// A manifest is what this audit needs of manifest.json.
type manifest struct {
	Version    int            `json:"version"`
	Schema     *schema.Schema `json:"schema"`
	Catalog    *schema.Schema `json:"catalog"`
	Months     []month        `json:"months"`
	Key        string         `json:"key"`
	Pending    []string       `json:"pending"`
	Tombstones []string       `json:"tombstones"`
}

type month struct {
	First         string `json:"first"`
	Reports       string `json:"reports"`
	Installations string `json:"installations"`
	Tables        string `json:"tables"`
}

// An inspection is one audit.
type inspection struct {
	Options
	dir    string
	m      *manifest
	erased *tombstones
	result *Result
}

// Audit audits the archive in a directory. An error says why nothing can be
// judged.
func Audit(dir string, o Options) (*Result, error) {
	i := &inspection{Options: o, dir: dir, m: &manifest{}, result: &Result{Findings: []*Finding{}, Notes: []string{}}}
	data, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		return nil, fmt.Errorf("%s is not an archive that can be read: %w", dir, err)
	}
	if err := json.Unmarshal(data, i.m); err != nil {
		return nil, fmt.Errorf("%s: manifest.json: %w", dir, err)
	}
	if i.m.Version != 1 {
		return nil, fmt.Errorf("%s is an archive of version %d, and this audit reads version 1", dir, i.m.Version)
	}
	if i.erased, err = newTombstones(i.m.Key, i.m.Tombstones); err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	if err := i.promises(); err != nil {
		return nil, err
	}
	if err := i.walk(); err != nil {
		return nil, err
	}
	i.result.Verdict = "clean"
	if len(i.result.Findings) > 0 {
		i.result.Verdict = "findings"
	}
	return i.result, nil
}

// promises fills in what the options leave open.
func (i *inspection) promises() error {
	if i.Schema == nil {
		i.Schema = i.m.Catalog
	}
	if i.Schema == nil || i.Schema.Open {
		return errors.New("the archive has no catalog of its own: give --catalog, the list to judge by")
	}
	if i.RawDays == 0 {
		i.RawDays = 30
		if n := i.Schema.About.ReportDays; n > 0 {
			i.RawDays = n
		}
	}
	if i.Months == 0 {
		i.Months = 25
		if n := i.Schema.About.FigureDays; n > 0 {
			i.Months = max(1, n/31-1)
		}
	}
	r := i.result
	r.Product, r.Erased, r.RawDays, r.Months = i.Schema.Product, len(i.m.Tombstones), i.RawDays, i.Months
	if n := len(i.m.Pending); n > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("requests to erase that wait for headcount erase: %d", n))
	}
	return nil
}

const distinct = 3

func (i *inspection) found(kind, file, what, proof string) {
	same := 0
	for _, f := range i.result.Findings {
		if f.Kind == kind && f.File == file {
			if same++; f.What == what || same == distinct {
				f.Times++
				return
			}
		}
	}
	i.result.Findings = append(i.result.Findings, &Finding{kind, file, what, proof, 1})
}

// walk looks at every file below the directory.
func (i *inspection) walk() error {
	return filepath.WalkDir(i.dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(i.dir, name)
		if err != nil {
			return err
		}
		i.result.Files++
		return i.file(filepath.ToSlash(rel), name)
	})
}

// file looks at one file, by the part of the archive that it is.
func (i *inspection) file(rel, name string) error {
	of := func(get func(month) string) *month {
		at := slices.IndexFunc(i.m.Months, func(m month) bool { return get(m) == rel })
		if at < 0 {
			return nil
		}
		return &i.m.Months[at]
	}
	reports, installations := of(func(m month) string { return m.Reports }), of(func(m month) string { return m.Installations })
	switch {
	case reports != nil:
		i.retention(rel, reports.First)
		return i.table(rel, name, false)
	case installations != nil:
		i.retention(rel, installations.First)
		return i.table(rel, name, true)
	case rel == "rejected.jsonl":
		return i.rejected(rel, name)
	case of(func(m month) string { return m.Tables }) != nil, rel == "manifest.json", rel == "lock", known(rel):
		data, err := os.ReadFile(name)
		if err == nil {
			i.text(rel, data)
		}
		return err
	default:
		i.found(Catalog, rel, "a file that is no part of the archive", rel)
		data, err := os.ReadFile(name)
		if err == nil {
			i.text(rel, data)
		}
		return err
	}
}

// known are files beside those of the months.
func known(rel string) bool {
	receipt, err := path.Match("receipts/*.json", rel)
	return err == nil && receipt
}

// retention finds what single installations sent in months that are over for
// longer than was promised.
func (i *inspection) retention(rel, first string) {
	from := i.Now.UTC()
	from = time.Date(from.Year(), from.Month(), 1, 0, 0, 0, 0, time.UTC).AddDate(0, -i.Months, 0)
	at, err := time.Parse(time.DateOnly, first)
	if err != nil {
		i.found(Damaged, "manifest.json", "a month without a date", first)
		return
	}
	if strings.HasPrefix(rel, "installations/") && first == i.base(from) {
		return // the state that the first kept month begins with
	}
	if at.Before(from) {
		i.found(Retention, rel, fmt.Sprintf("kept for longer than %d months; headcount prune removes it", i.Months), "the month "+first[:7])
	}
}

// base is the last month before those that are kept.
func (i *inspection) base(from time.Time) (last string) {
	for _, m := range i.m.Months {
		if m.First < from.Format(time.DateOnly) {
			last = max(last, m.First)
		}
	}
	return last
}
