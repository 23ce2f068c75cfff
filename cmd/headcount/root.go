package main

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// commands make the subcommands, in the order of --help.
var commands = []func() *cobra.Command{
	compactCommand,
	reportCommand,
	serveCommand,
	publishCommand,
	exportCommand,
	eraseCommand,
	pruneCommand,
	auditCommand,
	datasheetCommand,
	simulateCommand,
	tablesCommand,
	versionCommand,
}

const rootLong = `headcount makes answers of the reports that self-hosted installations sent,
with permission, to an OpenTelemetry Collector.

The loop, once a day:

  compact   reads the Collector's files into an archive of Parquet files
  report    answers: how many, growing or not, what is popular, how large
  publish   makes the page and the badge that may be shown to the world
  erase     carries out the requests to erase that compact met

Every figure is of the installations that opted in and reported. What is not
known is said to be not known, and never shown as 0.

Exit codes: 0 fine, 1 a failure, 2 wrong usage. Colour and progress are for
terminals only; NO_COLOR turns colour off.`

const rootExample = `  headcount compact --archive archive --catalog compreface /var/lib/otelcol
  headcount report --archive archive
  headcount publish --archive archive --out public
  headcount erase --archive archive /var/lib/otelcol`

// run is the command: it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	out := &output{to: stdout}
	root := newRoot(out)
	root.SetArgs(args)
	root.SetIn(strings.NewReader(""))
	root.SetErr(stderr)
	return exitCode(ctx, root.ExecuteContext(ctx), out, stderr)
}

// newRoot makes the command with its subcommands.
func newRoot(out io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:           "headcount",
		Short:         "Answers from the reports of self-hosted installations",
		Long:          rootLong,
		Example:       rootExample,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noSuchCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetOut(out) // before the command completion is made, which keeps it
	root.SetFlagErrorFunc(flagError)
	for _, command := range commands {
		root.AddCommand(command())
	}
	addHelp(root)
	addCompletion(root)
	return root
}

func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	remedy := "headcount --help lists the commands"
	if near := nearestCommand(cmd, args[0]); near != "" {
		remedy = "did you mean " + near + "?"
	}
	return usage("command %q is not known; %s", args[0], remedy)
}
