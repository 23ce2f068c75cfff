package receiver

import (
	"bytes"
	"slices"
	"strings"

	"headcount.example/cmd/headcount/internal/audit"
)

// Verdicts.
const (
	Clean    = "clean"
	Findings = "findings"
)

// A Result is what an audit found. Its JSON is for programs.
type Result struct {
	Verdict  string          `json:"verdict"`
	Product  string          `json:"product"`
	Notice   int             `json:"notice"`
	Seed     uint64          `json:"seed"`
	Requests Requests        `json:"requests"`
	Carriers []CarrierResult `json:"carriers"`
	Findings []*Finding      `json:"findings"`
	Mistakes []Mistake       `json:"mistakes"`
	Notes    []string        `json:"notes"` // what the audit did not look at

	counts map[audit.Carrier]*CarrierResult
}

// Requests counts what was sent and what became of it.
type Requests struct {
	Sent      int `json:"sent"`
	Valid     int `json:"valid"`
	Hostile   int `json:"hostile"` // with mutations
	Mutations int `json:"mutations"`
	Accepted  int `json:"accepted"` // answered 2xx
	Reports   int `json:"reports"`  // in the output
	Rows      int `json:"rows"`     // numbers in these, all on the list
}

// A CarrierResult is how often a carrier was tried, and got through.
type CarrierResult struct {
	Carrier audit.Carrier `json:"carrier"`
	Tried   int           `json:"tried"`
	Found   int           `json:"found"`
}

// A Finding is what got through, with the bytes that prove it.
type Finding struct {
	Carrier audit.Carrier `json:"carrier"`
	Where   string        `json:"where"`
	What    string        `json:"what"`
	Proof   string        `json:"proof"`
	Request string        `json:"request,omitempty"` // that did it, as far as can be told
	Times   int           `json:"times"`
}

// A Mistake is one that an operator can make, and what happened after it.
type Mistake struct {
	Name    string `json:"name"`
	Sent    int    `json:"sent"` // reports that were answered 2xx
	Lost    int    `json:"lost"` // of these
	Outcome string `json:"outcome"`
}

func newResult() *Result {
	r := &Result{counts: map[audit.Carrier]*CarrierResult{}, Findings: []*Finding{}, Mistakes: []Mistake{}, Notes: []string{}}
	for _, c := range audit.Carriers {
		r.counts[c] = &CarrierResult{Carrier: c}
	}
	return r
}

// distinct is how many different findings of one carrier in one place are
// kept; the others are counted.
const distinct = 3

func (r *Result) found(c audit.Carrier, where, what, proof string, times int, request string) {
	times = max(times, 1)
	r.counts[c].Found += times
	same := 0
	for _, f := range r.Findings {
		if f.Carrier == c && f.Where == where {
			if same++; f.What == what || same == distinct {
				f.Times += times
				return
			}
		}
	}
	r.Findings = append(r.Findings, &Finding{c, where, what, proof, request, times})
}

// close puts the findings in order, and decides.
func (r *Result) close() {
	for _, c := range audit.Carriers {
		r.Carriers = append(r.Carriers, *r.counts[c])
	}
	slices.SortStableFunc(r.Findings, func(a, b *Finding) int {
		return slices.Index(audit.Carriers, a.Carrier) - slices.Index(audit.Carriers, b.Carrier)
	})
	r.Verdict = Clean
	if len(r.Findings) > 0 {
		r.Verdict = Findings
	}
}

const proofBytes = 160

// excerpt is what of the bytes proves a finding: those around a place.
func excerpt(data []byte, from, to int) string {
	from = max(0, min(from, to)-proofBytes/3)
	part := data[from:min(len(data), from+proofBytes)]
	return strings.ToValidUTF8(string(bytes.TrimSpace(part)), "·")
}
