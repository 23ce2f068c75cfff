package clickhousetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"headcount.example/cmd/headcount/internal/archive"
	"headcount.example/cmd/headcount/internal/day"
)

// seeds are the fleets whose answers are compared.
const seeds = 10

// The same reports give the same bytes of JSON: from the Collector's file by
// way of an archive, from ClickHouse by way of one Collector, and from
// ClickHouse by way of two. Also before and after the requests to erase are
// carried out, after late reports of what was erased, and from the sums of the
// months that are over.
func TestSameAnswers(t *testing.T) {
	e := startEngine(t)
	one, left, right := startCollector(t, e), startCollector(t, e), startCollector(t, e)
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint("seed ", seed+1), func(t *testing.T) {
			events := history(t, seed+1, 30, 45, lastDay)
			before := len(events) * 7 / 10
			a := newArchived(t, one)

			e.empty(t)
			send(t, events[:before], one)
			pending := a.report(t)
			same(t, "one Collector, with requests to erase", e, pending)
			inFiles, inStore := a.erase(t), eraseStore(t, e)
			if inFiles.Requests != inStore.Requests || inFiles.Reports != inStore.Reports || inFiles.Ever != inStore.Ever || inFiles.Number != inStore.Number {
				t.Errorf("receipts: the files' is %+v, the store's %+v", inFiles, inStore)
			}
			sumUp(t, e)
			same(t, "one Collector, erased", e, a.report(t))
			send(t, events[before:], one)
			late := a.report(t)
			same(t, "one Collector, later", e, late)
			sumUp(t, e)
			same(t, "one Collector, summed up", e, late)

			e.empty(t)
			send(t, events[:before], left, right)
			same(t, "two Collectors, with requests to erase", e, pending)
			sumUp(t, e)
			same(t, "two Collectors, summed up with requests to erase", e, pending)
			eraseStore(t, e)
			send(t, events[before:], left, right)
			same(t, "two Collectors, later", e, late)
		})
	}
}

// sumUp has the months summed up, and removes none.
func sumUp(t *testing.T, e *engine) {
	t.Helper()
	if _, err := headcount("prune", "--store", e.store(), "--months", "1200"); err != nil {
		t.Fatal(err)
	}
}

// same waits until the store answers as the files do.
func same(t *testing.T, what string, e *engine, want []byte) {
	t.Helper()
	sameAsOf(t, what, e, want, lastDay)
}

func sameAsOf(t *testing.T, what string, e *engine, want []byte, on day.Day) {
	t.Helper()
	until(t, time.Minute, func() error {
		got, err := headcount("report", "--store", e.store(), "--as-of", on.String(), "--format", "json")
		if err == nil && !bytes.Equal(got, want) {
			err = fmt.Errorf("%s: %s", what, firstDifference(got, want))
		}
		return err
	})
}

func firstDifference(got, want []byte) string {
	a, b := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d is %q, and from files %q", i+1, a[i], b[i])
		}
	}
	return fmt.Sprintf("%d lines, and from files %d", len(a), len(b))
}

// An archived is an archive of what a Collector writes from now on.
type archived struct {
	dir  string
	from *collector
	read int64
	n    int
}

func eraseStore(t *testing.T, e *engine) *archive.Receipt {
	t.Helper()
	return receipt(t, "--store", e.store())
}

func receipt(t *testing.T, args ...string) *archive.Receipt {
	t.Helper()
	out, err := headcount(append([]string{"erase", "--format", "json"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	r := &archive.Receipt{}
	if err := json.Unmarshal(out, r); err != nil {
		t.Fatal(err)
	}
	return r
}

// headcount runs the command.
func headcount(args ...string) ([]byte, error) {
	var out, problems bytes.Buffer
	c := exec.Command(programs.headcount, args...)
	c.Stdout, c.Stderr = &out, &problems
	if err := c.Run(); err != nil {
		return nil, fmt.Errorf("headcount %s: %w: %s", strings.Join(args, " "), err, problems.String())
	}
	return out.Bytes(), nil
}

func newArchived(t *testing.T, from *collector) *archived {
	t.Helper()
	a := &archived{dir: t.TempDir(), from: from}
	a.read = size(t, from.file)
	return a
}

// report compacts what is new and answers.
func (a *archived) report(t *testing.T) []byte {
	t.Helper()
	return a.reportAsOf(t, lastDay)
}

func (a *archived) reportAsOf(t *testing.T, on day.Day) []byte {
	t.Helper()
	a.n++
	file := filepath.Join(t.TempDir(), fmt.Sprintf("usage-%d.jsonl", a.n))
	a.read = tail(t, a.from.file, a.read, file)
	out := []byte(nil)
	for _, args := range [][]string{
		{"compact", "--archive", a.dir, "--catalog", "compreface", file},
		{"report", "--archive", a.dir, "--as-of", on.String(), "--format", "json"},
	} {
		var err error
		if out, err = headcount(args...); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func (a *archived) erase(t *testing.T) *archive.Receipt {
	t.Helper()
	return receipt(t, "--archive", a.dir)
}
