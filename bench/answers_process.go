package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// A Spent is what one process took, from its start to its end.
type Spent struct {
	CPU  float64 `json:"cpu_s"`  // seconds of processor time, user and system
	Wall float64 `json:"wall_s"` // seconds on the clock
	RSS  int64   `json:"rss"`    // bytes: the most that was resident
	Read int64   `json:"read,omitempty"`
}

func cpus(list []Spent) (values []float64) {
	for _, s := range list {
		values = append(values, s.CPU)
	}
	return values
}

func walls(list []Spent) (values []float64) {
	for _, s := range list {
		values = append(values, s.Wall)
	}
	return values
}

// highest is the most memory of all runs, in MB. Of none it is not a number.
func highest(list []Spent) float64 {
	if len(list) == 0 {
		return math.NaN()
	}
	var most int64
	for _, s := range list {
		most = max(most, s.RSS)
	}
	return float64(most) / 1e6
}

// spend runs a program to its end. Its standard output goes to out.
func (r *rig) spend(out io.Writer, env []string, program string, args ...string) (Spent, error) {
	c := exec.CommandContext(r.ctx, program, args...)
	var errs bytes.Buffer
	c.Stdout, c.Stderr, c.Env = out, &errs, append(os.Environ(), env...)
	began := time.Now()
	err := c.Run()
	wall := time.Since(began)
	if err != nil {
		return Spent{}, fmt.Errorf("%s %s: %w\n%s", program, strings.Join(args, " "), err, tail(errs.String()))
	}
	use := c.ProcessState.SysUsage().(*syscall.Rusage)
	return Spent{
		CPU:  (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds(),
		Wall: wall.Seconds(),
		RSS:  int64(use.Maxrss) * 1024, // Linux counts in KiB
	}, nil
}

// tail is the end of a long text.
func tail(text string) string { return text[max(0, len(text)-2000):] }

// one lets Go use one thread, as DuckDB is told to.
var one = []string{"GOMAXPROCS=1"}

// compact compacts files and says how many reports were new.
func (r *rig) compact(archive string, files ...string) (spent Spent, reports int64, err error) {
	var out bytes.Buffer
	spent, err = r.spend(&out, one, r.headcount, append([]string{"compact", "--archive", archive, "--catalog", "compreface", "--format", "json"}, files...)...)
	if err != nil {
		return spent, 0, err
	}
	var done struct {
		Reports, Bytes int64
		Kinds          map[string]int64
	}
	if err := json.Unmarshal(out.Bytes(), &done); err != nil {
		return spent, 0, err
	}
	if len(done.Kinds) > 0 {
		return spent, 0, fmt.Errorf("a clean fleet has lines that are not taken: %v", done.Kinds)
	}
	spent.Read = done.Bytes
	return spent, done.Reports, nil
}

// report runs report a few times and returns the last output.
func (r *rig) report(archive, format, asOf string) (list []Spent, out []byte, err error) {
	for range r.o.rounds {
		var b bytes.Buffer
		s, err := r.spend(&b, nil, r.headcount, "report", "--archive", archive, "--as-of", asOf, "--format", format)
		if err != nil {
			return nil, nil, err
		}
		list, out = append(list, s), b.Bytes()
	}
	return list, out, nil
}

// simulate starts a clean fleet that is there from the first day.
func (r *rig) simulate(ctx context.Context, installations, days int, end, out string, more ...string) *exec.Cmd {
	args := append([]string{"simulate", "--installations", fmt.Sprint(installations), "--days", fmt.Sprint(days), "--end", end,
		"--clean", "--grown", "--out", out}, more...)
	return exec.CommandContext(ctx, r.headcount, args...)
}
