package receiver

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"headcount.example/cmd/headcount/internal/audit"
	"headcount.example/cmd/headcount/internal/audit/corpus"
)

// An evidence is all that was sent, arranged for judging what came out.
type evidence struct {
	list    *audit.List
	result  *Result
	sent    []*sent
	byGUID  map[string]*sent
	byID    map[int]*sent
	arrived map[audit.Row]bool // of valid reports
}

func newEvidence(list *audit.List, result *Result) *evidence {
	return &evidence{list: list, result: result, byGUID: map[string]*sent{}, byID: map[int]*sent{}, arrived: map[audit.Row]bool{}}
}

// add remembers requests.
func (e *evidence) add(list []*sent) {
	e.sent = append(e.sent, list...)
	for _, s := range list {
		e.byGUID[s.GUID], e.byID[s.ID] = s, s
	}
}

// count counts requests by carrier.
func (e *evidence) count(list []*sent) {
	for _, s := range list {
		e.result.counts[s.Carrier].Tried++
		n := &e.result.Requests
		n.Sent++
		switch {
		case s.Valid:
			n.Valid++
		case s.Carrier == audit.Mutation:
			n.Mutations++
			n.Hostile++
		default:
			n.Hostile++
		}
		if s.accepted() {
			n.Accepted++
		}
	}
}

// written reads an output with its rotated files, from its beginning.
func written(path string) ([]byte, error) {
	dir, ext := filepath.Dir(path), filepath.Ext(path)
	begin := strings.TrimSuffix(filepath.Base(path), ext) + "-"
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var names []string // the oldest first
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), begin) && strings.HasSuffix(e.Name(), ext) {
			names = append(names, filepath.Join(dir, e.Name()))
		}
	}
	var all []byte
	for _, name := range append(names, path) {
		data, err := os.ReadFile(name)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		all = append(all, data...)
	}
	return all, nil
}

// output judges what was written.
func (e *evidence) output(data []byte) error {
	pieces := audit.Pieces(data)
	if len(pieces) > 0 && pieces[0][0] != '{' {
		return fmt.Errorf("the output begins with %.20q: it is no file in OTLP's JSON, with a report in each line", pieces[0])
	}
	for _, piece := range pieces {
		e.result.Requests.Reports++
		rows, deviations := e.list.Judge(piece, time.Now())
		e.result.Requests.Rows += len(rows)
		for _, d := range deviations {
			from := bytes.Index(piece, d.Bytes)
			if m := corpus.Canaries.FindIndex(d.Bytes); m != nil {
				from += m[0]
			}
			e.result.found(d.Carrier, "output", d.What, excerpt(piece, from, from), 1, e.name(d.Bytes, rows))
		}
		if len(deviations) == 0 {
			e.search("output", piece, false)
		}
		e.rows(rows, piece)
	}
	return nil
}

// rows remembers what arrived of valid reports, and finds numbers that were
// not sent.
func (e *evidence) rows(rows []audit.Row, piece []byte) {
	for _, row := range rows {
		s := e.byGUID[row.GUID]
		switch {
		case s == nil || s.Rows == nil: // another installation, or a mutation
		case !s.Rows[row]:
			e.result.found(s.Carrier, "output", fmt.Sprintf("%s is %d, which was not sent", row.Series, row.Value), excerpt(piece, 0, 0), 1, s.Name)
		case s.Valid:
			e.arrived[row] = true
		}
	}
}

// name is the request that a part of a report came from. A batch holds the
// reports of many, so the part is asked, and not the whole.
func (e *evidence) name(part []byte, rows []audit.Row) string {
	if s := e.byID[corpus.RequestOf(part)]; s != nil {
		return s.Name
	}
	for _, r := range rows {
		if s := e.byGUID[r.GUID]; s != nil {
			return s.Name
		}
	}
	return ""
}

// doors finds paths that take what is not a metric.
func (e *evidence) doors() {
	for _, s := range e.sent {
		if s.Carrier == audit.Signal && s.accepted() {
			e.result.found(audit.Signal, "answer", s.Path+" takes what is on no list", fmt.Sprintf("POST %s: %d %s", s.Path, s.status, http.StatusText(s.status)), 1, s.Name)
		}
	}
}

// missing counts the valid reports that were accepted and did not arrive.
func (e *evidence) missing(list []*sent) (lost int) {
	for _, s := range list {
		if s.Valid && s.accepted() && slices.ContainsFunc(slices.Collect(maps.Keys(s.Rows)), func(r audit.Row) bool { return !e.arrived[r] }) {
			lost++
		}
	}
	return lost
}

// delivery finds valid data that was refused, changed or lost.
func (e *evidence) delivery(list []*sent, when string) {
	whole, accepted := 0, 0
	series, refused := map[string]int{}, map[int]int{}
	for _, s := range list {
		if !s.Valid {
			continue
		}
		if !s.accepted() {
			refused[s.status]++
			continue
		}
		accepted++
		var missing []string
		for row := range s.Rows {
			if !e.arrived[row] {
				missing = append(missing, row.Series)
			}
		}
		if len(missing) > 0 && len(missing) == len(s.Rows) {
			whole++
			continue
		}
		for _, name := range missing {
			series[name]++
		}
	}
	for _, status := range slices.Sorted(maps.Keys(refused)) {
		e.result.found(audit.Valid, "answer", "valid reports were refused"+when, fmt.Sprintf("status %d, %d times", status, refused[status]), refused[status], "")
	}
	e.result.counts[audit.Delivery].Tried += accepted
	if whole > 0 {
		e.result.found(audit.Delivery, "output", "acknowledged reports are lost"+when, fmt.Sprintf("%d of %d that were answered 2xx", whole, accepted), whole, "")
	}
	for _, name := range slices.Sorted(maps.Keys(series)) {
		e.result.found(audit.Valid, "output", name+" did not arrive"+when, fmt.Sprintf("in %d of %d acknowledged reports", series[name], accepted), series[name], "")
	}
}
