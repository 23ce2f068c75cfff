// Affiliate is the command line of a small affiliate-marketing platform, and
// shows how such a program asks for consent and counts with it: significant
// actions and errors by kind, the features that are used, and the sizes of
// the programs.
//
//	affiliate program create spring
//	affiliate join spring ada
//	affiliate referral spring ada 1250
//	affiliate payout spring ada
//	affiliate report
//	affiliate settings telemetry status
//
// The list of what may be sent is headcount.example/catalog/affiliate; the
// notice and the Collector's configuration there are rendered from it:
//
//	HEADCOUNT_FILE=usage.jsonl otelcol --config catalog/affiliate/collector-config.yaml
//	affiliate --stats http://127.0.0.1:4318 settings telemetry on
//
// Where to look: telemetry.go is the integration, settings.go how a person
// decides, platform.go the product, which knows nothing of either.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
)

const help = `Usage: affiliate [--data DIRECTORY] [--stats URL] COMMAND

  program create NAME                 create a program
  join PROGRAM AFFILIATE              let an affiliate join a program
  referral PROGRAM AFFILIATE CENTS    record what a referral earned
  payout PROGRAM AFFILIATE            pay what an affiliate is owed
  report [--json]                     programs, affiliates and amounts

  settings telemetry status           whether usage statistics are on, and why
  settings telemetry notice           all that would be sent, in words
  settings telemetry preview          the next report, byte for byte
  settings telemetry on|off           say yes or no; off also destroys what was counted
  settings telemetry erase            say no, and ask that what was sent be erased
  settings telemetry send             send a report now
  settings telemetry journal          all that was sent, the newest first

Statistics are off until you say yes. Two variables say no, whatever you said:

  AFFILIATE_PLATFORM_TELEMETRY=off    no to these statistics; what was counted is destroyed
  DO_NOT_TRACK=1                      no to those of every product; what was counted stays

AFFILIATE_PLATFORM_TELEMETRY=accept:1 says yes to notice 1. Exit codes: 0 done, 1 failed, 2 wrong usage.
`

// errUsage is a mistake on the command line: exit code 2, and never counted.
var errUsage = errors.New("wrong usage")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string) int {
	flags := flag.NewFlagSet("affiliate", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	data := flags.String("data", "affiliate-data", "")
	endpoint := flags.String("stats", "https://stats.affiliate.example", "")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp), err == nil && strings.Join(flags.Args(), " ") == "help":
		fmt.Print(help)
		return 0
	case err != nil:
		return fail(usage("%v", err))
	}
	dir, err := filepath.Abs(*data)
	if err != nil {
		return fail(err)
	}
	a := &app{shop: &platform{dir: dir}, stats: newStatistics(dir, *endpoint)}
	defer a.stats.close()
	if err := a.command(ctx, flags.Args()); err != nil {
		a.stats.failed(err)
		return fail(err)
	}
	return 0
}

func usage(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errUsage}, args...)...)
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "affiliate:", err)
	if errors.Is(err, errUsage) {
		fmt.Fprintln(os.Stderr, `"affiliate help" lists the commands`)
		return 2
	}
	return 1
}
