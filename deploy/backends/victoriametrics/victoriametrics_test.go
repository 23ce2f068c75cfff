// Package victoriametrics has only a test: with the real VictoriaMetrics.
package victoriametrics

import (
	"strings"
	"testing"
	"time"

	"headcount.example/deploy/backends/internal/live"
)

// flags are what victoriametrics.flags says, for a directory and an address of
// the test's own.
func flags(t *testing.T, listen string) []string {
	t.Helper()
	args := []string{"-storageDataPath=" + t.TempDir(), "-httpListenAddr=" + listen}
	for line := range strings.Lines(read(t, "victoriametrics.flags")) {
		flag, _, _ := strings.Cut(line, " #")
		args = append(args, strings.TrimSpace(flag))
	}
	return args
}

func start(t *testing.T, program string, args ...string) live.PromQL {
	t.Helper()
	listen := live.FreeAddress(t)
	live.Start(t, program, append(flags(t, listen), args...), nil, "http://"+listen+"/health")
	// What has just arrived is seen some seconds later, or after a flush.
	return live.PromQL{URL: "http://" + listen, Flush: "/internal/force_flush"}
}

// Two installations stay two and have the totals that they sent, through the
// Collector and straight from the library.
func TestVictoriaMetrics(t *testing.T) {
	program, collector := live.Build(t, "program", "github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-metrics"), live.Collector(t)
	t.Run("through the Collector", func(t *testing.T) {
		vm := start(t, program)
		c := live.Receive(t, collector, vm.URL+"/opentelemetry")
		check(t, vm, c.URL)
	})
	t.Run("straight from the library", func(t *testing.T) {
		vm := start(t, program)
		check(t, vm, vm.URL+"/opentelemetry")
	})
}

// README.md has the questions that are asked here.
func TestQuestionsAreInReadme(t *testing.T) {
	readme := read(t, "../README.md")
	for _, q := range []string{live.Active, live.Users, live.Services, live.Sizes, live.ToErase} {
		if !strings.Contains(readme, "`"+q+"`") {
			t.Errorf("README.md does not have %s", q)
		}
	}
}

func check(t *testing.T, vm live.PromQL, endpoint string) {
	a, b := live.Install(t, endpoint, 3), live.Install(t, endpoint, 5)
	for _, i := range []*live.Installation{a, b, a} {
		if err := i.Report(t); err != nil {
			t.Fatal(err)
		}
	}
	vm.TwoStayTwo(t, a, b)

	// Of two reports of a day the larger totals count.
	b.Count(1)
	if err := b.Report(t); err != nil {
		t.Fatal(err)
	}
	vm.Want(t, live.OfEach, "install_guid", map[string]float64{a.GUID: 3, b.GUID: 6})

	// A report may be late.
	if err := live.ReportOf(t, endpoint, "0b8e5d4e-3a5c-4c0a-9d31-5f6f1c1f0a01", time.Now().AddDate(0, 0, -2), 100); err != nil {
		t.Fatal(err)
	}
	vm.Want(t, live.Active, "", map[string]float64{"": 3})

	// A request to erase is a series; the vendor deletes what it names.
	if err := live.Erase(t, endpoint, a.GUID); err != nil {
		t.Fatal(err)
	}
	vm.Want(t, live.ToErase, "install_guid", map[string]float64{a.GUID: 1})
	vm.Post(t, `/api/v1/admin/tsdb/delete_series?match[]={install_guid="`+a.GUID+`"}`)
	vm.Want(t, live.Active, "", map[string]float64{"": 2})
	vm.Want(t, live.ToErase, "install_guid", map[string]float64{})
}
