//go:build unix

package otlpfile

import (
	"bytes"
	"context"
	"syscall"
	"testing"
	"time"

	"headcount.example/cmd/headcount/internal/schema"
)

// The parsers and the whole of Read over the same reports: MB for each second
// of processor time, and allocations. Wall time says little on a busy machine.
func BenchmarkParse(b *testing.B) {
	s := load(b, "compreface")
	data := fleet(b, s, 2000)
	lines := bytes.SplitAfter(data, []byte("\n"))
	lines = lines[:len(lines)-1]
	run := func(name string, all func(b *testing.B)) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			before, n := processor(b), 0
			for b.Loop() {
				n++
				all(b)
			}
			spent := (processor(b) - before).Seconds()
			b.ReportMetric(float64(len(data))*float64(n)/1e6/spent, "MB/CPU-s")
			b.ReportMetric(float64(len(lines))*float64(n)/spent, "reports/CPU-s")
		})
	}
	scanner := newScanner(s)
	run("scanner", func(b *testing.B) {
		for _, line := range lines {
			if _, ok := scanner.scan(line); !ok {
				b.Fatalf("the scanner does not take %s", line)
			}
		}
	})
	judge := newJudge(s)
	run("pdata", func(b *testing.B) {
		for _, line := range lines {
			if md, ok := decode(line); !ok || judge.verdict(md.ResourceMetrics().At(0)) != "" {
				b.Fatalf("refused: %s", line)
			}
		}
	})
	run("Read", func(b *testing.B) {
		n := 0
		h := Handler{Report: func(*schema.Report) error { n++; return nil }}
		if _, err := Read(context.Background(), bytes.NewReader(data), s, h); err != nil || n != len(lines) {
			b.Fatalf("got %d reports and %v, want %d", n, err, len(lines))
		}
	})
}

// processor is the processor time of this process so far.
func processor(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
