package victoriametrics

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"headcount.example/deploy/backends/internal/live"
)

// vmalert-tool checks alerts_unit.yml, which names every alarm: a sound
// pipeline is silent, and each fault rings its alarm.
func TestAlerts(t *testing.T) {
	text := read(t, "../alerts.yml")
	cases := read(t, "alerts_unit.yml")
	names := regexp.MustCompile(`(?m)- alert: (\w+)$`).FindAllStringSubmatch(text, -1)
	for _, name := range names {
		if n := strings.Count(cases, "alertname: "+name[1]+","); n != 2 {
			t.Errorf("alerts_unit.yml has %s %d times, want 2", name[1], n)
		}
	}
	if len(names) < 7 {
		t.Errorf("alerts.yml has %d alarms, want 7 or more", len(names))
	}
	tool := live.Build(t, "program", "github.com/VictoriaMetrics/VictoriaMetrics/app/vmalert-tool")
	out, err := exec.Command(tool, "unittest", "--files=alerts_unit.yml").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "SUCCESS") {
		t.Errorf("%v\n%s", err, out)
	}
}

// The Collector has the metrics that the alarms ask for, and none of what it
// says of itself names a sender.
func TestCollectorsOwnMetrics(t *testing.T) {
	collector := live.Collector(t)
	away := "http://" + live.FreeAddress(t)
	c := live.Receive(t, collector, away)
	i := live.Install(t, c.URL, 3)
	if err := i.Report(t); err != nil {
		t.Fatal(err)
	}
	said := c.Metrics(t)
	asked := regexp.MustCompile(`otelcol_\w+`).FindAllString(read(t, "../alerts.yml"), -1)
	slices.Sort(asked)
	asked = slices.Compact(asked)
	if len(asked) < 4 {
		t.Errorf("alerts.yml asks for %q, want four or more", asked)
	}
	for _, name := range asked {
		// Only a refusal makes this one.
		if name != "otelcol_exporter_send_failed_metric_points_total" && !strings.Contains(said, "\n"+name+"{") {
			t.Errorf("the Collector does not have %s:\n%s", name, said)
		}
	}
	for line := range strings.Lines(said) {
		if strings.Contains(line, i.GUID) || strings.Contains(line, "127.0.0.1") && !strings.Contains(line, `exporter="otlp_http/`) {
			t.Errorf("this names a sender: %s", line)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
