package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

const help = `Usage: faces [FLAGS] [COMMAND]

  faces                                     serve, with SQLite in ./faces-data
  faces -database postgres://user@host/db   serve, with PostgreSQL
  faces -dir /var/lib/faces seed            add example data, and end

Without a command it serves until it is interrupted. Flags:

`

// errUsage is a mistake on the command line: exit code 2.
var errUsage = errors.New("wrong usage")

type options struct {
	listen, dir, database, endpoint string
	seed                            bool
}

// parseOptions reads the command line before anything is opened or made. Flags
// count before the command and after it.
func parseOptions(args []string, out io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("faces", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // a mistake is said once, by exit
	flags.StringVar(&o.listen, "listen", "127.0.0.1:8080", "`address` to serve on")
	flags.StringVar(&o.dir, "dir", "faces-data", "`directory` that survives a restart")
	flags.StringVar(&o.database, "database", "", "`URL` of a PostgreSQL database; SQLite in -dir if empty")
	flags.StringVar(&o.endpoint, "endpoint", "http://127.0.0.1:4318", "`URL` of the Collector")
	if err = flags.Parse(args); err == nil && flags.NArg() > 0 {
		if command := flags.Arg(0); command != "seed" {
			return o, fmt.Errorf("%w: %q is not a command: say seed, or nothing to serve", errUsage, command)
		}
		o.seed = true
		err = flags.Parse(flags.Args()[1:])
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(out, help)
		flags.SetOutput(out)
		flags.PrintDefaults()
		return o, err
	case err != nil:
		return o, fmt.Errorf("%w: %w", errUsage, err)
	case flags.NArg() > 0:
		return o, fmt.Errorf("%w: seed takes no %q: leave it out", errUsage, flags.Arg(0))
	}
	return o, nil
}

// exit says what went wrong and returns the exit code: 1, or 2 for a mistake
// on the command line.
func exit(err error) int {
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return 0
	}
	fmt.Fprintln(os.Stderr, "faces:", err)
	if errors.Is(err, errUsage) {
		fmt.Fprintln(os.Stderr, `"faces -help" lists the commands and flags`)
		return 2
	}
	return 1
}
