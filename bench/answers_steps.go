package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
)

// build makes both programs, each as its own module says.
func (r *rig) build(*Answers) error {
	if err := r.compile("../cmd/headcount", r.headcount, "CGO_ENABLED=0"); err != nil {
		return err
	}
	return r.compile("programs/duckdb", r.duckdb, "CGO_ENABLED=1")
}

func (r *rig) compile(dir, to, cgo string) error {
	c := exec.CommandContext(r.ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", to, ".")
	c.Dir, c.Env = dir, append(os.Environ(), "GOWORK=off", cgo)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("go build in %s: %w\n%s", dir, err, out)
	}
	return nil
}

// A Parse is the reader of the Collector's files alone, in memory.
type Parse struct {
	Rate   float64 `json:"mb_per_cpu_s"`
	Allocs float64 `json:"allocs"` // for each report
}

// parse runs the benchmark of package otlpfile.
func (r *rig) parse(a *Answers) (err error) {
	c := exec.CommandContext(r.ctx, "go", "test", "-run=^$", "-bench=Parse/Read$", "-benchtime=2s", "-cpu=1", "./internal/otlpfile")
	c.Dir, c.Env = "../cmd/headcount", append(os.Environ(), "GOWORK=off")
	out, err := c.CombinedOutput()
	if err != nil {
		return fmt.Errorf("go test -bench: %w\n%s", err, tail(string(out)))
	}
	a.Parse, err = parsed(string(out))
	return err
}

var unit = regexp.MustCompile(`([0-9.e+]+) (ns/op|MB/s|MB/CPU-s|reports/CPU-s|allocs/op)`)

// parsed reads the line of a benchmark. How many reports an operation has
// follows from the two rates and the size that MB/s and ns/op tell.
func parsed(out string) (Parse, error) {
	v := map[string]float64{}
	for _, m := range unit.FindAllStringSubmatch(out, -1) {
		v[m[2]], _ = strconv.ParseFloat(m[1], 64)
	}
	reports := v["reports/CPU-s"] / v["MB/CPU-s"] * v["MB/s"] * v["ns/op"] / 1e9
	if !(reports >= 1) {
		return Parse{}, fmt.Errorf("the benchmark printed no rate:\n%s", tail(out))
	}
	return Parse{Rate: v["MB/CPU-s"], Allocs: v["allocs/op"] / reports}, nil
}

// Days of the fleets: the last one of a month that has begun with the first
// one, and the middle of a month.
const (
	monthEnd  = "2026-10-30"
	middle    = "2026-10-15"
	moreEnd   = "2026-10-31" // the large fleet's one more day
	moreBegin = "1793404800000000000"
)

func (r *rig) path(name string) string { return filepath.Join(r.dir, name) }

// month compacts the small fleet in one month.
func (r *rig) month(a *Answers) error { return r.fleet(a, "one month", monthEnd) }

// months compacts as many reports, of two months.
func (r *rig) months(a *Answers) error { return r.fleet(a, "two months", middle) }

func (r *rig) fleet(a *Answers, what, end string) (err error) {
	raw := r.path("raw")
	if err := os.RemoveAll(raw); err != nil {
		return err
	}
	if out, err := r.simulate(r.ctx, r.o.small, r.o.smallDays, end, raw).CombinedOutput(); err != nil {
		return fmt.Errorf("simulate: %w\n%s", err, tail(string(out)))
	}
	c := Compact{What: what, Installations: r.o.small, Days: r.o.smallDays}
	for range min(r.o.rounds, 3) {
		if err := os.RemoveAll(r.path("archive")); err != nil {
			return err
		}
		s, reports, err := r.compact(r.path("archive"), filepath.Join(raw, live))
		if err != nil {
			return err
		}
		c.Runs, c.Reports, c.Bytes = append(c.Runs, s), reports, s.Read
	}
	c.Archive, err = size(r.path("archive"))
	a.Months = append(a.Months, c)
	return err
}

const live = "usage.jsonl"

// size is how many bytes the files in a directory have.
func size(dir string) (n int64, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			n += info.Size()
		}
		return err
	})
	return n, err
}

// answers asks the small fleet's archive.
func (r *rig) answers(a *Answers) (err error) {
	var page []byte
	if a.Report, _, err = r.report(r.path("archive"), "json", monthEnd); err != nil {
		return err
	}
	a.HTML, page, err = r.report(r.path("archive"), "html", monthEnd)
	a.Page = int64(len(page))
	return err
}

// peer lets DuckDB read the same file, and compares the answers.
func (r *rig) peer(a *Answers) (err error) {
	file := r.path("duckdb.parquet")
	if a.DuckDB, err = r.spend(nil, nil, r.duckdb, "convert", file, filepath.Join(r.path("raw"), live)); err != nil {
		return err
	}
	var theirs, ours bytes.Buffer
	if _, err := r.spend(&theirs, nil, r.duckdb, "check", file); err != nil {
		return err
	}
	if _, err := r.spend(&ours, nil, r.headcount, "report", "--archive", r.path("archive"), "--as-of", monthEnd, "--format", "json"); err != nil {
		return err
	}
	a.Compared, err = compare(ours.Bytes(), theirs.Bytes())
	return errors.Join(err, os.Remove(file))
}

var guid = regexp.MustCompile(`"install_guid","value":\{"stringValue":"([0-9a-f-]{36})"`)

const request = `{"resourceMetrics":[{"resource":{"attributes":[{"key":"install_guid","value":{"stringValue":"%s"}}]},"scopeMetrics":` +
	`[{"scope":{"name":"headcount"},"metrics":[{"name":"headcount.erasure.requested","unit":"{request}","gauge":{"dataPoints":` +
	`[{"timeUnixNano":"1793318400000000000","asInt":"1"}]}}]}]}]}` + "\n"

// erase erases the installation of the first report.
func (r *rig) erase(a *Answers) (err error) {
	raw := filepath.Join(r.path("raw"), live)
	f, err := os.Open(raw)
	if err != nil {
		return err
	}
	head := make([]byte, 4096)
	n, _ := f.Read(head)
	f.Close()
	found := guid.FindSubmatch(head[:n])
	if found == nil {
		return fmt.Errorf("%s does not begin with a report", raw)
	}
	asked := r.path("request.jsonl")
	if err := os.WriteFile(asked, fmt.Appendf(nil, request, found[1]), 0o600); err != nil {
		return err
	}
	if a.Erase.Request, _, err = r.compact(r.path("archive"), asked); err != nil {
		return err
	}
	var out bytes.Buffer
	if a.Erase.Archive, err = r.spend(&out, one, r.headcount, "erase", "--archive", r.path("archive"), "--format", "json"); err != nil {
		return err
	}
	var receipt struct{ Requests, Reports int }
	if err := json.Unmarshal(out.Bytes(), &receipt); err != nil || receipt.Requests != 1 || receipt.Reports < 1 {
		return fmt.Errorf("the receipt tells %+v (%v), and one installation was to be erased:\n%s", receipt, err, out.Bytes())
	}
	a.Erase.Raw, err = r.spend(nil, one, r.headcount, "erase", "--archive", r.path("archive"), "--closed", raw, asked)
	return err
}
