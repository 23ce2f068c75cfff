package main

import (
	"github.com/spf13/cobra"

	"headcount.example/cmd/headcount/internal/terminal"
)

const auditLong = `audit proves what the documents promise: that one list, the catalog, is
everything that may leave an installation and everything that a vendor keeps.
It needs no trust in us: it runs what you run, and looks at the bytes.

  collector  sends valid and hostile reports to a Collector, and reads what it
             wrote, queued and logged
  archive    reads an archive: nothing outside the catalog, nothing erased,
             nothing older than was promised
  client     runs an application in a network of its own, and shows what left

Exit codes: 0 nothing was found, 1 findings, 2 nothing could be judged.`

const auditExample = `  headcount audit collector --catalog compreface --config config.yaml --collector ./otelcol
  headcount audit archive archive
  headcount audit client --help`

// auditCommands make the subcommands of audit, in the order of --help.
var auditCommands = []func() *cobra.Command{auditCollectorCommand, auditArchiveCommand, auditClientCommand, auditInsideCommand}

func auditCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "audit",
		Short:   "Prove that nothing outside the catalog is kept",
		Long:    auditLong,
		Example: auditExample,
		Args:    noSuchCommand,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	for _, command := range auditCommands {
		cmd.AddCommand(command())
	}
	return cmd
}

// A findingsError ends an audit that found something: exit code 1. The
// findings themselves are the output.
type findingsError struct{ text string }

func (e *findingsError) Error() string { return e.text }

func findings(n int) error {
	return &findingsError{terminal.Count(int64(n), "finding", "findings") + "; the output shows each with its proof"}
}
