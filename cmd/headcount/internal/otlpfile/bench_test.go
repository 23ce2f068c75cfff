package otlpfile

import (
	"bytes"
	"context"
	"testing"

	"headcount.example/cmd/headcount/internal/schema"
)

// The parsers and the whole of Read over the same reports: MB a second of one
// core, and allocations a report.
func BenchmarkParse(b *testing.B) {
	s := load(b, "compreface")
	data := fleet(b, s, 2000)
	lines := bytes.SplitAfter(data, []byte("\n"))
	lines = lines[:len(lines)-1]
	run := func(name string, all func()) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				all()
			}
			b.ReportMetric(float64(len(lines))*float64(b.N)/b.Elapsed().Seconds(), "reports/s")
		})
	}
	scanner := newScanner(s)
	run("scanner", func() {
		for _, line := range lines {
			if _, ok := scanner.scan(line); !ok {
				b.Fatalf("the scanner does not take %s", line)
			}
		}
	})
	judge := newJudge(s)
	run("pdata", func() {
		for _, line := range lines {
			if md, ok := decode(line); !ok || judge.verdict(md.ResourceMetrics().At(0)) != "" {
				b.Fatalf("refused: %s", line)
			}
		}
	})
	run("Read", func() {
		n := 0
		h := Handler{Report: func(*schema.Report) error { n++; return nil }}
		if _, err := Read(context.Background(), bytes.NewReader(data), s, h); err != nil || n != len(lines) {
			b.Fatalf("got %d reports and %v, want %d", n, err, len(lines))
		}
	})
}
