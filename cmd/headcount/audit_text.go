package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"headcount.example/cmd/headcount/internal/audit/receiver"
	"headcount.example/cmd/headcount/internal/terminal"
)

// writeAudit writes what an audit of a Collector found, for people.
func writeAudit(w io.Writer, r *receiver.Result) error {
	t, n := terminal.Of(w), r.Requests
	text := t.Facts(terminal.Facts{
		Title: fmt.Sprintf("Audit of a Collector by the list of %s, notice %d", r.Product, r.Notice),
		Lines: []string{
			fmt.Sprintf("%s sent: %s hostile, of which %s mutations of seed %d, and %s valid", terminal.Count(int64(n.Sent), "request", "requests"),
				terminal.Number(int64(n.Hostile)), terminal.Number(int64(n.Mutations)), r.Seed, terminal.Number(int64(n.Valid))),
			fmt.Sprintf("%s answered 2xx; %s in the output, with %s on the list", terminal.Number(int64(n.Accepted)),
				terminal.Count(int64(n.Reports), "report", "reports"), terminal.Count(int64(n.Rows), "number", "numbers")),
		},
	})
	text += carrierTable(r) + t.Facts(verdictFacts(r))
	_, err := io.WriteString(w, text)
	return err
}

// carrierTable says carrier by carrier what got through.
func carrierTable(r *receiver.Result) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\n  carrier\ttried\tfound")
	for _, c := range r.Carriers {
		found := "nothing"
		if c.Found > 0 {
			found = terminal.Number(int64(c.Found))
		}
		tried := terminal.Number(int64(c.Tried))
		if c.Tried == 0 && c.Found == 0 {
			tried, found = "not", ""
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\n", c.Carrier, tried, found)
	}
	_ = w.Flush() // a builder takes everything
	return b.String() + "\n"
}

// verdictFacts are the verdict, with the findings, the mistakes and what was
// not looked at.
func verdictFacts(r *receiver.Result) terminal.Facts {
	f := terminal.Facts{Title: "Verdict: " + r.Verdict}
	for _, x := range r.Findings {
		line := fmt.Sprintf("%s, in the %s: %s (%s)", x.Carrier, x.Where, x.What, terminal.Count(int64(x.Times), "time", "times"))
		if x.Request != "" {
			line += "; sent as " + x.Request
		}
		f.Warnings = append(f.Warnings, line, "  proof: "+x.Proof)
	}
	if len(r.Findings) == 0 {
		f.Lines = append(f.Lines, "nothing outside the catalog appeared, all valid data did, and nothing acknowledged was lost")
	}
	for _, m := range r.Mistakes {
		f.Lines = append(f.Lines, fmt.Sprintf("mistake: %s: %d of %d acknowledged reports lost: %s", m.Name, m.Lost, m.Sent, m.Outcome))
	}
	for _, n := range r.Notes {
		f.Lines = append(f.Lines, "not judged: "+n)
	}
	return f
}
