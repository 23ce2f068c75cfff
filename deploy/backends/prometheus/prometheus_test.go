// Package prometheus has only a test: with the real Prometheus, whose build
// takes minutes. make backends runs it.
package prometheus

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"headcount.example/deploy/backends/internal/live"
)

const shipped = "prometheus.yml"

// start runs Prometheus with the shipped configuration, in which the test
// changes the path of the alarms, the Collector's address, and how often it
// looks.
func start(t *testing.T, program string, metrics string, changes ...string) live.PromQL {
	t.Helper()
	text, err := os.ReadFile(shipped)
	if err != nil {
		t.Fatal(err)
	}
	alerts, err := filepath.Abs("../alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	changes = append(changes, "[../alerts.yml]", fmt.Sprintf("[%q]", alerts), "127.0.0.1:8888", metrics, "interval: 1m", "interval: 1s")
	for i := 0; i < len(changes); i += 2 {
		if !strings.Contains(string(text), changes[i]) {
			t.Fatalf("%s no longer has %q", shipped, changes[i])
		}
	}
	config := filepath.Join(t.TempDir(), shipped)
	if err := os.WriteFile(config, []byte(strings.NewReplacer(changes...).Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	listen := live.FreeAddress(t)
	args := []string{"--config.file=" + config, "--web.listen-address=" + listen, "--storage.tsdb.path=" + t.TempDir(),
		"--web.enable-otlp-receiver", "--web.enable-admin-api", "--storage.tsdb.retention.time=400d"}
	live.Start(t, program, args, nil, "http://"+listen+"/-/ready")
	return live.PromQL{URL: "http://" + listen}
}

// Two installations stay two and have the totals that they sent, through the
// Collector and straight from the library. Prometheus has newer samples of its
// own, from the Collector, and takes a report of 00:00 all the same.
func TestPrometheus(t *testing.T) {
	program, collector := live.Build(t, "program", "github.com/prometheus/prometheus/cmd/prometheus", "-tags=remove_all_sd"), live.Collector(t)
	t.Run("through the Collector", func(t *testing.T) {
		metrics := live.FreeAddress(t)
		p := start(t, program, metrics)
		c := live.ReceiveAt(t, collector, p.URL+"/api/v1/otlp", metrics)
		p.Want(t, `up{job="collector"}`, "", map[string]float64{"": 1})
		check(t, p, c.URL)
		p.Want(t, `count({__name__="otelcol_receiver_accepted_metric_points_total", receiver="otlp"})`, "", map[string]float64{"": 1})
	})
	t.Run("straight from the library", func(t *testing.T) {
		p := start(t, program, live.FreeAddress(t))
		check(t, p, p.URL+"/api/v1/otlp")
	})
	t.Run("without install_guid", func(t *testing.T) {
		p := start(t, program, live.FreeAddress(t), "promote_resource_attributes: [install_guid]", "promote_resource_attributes: []")
		endpoint := p.URL + "/api/v1/otlp"
		a, b := live.Install(t, endpoint, 3), live.Install(t, endpoint, 5)
		if err := a.Report(t); err != nil {
			t.Fatal(err)
		}
		if err := b.Report(t); err == nil {
			t.Error("the second installation was taken: the trap is gone, and so is the need to promote install_guid")
		}
	})
	t.Run("without the window for late samples", func(t *testing.T) {
		p := start(t, program, live.FreeAddress(t), "out_of_order_time_window: 2d", "out_of_order_time_window: 0s")
		endpoint := p.URL + "/api/v1/otlp"
		if err := live.ReportOf(t, endpoint, "0b8e5d4e-3a5c-4c0a-9d31-5f6f1c1f0a01", time.Now(), 1); err != nil {
			t.Fatal(err)
		}
		if err := live.ReportOf(t, endpoint, "0b8e5d4e-3a5c-4c0a-9d31-5f6f1c1f0a02", time.Now().AddDate(0, 0, -1), 1); err == nil {
			t.Error("a late report was taken: the trap is gone, and so is the need for the window")
		}
	})
}

func check(t *testing.T, p live.PromQL, endpoint string) {
	yesterday := time.Now().AddDate(0, 0, -1)
	a, b := live.Install(t, endpoint, 3), live.Install(t, endpoint, 5)
	for _, i := range []*live.Installation{a, b, a} {
		if err := i.Report(t); err != nil {
			t.Fatal(err)
		}
	}
	p.TwoStayTwo(t, a, b)

	// A second report of a day that says more is refused, and the first one
	// counts. A Collector has taken it, and its queue goes on.
	b.Count(1)
	if err := b.Report(t); (err == nil) != !strings.Contains(endpoint, "/api/v1/otlp") {
		t.Errorf("the second report of a day: got %v", err)
	}
	// A report may be late.
	if err := live.ReportOf(t, endpoint, "0b8e5d4e-3a5c-4c0a-9d31-5f6f1c1f0a01", yesterday, 100); err != nil {
		t.Fatal(err)
	}
	p.Want(t, live.Active, "", map[string]float64{"": 3})
	p.Want(t, live.OfEach, "install_guid", map[string]float64{a.GUID: 3, b.GUID: 5, "0b8e5d4e-3a5c-4c0a-9d31-5f6f1c1f0a01": 100})

	// A request to erase is a series; the vendor deletes what it names.
	if err := live.Erase(t, endpoint, a.GUID); err != nil {
		t.Fatal(err)
	}
	p.Want(t, live.ToErase, "install_guid", map[string]float64{a.GUID: 1})
	p.Post(t, `/api/v1/admin/tsdb/delete_series?match[]={install_guid="`+a.GUID+`"}`)
	p.Post(t, `/api/v1/admin/tsdb/clean_tombstones`)
	if late := !strings.Contains(endpoint, "/api/v1/otlp"); late {
		// Prometheus has newer samples here, those of the Collector. What came
		// late is deleted only after the head was compacted, and until then the
		// call is answered with 204 and does nothing.
		p.Want(t, live.Active, "", map[string]float64{"": 3})
		return
	}
	p.Want(t, live.Active, "", map[string]float64{"": 2})
	p.Want(t, live.ToErase, "install_guid", map[string]float64{})
}
