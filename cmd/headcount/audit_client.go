package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"headcount.example/cmd/headcount/internal/audit/client"
	"headcount.example/cmd/headcount/internal/export"
	"headcount.example/cmd/headcount/internal/terminal"
)

const auditClientLong = `client runs an application in a network of its own, where every connection and
every lookup is seen and none goes out. Around it are variables, files and a
host name that must not leave: OTEL_* of every kind, proxies, TRACEPARENT,
BAGGAGE, a user, an e-mail address.

It runs the command once in each state: undecided, granted, granted and vetoed
by DO_NOT_TRACK, granted while tar reads {dir}, denied, granted then denied,
granted then erased. It says no once more while the files of {dir} are locked,
cannot be read, cannot be written, may be written by others, and belong to
another user (as root). It says what left, field by field against the catalog,
and which identifiers were kept.

In the command, {endpoint} stands for the address of a receiver that records,
and {dir} for a directory that survives a restart. The command must end by
itself, and send before it ends. The command of the last state is run with the
decision to erase.

A decision is VARIABLE=VALUE, which is set while the command runs, or else a
line for sh that is run before it. Without --deny or --erase these states are
not tried, and the output says so.

Exit codes: 0 nothing was found, 1 findings, 2 nothing could be judged, as when
nothing was sent after --grant. Linux only.`

const auditClientExample = `  headcount audit client --catalog compreface --grant COMPREFACE_TELEMETRY=accept:1 \
    --deny COMPREFACE_TELEMETRY=off -- ./quickstart -endpoint {endpoint} -dir {dir} -now
  headcount audit client --catalog affiliate \
    --grant './affiliate --data {dir} --stats {endpoint} settings telemetry on' \
    --deny './affiliate --data {dir} --stats {endpoint} settings telemetry off' \
    -- ./affiliate --data {dir} --stats {endpoint} settings telemetry send`

// insideCommand is how the audit calls itself in the network of its own.
const insideCommand = "inside"

func auditClientCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "client --catalog NAME|FILE --grant DECISION [--deny DECISION] [--erase DECISION] -- COMMAND…",
		Short:   "Run an application where it cannot hide, and show what left",
		Long:    auditClientLong,
		Example: auditClientExample,
	}
	flags := cmd.Flags()
	catalog := addCatalog(cmd, "nothing can be judged")
	grant := flags.String("grant", "", "how to say yes: VARIABLE=VALUE, or a line for sh (needed)")
	deny := flags.String("deny", "", "how to say no, in the same forms")
	erase := flags.String("erase", "", "how to ask to erase what was sent, in the same forms")
	timeout := flags.Duration("timeout", time.Minute, "longest run of the command")
	format := addFormat(cmd, "table", "json")
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case catalog.list == nil:
			return usage("--catalog NAME|FILE is needed: the list to judge by; see headcount audit client --help")
		case *grant == "":
			return usage("--grant is needed: without a yes nothing is sent, and silence proves nothing; see headcount audit client --help")
		case len(args) == 0:
			return usage("a command is needed after --; see headcount audit client --help")
		case *timeout <= 0:
			return usage("--timeout %s: it must be more than 0", *timeout)
		}
		return nil
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o := client.Options{Schema: catalog.list, Command: args, Grant: *grant, Deny: *deny, Erase: *erase, Timeout: *timeout}
		r, err := client.Audit(cmd.Context(), o, "audit", insideCommand)
		if err != nil {
			return usage("cannot judge: %v", err)
		}
		w := cmd.OutOrStdout()
		if format.value == "json" {
			err = export.Indented(w, r)
		} else {
			_, err = io.WriteString(w, terminal.Of(w).Facts(clientFacts(r)))
		}
		if err == nil && len(r.Findings) > 0 {
			err = findings(len(r.Findings))
		}
		return err
	}
	return cmd
}

// auditInsideCommand is for auditClientCommand only.
func auditInsideCommand() *cobra.Command {
	return &cobra.Command{Use: insideCommand, Hidden: true, Args: noArguments, RunE: func(cmd *cobra.Command, _ []string) error {
		options, err := io.ReadAll(os.Stdin)
		if err != nil {
			return err
		}
		r, err := client.Inside(cmd.Context(), options)
		if err != nil {
			return err
		}
		return export.Indented(cmd.OutOrStdout(), r)
	}}
}

func clientFacts(r *client.Result) terminal.Facts {
	f := terminal.Facts{Title: fmt.Sprintf("Audit of an application by the list of %s: %s", r.Product, r.Verdict)}
	var sent, files []string // of the state before that has some
	for _, s := range r.States {
		f.Lines = append(f.Lines, fmt.Sprintf("%s: %s, %s, %s; %s", s.Name, terminal.Count(int64(s.Reports), "report", "reports"),
			terminal.Count(int64(len(s.Connections)), "connection", "connections"), terminal.Count(int64(len(s.Lookups)), "lookup", "lookups"), s.Exit))
		if len(s.Sent) > 0 && !slices.Equal(s.Sent, sent) {
			sent = s.Sent
			f.Lines = append(f.Lines, "  sent: "+strings.Join(sent, ", "))
		} else if len(s.Sent) > 0 {
			f.Lines = append(f.Lines, "  sent: the same")
		}
		if len(s.Files) > 0 && !slices.Equal(s.Files, files) {
			files = s.Files
			f.Lines = append(f.Lines, "  files made: "+strings.Join(files, ", "))
		}
	}
	f.Lines = append(f.Lines, r.Notes...)
	for _, x := range r.Findings {
		f.Warnings = append(f.Warnings, fmt.Sprintf("%s: %s: %s (%s); proof: %s", x.State, x.Carrier, x.What, terminal.Count(int64(x.Times), "time", "times"), x.Proof))
	}
	return f
}
