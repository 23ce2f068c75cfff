package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/audit/receiver"
	"headcount.example/cmd/headcount/internal/audit/testcollector"
)

func TestAuditUsage(t *testing.T) {
	here := write(t, filepath.Join(t.TempDir(), "config.yaml"), "receivers: {}\n")
	for _, test := range []struct {
		name, want string
		args       []string
	}{
		{"no catalog", "--catalog NAME|FILE is needed", []string{"--config", here, "--collector", here}},
		{"nothing to audit", "--config FILE and --collector BINARY are needed", []string{"--catalog", "compreface"}},
		{"no program", "--config FILE and --collector BINARY are needed", []string{"--catalog", "compreface", "--config", here}},
		{"no file", "there is no such file", []string{"--catalog", "compreface", "--config", here + "x", "--collector", here}},
		{"both", "give one pair", []string{"--catalog", "compreface", "--config", here, "--endpoint", "http://127.0.0.1:1"}},
		{"no output", "belong together", []string{"--catalog", "compreface", "--endpoint", "http://127.0.0.1:1"}},
		{"no URL", "must begin with http", []string{"--catalog", "compreface", "--endpoint", "127.0.0.1:1", "--output", here}},
		{"nothing listens", "nothing was accepted at http://127.0.0.1:1", []string{"--catalog", "compreface", "--endpoint", "http://127.0.0.1:1", "--output", here}},
		{"no receiver", "no pipeline writes to a file exporter", []string{"--catalog", "compreface", "--config", here, "--collector", here}},
		{"no program that runs", "the Collector does not start", []string{"--catalog", "compreface", "--config", "../../collector-config.yaml", "--collector", here}},
		{"an argument", "takes no arguments", []string{"x"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := headcount(append([]string{"audit", "collector"}, test.args...)...)
			if r.code != exitUsage || r.stdout != "" {
				t.Errorf("got exit code %d and %q, want 2 and nothing", r.code, r.stdout)
			}
			r.oneLine(t, test.want)
		})
	}
}

// A leak is exit code 1, with the proof for programs too. That a clean
// Collector is 0, TestDocumentForAuditors shows.
func TestAuditCollectorFindings(t *testing.T) {
	binary, err := testcollector.Program()
	if err != nil {
		t.Fatal(err)
	}
	const shipped = "../../collector-config.yaml"
	leaky := write(t, filepath.Join(t.TempDir(), "leaky.yaml"), strings.Replace(read(t, shipped), "processors: [memory_limiter, filter/allow,", "processors: [", 1))
	r := headcount("audit", "collector", "--catalog", "compreface", "--config", leaky, "--collector", binary, "--format", "json", "--mistakes=false")
	r.oneLine(t, "the output shows each with its proof")
	var result receiver.Result
	if err := json.Unmarshal([]byte(r.stdout), &result); err != nil || r.code != exitFailure || result.Verdict != receiver.Findings || len(result.Findings) == 0 {
		t.Errorf("got exit code %d, the verdict %q and %d findings, %v", r.code, result.Verdict, len(result.Findings), err)
	}
}
