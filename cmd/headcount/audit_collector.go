package main

import (
	"errors"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"headcount.example/cmd/headcount/internal/audit/receiver"
	"headcount.example/cmd/headcount/internal/export"
	"headcount.example/cmd/headcount/internal/terminal"
)

const auditCollectorLong = `collector sends reports to an OpenTelemetry Collector: valid ones, and hostile
ones that hide something in each place that can carry it. Then it reads what
the Collector wrote, and says what got through, with the bytes that prove it.

With --config and --collector it starts the program in a scratch directory. A
second configuration, which it adds, changes addresses and paths to free ones,
and nothing else. It searches the queue, the log and the Collector's own
metrics too, kills the Collector after it acknowledged reports, and tries the
mistakes of operators: a file removed or moved, a full disk, two writers.

With --endpoint and --output it uses a Collector that runs, also through a
proxy. Give it a test environment: the hostile reports stay in its file. Name
logs and queues with --search.

Exit codes: 0 nothing outside the catalog appeared, all valid data did, and
nothing acknowledged was lost; 1 findings; 2 nothing could be judged.`

const auditCollectorExample = `  headcount audit collector --catalog compreface --config collector-config.yaml --collector ./otelcol
  headcount audit collector --catalog list.json --config config.yaml --collector ./otelcol \
    --requests 100000 --format json
  headcount audit collector --catalog compreface --endpoint http://127.0.0.1:4318 --output usage.jsonl
  headcount audit collector --catalog compreface --endpoint https://usage.example --output usage.jsonl \
    --search /var/log/nginx`

// A collectorAudit is the command line of audit collector.
type collectorAudit struct {
	catalog                           *catalogFlag
	config, binary, endpoint, written *string
	search                            *[]string
	requests                          *countFlag
	seed                              *uint64
	format                            *choiceFlag
	mistakes                          *bool
}

func auditCollectorCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "collector --catalog NAME|FILE (--config FILE --collector BINARY | --endpoint URL --output FILE)",
		Short:   "Attack a Collector, and show what got through",
		Long:    auditCollectorLong,
		Example: auditCollectorExample,
		Args:    noArguments,
	}
	flags := cmd.Flags()
	a := &collectorAudit{requests: &countFlag{0, 0, 10_000_000}}
	a.catalog = addCatalog(cmd, "nothing can be judged")
	a.config = flags.String("config", "", "configuration of the Collector")
	a.binary = flags.String("collector", "", "program of the Collector, such as otelcol-contrib")
	a.endpoint = flags.String("endpoint", "", "address of a Collector that runs, without /v1/metrics")
	a.written = flags.String("output", "", "file that it writes")
	a.search = flags.StringArray("search", nil, "file or directory to search for addresses, headers and identifiers; repeatable")
	flags.Var(a.requests, "requests", "requests to send at least; those with a purpose of their own are always sent")
	a.seed = flags.Uint64("seed", 1, "another seed makes other mutations")
	a.mistakes = flags.Bool("mistakes", true, "try an operator's mistakes too, with --config")
	a.format = addFormat(cmd, "table", "json")
	cmd.PreRunE = func(*cobra.Command, []string) error { return a.check() }
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return a.run(cmd) }
	return cmd
}

func (a *collectorAudit) check() error {
	if a.catalog.list == nil {
		return usage("--catalog NAME|FILE is needed: the list to judge by; see headcount audit collector --help")
	}
	started, running := *a.config != "" || *a.binary != "", *a.endpoint != "" || *a.written != ""
	switch {
	case started && running:
		return usage("--config and --collector start a Collector, --endpoint and --output name one that runs: give one pair")
	case running && (*a.endpoint == "" || *a.written == ""):
		return usage("--endpoint URL and --output FILE belong together: where reports go, and what the Collector writes")
	case running && !strings.HasPrefix(*a.endpoint, "http://") && !strings.HasPrefix(*a.endpoint, "https://"):
		return usage("--endpoint %s: it must begin with http:// or https://", *a.endpoint)
	case !running && (*a.config == "" || *a.binary == ""):
		return usage("--config FILE and --collector BINARY are needed, or --endpoint URL and --output FILE; see headcount audit collector --help")
	}
	for flag, path := range map[string]string{"config": *a.config, "collector": *a.binary} {
		if _, err := os.Stat(path); path != "" && err != nil {
			return usage("--%s %s: there is no such file", flag, path)
		}
	}
	return nil
}

func (a *collectorAudit) run(cmd *cobra.Command) error {
	p := progressOf(cmd.ErrOrStderr(), "attacking", requestsSent)
	defer p.Done()
	r, err := receiver.Audit(cmd.Context(), receiver.Options{
		Schema: a.catalog.list, Config: *a.config, Binary: *a.binary, Endpoint: strings.TrimSuffix(*a.endpoint, "/"), Output: *a.written,
		Search: *a.search, Requests: int(a.requests.value), Seed: *a.seed, Mistakes: *a.mistakes, Progress: p.Update,
	})
	p.Done()
	if err != nil {
		return unable(cmd, err)
	}
	w := cmd.OutOrStdout()
	if a.format.value == "json" {
		err = export.Indented(w, r)
	} else {
		err = writeAudit(w, r)
	}
	if err == nil && r.Verdict != receiver.Clean {
		err = findings(len(r.Findings))
	}
	return err
}

// unable is exit code 2: an audit that cannot judge must not look like one
// that found something.
func unable(cmd *cobra.Command, err error) error {
	var u *receiver.Unable
	if errors.As(err, &u) && cmd.Context().Err() == nil {
		return usage("%v", err)
	}
	return interrupted(cmd.Context(), err, "nothing was judged")
}

func requestsSent(n int64) string { return terminal.Count(n, "request", "requests") }
