package collector_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// BenchmarkConfigurations sends b.N reports, as the library sends them, over
// 16 connections to each of two Collectors that take turns: one with the shipped configuration, and one
// with the same but without processors. It prints what a second of processor
// time of each handles, and the ratio. make bench-collector runs it.
func BenchmarkConfigurations(b *testing.B) {
	data, err := os.ReadFile(products[0].config)
	if err != nil {
		b.Fatal(err)
	}
	shipped := configuration(strings.Split(string(data), "\n"))
	var collectors []*process
	for i, c := range []configuration{shipped, shipped.through()} {
		path := filepath.Join(b.TempDir(), fmt.Sprint(i, ".yaml"))
		if err := os.WriteFile(path, []byte(strings.Join(c, "\n")), 0o600); err != nil {
			b.Fatal(err)
		}
		collectors = append(collectors, start(b, path))
	}
	const turn, connections = 2000, 16
	spent := make([]float64, len(collectors))
	b.ResetTimer()
	for sent := 0; sent < b.N; sent += turn {
		for i, c := range collectors {
			c.http = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}}
			var left atomic.Int64
			left.Store(int64(min(turn, b.N-sent)))
			var group sync.WaitGroup
			before := c.cpu(b)
			for range connections {
				group.Go(func() {
					for left.Add(-1) >= 0 {
						if status, err := c.send(daily(b)); err != nil || status != http.StatusOK {
							b.Errorf("got %d and %v, want 200", status, err)
						}
					}
				})
			}
			group.Wait()
			spent[i] += c.cpu(b) - before
			c.http.CloseIdleConnections()
		}
	}
	if spent[0] == 0 || spent[1] == 0 {
		return // too few reports for a clock of hundredths
	}
	b.ReportMetric(float64(b.N)/spent[0], "shipped/cpu-s")
	b.ReportMetric(float64(b.N)/spent[1], "bare/cpu-s")
	b.ReportMetric(spent[1]/spent[0], "ratio")
}

// daily is a report as the library sends it, of an installation with
// collections of four sizes.
func daily(b *testing.B) message {
	c := products[0].catalog
	request := report(c, newGUID())
	metrics := request.ResourceMetrics[0].ScopeMetrics[0].Metrics
	metrics = metrics[:len(metrics)-1] // the request to erase
	for _, m := range metrics {
		if g := m.GetGauge(); g != nil {
			g.DataPoints = g.DataPoints[:4]
		}
	}
	request.ResourceMetrics[0].ScopeMetrics[0].Metrics = metrics
	m, err := form{gzip: true}.encode(request)
	if err != nil {
		b.Error(err)
	}
	return m
}

// cpu is the processor time that the process has spent, in seconds: proc(5),
// stat, utime and stime, in hundredths.
func (p *process) cpu(b *testing.B) float64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID()))
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
	var ticks int
	for _, field := range fields[11:13] {
		n, err := strconv.Atoi(field)
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	return float64(ticks) / 100
}
