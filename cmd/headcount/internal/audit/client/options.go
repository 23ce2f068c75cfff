package client

import (
	"time"

	"headcount.example/cmd/headcount/internal/audit"
	"headcount.example/cmd/headcount/internal/schema"
)

// Options say what to audit. In the command and the decisions {endpoint}
// stands for the address of the recording receiver, and {dir} for a directory
// that survives a restart of the application.
type Options struct {
	Schema  *schema.Schema
	Command []string
	// A decision is VARIABLE=VALUE, which is set while the command runs, or
	// else a line for sh, which is run before it. Empty where there is none.
	Grant, Deny, Erase string
	Timeout            time.Duration // of one run of the command
}

// A Result is what an audit found.
type Result struct {
	Verdict  string     `json:"verdict"` // clean or findings
	Product  string     `json:"product"`
	States   []*State   `json:"states"`
	Findings []*Finding `json:"findings"`
	Notes    []string   `json:"notes"`
}

// A State is what happened while a decision held.
type State struct {
	Name        string   `json:"name"`
	Connections []string `json:"connections"` // to other machines, and to the receiver
	Lookups     []string `json:"lookups"`
	Reports     int      `json:"reports"`
	Sent        []string `json:"sent"`  // every field of the reports, as series = value
	Files       []string `json:"files"` // that the command made
	Exit        string   `json:"exit"`  // of the command
}

// A Finding is something that left, or was kept, against the promise.
type Finding struct {
	State   string        `json:"state"`
	Carrier audit.Carrier `json:"carrier"`
	What    string        `json:"what"`
	Proof   string        `json:"proof"`
	Times   int           `json:"times"`
}

// Carriers of this audit, beside those of a report.
const (
	Connection audit.Carrier = "connection"
	Lookup     audit.Carrier = "lookup"
	Kept       audit.Carrier = "kept identifier"
	Consent    audit.Carrier = "consent"
	Backup     audit.Carrier = "backup"
)

func (r *Result) found(state string, c audit.Carrier, what, proof string) {
	for _, f := range r.Findings {
		if f.State == state && f.Carrier == c && f.What == what {
			f.Times++
			return
		}
	}
	r.Findings = append(r.Findings, &Finding{state, c, what, proof, 1})
}
