package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"headcount.example/cmd/headcount/internal/day"
)

func simulate(args ...string) (stdout, stderr string, err error) {
	var out, wrong bytes.Buffer
	cmd := simulateCommand()
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetFlagErrorFunc(flagError)
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(&wrong)
	err = cmd.ExecuteContext(context.Background())
	return out.String(), wrong.String(), err
}

func TestSimulateWrites(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a fleet")
	stdout, stderr, err := simulate("--installations", "30", "--days", "20", "--end", "2026-11-25", "--catalog", "affiliate", "--out", dir)
	if err != nil || stderr != "" {
		t.Fatal(err, stderr)
	}
	if !strings.Contains(stdout, "from 2026-11-06 to 2026-11-25") || !strings.Contains(stdout, dir) {
		t.Errorf("got %q, want the days and the directory", stdout)
	}
	truth, err := os.ReadFile(filepath.Join(dir, "truth.json"))
	if err != nil || !strings.Contains(string(truth), `"as_of": "2026-11-25"`) {
		t.Errorf("got the truth %.200s, %v", truth, err)
	}
	usage, err := os.ReadFile(filepath.Join(dir, "usage.jsonl"))
	if err != nil || !bytes.Contains(usage, []byte(`"affiliate.action"`)) {
		t.Errorf("got the reports %.200s, %v", usage, err)
	}
	if _, _, err := simulate("--out", dir); err == nil || !strings.Contains(err.Error(), "there already") {
		t.Errorf("a second time: got %v", err)
	}
}

// The history ends the day before the one that is sent.
func TestSimulateWritesAndSends(t *testing.T) {
	var got atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err == nil && r.URL.Path == "/v1/metrics" && len(body) > 100 {
			got.Add(1)
		}
	}))
	defer server.Close()
	dir := t.TempDir()
	stdout, stderr, err := simulate("--installations", "50", "--days", "10", "--end", "2026-11-26", "--out", dir, "--endpoint", server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(stderr, "sending the reports of 2026-11-26, made up, to "+server.URL+"/v1/metrics") {
		t.Errorf("got %q, want what it does before it does it", stderr)
	}
	if got.Load() == 0 || !strings.Contains(stdout, "to 2026-11-25,") || !strings.Contains(stdout, "sent to "+server.URL) {
		t.Errorf("got %d requests, %q", got.Load(), stdout)
	}
	usage, err := os.ReadFile(filepath.Join(dir, "usage.jsonl"))
	if err != nil || bytes.Contains(usage, []byte(`"timeUnixNano":"1795651200000000000"`)) {
		t.Errorf("the day that is sent is in the history, or %v", err)
	}
}

func TestSimulateSendsToNone(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	_, stderr, err := simulate("--installations", "5", "--days", "1", "--endpoint", server.URL)
	if err == nil || !strings.Contains(err.Error(), "is a Collector there?") || !strings.Contains(stderr, "sending") {
		t.Errorf("got %v, %q", err, stderr)
	}
}

func TestSimulateEnds(t *testing.T) {
	now := time.Date(2026, 11, 26, 0, 0, 1, 0, time.UTC)
	out, endpoint, none := "dir", "http://127.0.0.1:4318", ""
	for name, test := range map[string]struct {
		out, endpoint *string
		end           string
		want          string
		without       bool
	}{
		"written":          {&out, &none, "", "2026-11-25", false},
		"sent":             {&none, &endpoint, "", "2026-11-26", false},
		"written and sent": {&out, &endpoint, "", "2026-11-26", true},
		"given":            {&out, &none, "2026-01-31", "2026-01-31", false},
	} {
		seed, clean, end := uint64(1), false, &dateFlag{day.None}
		if test.end != "" {
			if err := end.Set(test.end); err != nil {
				t.Fatal(err)
			}
		}
		s := &simulation{installations: &countFlag{value: 1}, days: &countFlag{value: 2}, rotate: &countFlag{}, seed: &seed, clean: &clean, grown: &clean,
			end: end, catalog: &catalogFlag{}, out: test.out, endpoint: test.endpoint}
		o, err := s.options(now)
		if err != nil || o.End.String() != test.want || o.WithoutEnd != test.without || o.Schema.Product != "CompreFace" {
			t.Errorf("%s: got the last day %s, without it %v, of %q, %v; want %s, %v", name, o.End, o.WithoutEnd, o.Schema.Product, err, test.want, test.without)
		}
	}
}

func TestSimulateUsage(t *testing.T) {
	for name, test := range map[string]struct {
		args string
		want string
	}{
		"nothing":            {"", "--out DIR or --endpoint URL"},
		"no scheme":          {"--endpoint 127.0.0.1:4318", `"127.0.0.1:4318"`},
		"another scheme":     {"--endpoint ftp://a.example", `"ftp://a.example"`},
		"path of metrics":    {"--endpoint http://a.example/v1/metrics", "leave it out"},
		"no installations":   {"--out x --installations 0", `"0"`},
		"too many days":      {"--out x --days 3651", `"3651"`},
		"negative seed":      {"--out x --seed -1", "--seed"},
		"not a date":         {"--out x --end yesterday", `"yesterday"`},
		"unknown catalog":    {"--out x --catalog none.json", `"none.json"`},
		"rotation":           {"--out x --rotate -1", `"-1"`},
		"argument":           {"dir", `"dir"`},
		"nothing left to do": {"--out x --endpoint http://a.example --days 1", "2 or more"},
	} {
		_, _, err := simulate(strings.Fields(test.args)...)
		var wrong *usageError
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want wrong usage with %s", name, err, test.want)
		}
	}
}
