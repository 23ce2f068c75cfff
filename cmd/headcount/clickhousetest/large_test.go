package clickhousetest

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/fleet"
	"headcount.example/cmd/headcount/internal/otlpfile"
	"headcount.example/cmd/headcount/internal/schema"
)

var (
	large     = flag.Int("installations", 3000, "how many BenchmarkLargeFleet has")
	largeDays = flag.Int("days", 60, "the days of its fleet")
)

// What report and prune cost with many installations, in CPU-seconds. The
// reports of a simulated fleet go straight into the table. docs/clickhouse.md
// has the figures.
func BenchmarkLargeFleet(b *testing.B) {
	e := startEngine(b)
	yesterday := day.Of(time.Now()) - 1 // prune goes by the clock
	const slice = 100_000               // 60 days of them are 6 GB of JSON
	for n := 0; n < *large; n += slice {
		fill(b, e, fleet.Options{Schema: list(b), Installations: min(slice, *large-n), Days: *largeDays, Seed: uint64(n), End: yesterday, Clean: true, Grown: true})
	}
	b.Log("reports, installations, reports of the month: ", e.do(b, fmt.Sprintf("SELECT count(), uniqExact(install_guid), countIf(day >= toDate(%d)) FROM headcount.reports", yesterday.Month())))
	report := []string{"report", "--store", e.store(), "--as-of", yesterday.String(), "--format", "json"}
	want := cost(b, e, report...)
	cost(b, e, "prune", "--store", e.store())
	if got := cost(b, e, report...); !bytes.Equal(got, want) {
		b.Error(firstDifference(got, want))
	}
}

// cost runs the command and says what it took.
func cost(t testing.TB, e *engine, args ...string) []byte {
	t.Helper()
	engine, command, began := e.cpu(t), children(t), time.Now()
	out, err := headcount(args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: engine %.1f, command %.1f CPU-seconds; %.1f s", args[0], e.cpu(t)-engine, children(t)-command, time.Since(began).Seconds())
	return out
}

// cpu is the CPU-seconds of the process so far.
func (e *engine) cpu(t testing.TB) float64 {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", e.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(stat)) // the name of the program has no space
	user, _ := strconv.Atoi(fields[13])
	system, _ := strconv.Atoi(fields[14])
	return float64(user+system) / 100
}

// children is the CPU-seconds of the commands that have ended.
func children(t testing.TB) float64 {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &u); err != nil {
		t.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// fill puts the reports of a fleet into the table.
func fill(t testing.TB, e *engine, o fleet.Options) {
	t.Helper()
	dir := t.TempDir()
	defer os.RemoveAll(dir)
	if _, err := fleet.Write(t.Context(), o, dir, nil); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, "usage.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var rows []byte
	insert := func() {
		query := url.Values{"query": {"INSERT INTO headcount.reports FORMAT RowBinary"}}
		answer, err := http.Post("http://"+e.address+"/?"+query.Encode(), "application/octet-stream", bytes.NewReader(rows))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Fatal(answer.Status)
		}
		rows = rows[:0]
	}
	_, err = otlpfile.Read(t.Context(), f, o.Schema, otlpfile.Handler{Report: func(r *schema.Report) error {
		for _, half := range [][]byte{r.GUID[:8], r.GUID[8:]} {
			rows = binary.LittleEndian.AppendUint64(rows, binary.BigEndian.Uint64(half))
		}
		rows = append(binary.LittleEndian.AppendUint16(rows, uint16(r.Day)), 0) // hour 0: a clean fleet reports once a day
		for i := range o.Schema.Series {
			rows = binary.LittleEndian.AppendUint64(rows, uint64(r.Value(i)))
		}
		if len(rows) > 64<<20 {
			insert()
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	insert()
}
