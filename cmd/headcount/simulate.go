package main

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/fleet"
	"headcount.example/cmd/headcount/internal/schema"
	"headcount.example/cmd/headcount/internal/terminal"
)

const simulateLong = `simulate makes the reports of installations that do not exist, for tests,
benchmarks and demonstrations. They join, grow, rest at the weekend, leave and
return. Unless --clean is given, things go wrong too: restored backups, clones,
second reports on a day, requests to erase, torn lines, forged senders, clocks
in 1970 and 2100.

--out writes the history into a directory, in the Collector's file format:
usage.jsonl, with --rotate also usage-2026-11-25T00-00-00.000-size.jsonl and
so on.
Beside it is truth.json: the answers as the simulation counted them while it
made the reports, as of the last day, with the keys of report --format json.
The directory must not hold another history.

--endpoint sends the reports of the last day to a Collector as OTLP/HTTP, one
request each. The Collector stamps its own day. Only reports that the product
could send are sent: nothing torn and nothing forged.

With both, the last day is sent, and the days before it are written. Then
truth.json is as of the day before the last one.

The same flags make the same bytes. A report of CompreFace is about 1.4 kB:
100,000 installations over 30 days are 1.2 GB, with --grown 2.9 GB.`

const simulateExample = `  headcount simulate --out history
  headcount simulate --installations 100000 --days 30 --end 2026-11-25 --clean --grown --out history
  headcount simulate --catalog affiliate --seed 7 --out history --rotate 100
  headcount simulate --installations 50 --endpoint http://127.0.0.1:4318
  headcount simulate --installations 50 --out history --endpoint http://127.0.0.1:4318`

// A simulation is the command line of simulate.
type simulation struct {
	installations, days, rotate *countFlag
	seed                        *uint64
	end                         *dateFlag
	catalog                     *catalogFlag
	out, endpoint               *string
	clean, grown                *bool
}

func simulateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "simulate (--out DIR | --endpoint URL)",
		Short:   "Make the reports of a fleet that does not exist, and its true answers",
		Long:    simulateLong,
		Example: simulateExample,
		Args:    noArguments,
	}
	flags := cmd.Flags()
	s := &simulation{
		installations: &countFlag{1000, 1, fleet.MaxInstallations},
		days:          &countFlag{60, 1, fleet.MaxDays},
		rotate:        &countFlag{0, 0, 1 << 20},
		end:           &dateFlag{day.None},
	}
	flags.Var(s.installations, "installations", "installations that ever join")
	flags.Var(s.days, "days", fmt.Sprintf("days of the history, 1 to %d", fleet.MaxDays))
	s.seed = flags.Uint64("seed", 1, "another seed is another fleet")
	flags.Var(s.end, "end", "last day, as in 2026-11-25; without it, yesterday in UTC, with --endpoint today")
	s.out = flags.String("out", "", "directory to write the history and truth.json into")
	_ = cmd.MarkFlagDirname("out")
	s.endpoint = flags.String("endpoint", "", "address of a Collector's OTLP/HTTP receiver, without /v1/metrics")
	s.catalog = addCatalog(cmd, "compreface")
	s.clean = flags.Bool("clean", false, "nothing goes wrong")
	s.grown = flags.Bool("grown", false, "all installations are there on the first day, instead of joining over time")
	flags.Var(s.rotate, "rotate", "megabytes after which a new file begins; 0 is one file")
	cmd.PreRunE = func(*cobra.Command, []string) error { return s.check() }
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return s.run(cmd) }
	return cmd
}

func (s *simulation) check() error {
	if *s.out == "" && *s.endpoint == "" {
		return usage("--out DIR or --endpoint URL is needed: where the reports go; see headcount simulate --help")
	}
	if *s.endpoint != "" {
		if _, err := fleet.MetricsURL(*s.endpoint); err != nil {
			return usage("--endpoint: %v", err)
		}
	}
	if *s.out != "" {
		if err := noArchive("out", *s.out); err != nil {
			return err
		}
	}
	if *s.out != "" && *s.endpoint != "" && s.days.value < 2 {
		return usage("--days 1 leaves no day to write when the last one is sent; ask for 2 or more")
	}
	return nil
}

func (s *simulation) options(now time.Time) (fleet.Options, error) {
	list := s.catalog.list
	if list == nil {
		var err error
		if list, err = schema.Load("compreface"); err != nil {
			return fleet.Options{}, err
		}
	}
	end := s.end.Day
	if end == day.None {
		if end = lastCompleteDay(now); *s.endpoint != "" {
			end = day.Of(now)
		}
	}
	return fleet.Options{Schema: list, Installations: int(s.installations.value), Days: int(s.days.value), Seed: *s.seed, End: end,
		Clean: *s.clean, Grown: *s.grown, WithoutEnd: *s.out != "" && *s.endpoint != "", Rotate: s.rotate.value * 1_000_000}, nil
}

func (s *simulation) run(cmd *cobra.Command) error {
	o, err := s.options(time.Now())
	if err != nil {
		return err
	}
	if *s.out != "" {
		if err := writeFleet(cmd, o, *s.out); err != nil {
			return err
		}
	}
	if *s.endpoint != "" {
		return sendFleet(cmd, o, *s.endpoint)
	}
	return nil
}

func writeFleet(cmd *cobra.Command, o fleet.Options, dir string) error {
	p := progressOf(cmd.ErrOrStderr(), "writing", installationDays)
	defer p.Done()
	var last fleet.Progress
	truth, err := fleet.Write(cmd.Context(), o, dir, func(now fleet.Progress) {
		last = now
		p.Update(int64(now.Day)*int64(o.Installations), int64(now.Days)*int64(o.Installations))
	})
	if err != nil {
		return err
	}
	p.Done()
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s of %s from %s to %s, %s, are in %s; the true answers are in %s\n",
		terminal.Count(last.Reports, "report", "reports"), terminal.Count(truth.Installations.Ever+truth.Installations.Erased, "installation", "installations"),
		o.End-day.Day(o.Days)+1, truth.AsOf, terminal.Bytes(last.Bytes), dir, filepath.Join(dir, fleet.TruthFile))
	return err
}

func sendFleet(cmd *cobra.Command, o fleet.Options, endpoint string) error {
	to, err := fleet.MetricsURL(endpoint)
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "headcount: sending the reports of %s, made up, to %s\n", o.End, to)
	p := progressOf(cmd.ErrOrStderr(), "sending", reports)
	defer p.Done()
	client := &http.Client{
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	var sent int64
	err = fleet.Send(cmd.Context(), o, endpoint, client, func(now fleet.Progress) {
		sent = now.Reports
		p.Update(sent, 0)
	})
	if err != nil {
		return interruptedSend(cmd.Context(), err, sent)
	}
	p.Done()
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s sent to %s\n", terminal.Count(sent, "report", "reports"), to)
	return err
}

func interruptedSend(ctx context.Context, err error, sent int64) error {
	return interrupted(ctx, err, terminal.Count(sent, "report was", "reports were")+" sent")
}

func installationDays(n int64) string {
	return terminal.Count(n, "installation-day", "installation-days")
}
