package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

const clickhouse = "../../cmd/headcount/clickhousetest" // has the engine, and a server for it

// An engine is ClickHouse's, behind HTTP, with the tables of the catalog.
type engine struct{ address string }

func startEngine(t *testing.T) *engine {
	t.Helper()
	library, err := filepath.Abs(clickhouse + "/node_modules/@chdb/lib-linux-x64-gnu/libchdb.so")
	if err != nil {
		t.Fatal(err)
	}
	if given := os.Getenv("CHDB_LIB_PATH"); given != "" {
		library = given
	}
	if _, err := os.Stat(library); err != nil {
		t.Skip("ClickHouse's engine is missing (apt-get install npm, and npm ci in cmd/headcount/clickhousetest)")
	}
	cmd := exec.Command(build(t, clickhouse, "./front"), "-listen", "127.0.0.1:0", "-data", t.TempDir())
	cmd.Env, cmd.Stderr = append(os.Environ(), "CHDB_LIB_PATH="+library), os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the engine does not start: %v", err)
	}
	e := &engine{strings.TrimSpace(line)}
	ddl, err := os.ReadFile("../clickhouse/schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	for statement := range strings.SplitSeq(regexp.MustCompile(`(?m)^--.*$`).ReplaceAllString(string(ddl), ""), ";\n") {
		if strings.TrimSpace(statement) != "" {
			e.do(t, statement)
		}
	}
	for _, table := range []string{"reports", "installations", "states"} {
		e.do(t, "ALTER TABLE headcount."+table+" REMOVE TTL") // the days of the test do not move with the clock
	}
	return e
}

func build(t *testing.T, dir, pkg string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	cmd := exec.Command("go", "build", "-C", dir, "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", program, pkg)
	cmd.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return program
}

// do runs a query, and returns its answer.
func (e *engine) do(t *testing.T, sql string) string {
	t.Helper()
	answer, err := http.Post("http://"+e.address+"/", "text/plain", strings.NewReader(sql))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s\n%s %.1000s %v", sql, answer.Status, text, err)
	}
	return string(text)
}

// table is the answer of a query: the names of its columns, and rows.
func (e *engine) table(t *testing.T, sql string) (rows [][]string) {
	t.Helper()
	for line := range strings.Lines(e.do(t, sql+"\nFORMAT TSVWithNames")) {
		rows = append(rows, strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
	}
	return rows
}

// A report is a line of the Collector's file.
type report struct {
	ResourceMetrics []struct {
		Resource     struct{ Attributes []attribute }
		ScopeMetrics []struct {
			Metrics []struct {
				Name       string
				Sum, Gauge *struct{ DataPoints []point }
			}
		}
	}
}

type attribute struct {
	Key   string
	Value struct{ StringValue string }
}

type point struct {
	Attributes   []attribute
	TimeUnixNano int64 `json:",string"`
	AsInt        int64 `json:",string"`
}

var guid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// load inserts a simulated history as the exporter inserts what the Collector
// lets through: the reports of an installation and day with an hour each.
func (e *engine) load(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]*bytes.Buffer{"sum": {}, "gauge": {}}
	hours := map[string]int{}
	for line := range strings.Lines(string(text)) {
		var r report
		if json.Unmarshal([]byte(line), &r) != nil {
			continue // torn, or a forger's
		}
		for _, of := range r.ResourceMetrics {
			id := labels(of.Resource.Attributes)["install_guid"]
			if !guid.MatchString(id) {
				continue
			}
			hour := -1
			for _, m := range of.ScopeMetrics[0].Metrics {
				kind, points := "gauge", m.Gauge
				if m.Sum != nil {
					kind, points = "sum", m.Sum
				}
				if points == nil || !known[m.Name] {
					continue
				}
				for _, p := range points.DataPoints {
					at := time.Unix(0, p.TimeUnixNano).UTC()
					if hour < 0 {
						key := id + at.Format(time.DateOnly)
						hour = hours[key]
						hours[key]++
					}
					row := map[string]any{"ResourceAttributes": map[string]string{"install_guid": id}, "MetricName": m.Name, "Attributes": labels(p.Attributes),
						"StartTimeUnix": at.Truncate(24*time.Hour).Unix() + int64(hour)*3600, "TimeUnix": at.Unix(), "Value": p.AsInt}
					if err := json.NewEncoder(rows[kind]).Encode(row); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
	for kind, b := range rows {
		e.do(t, "INSERT INTO headcount.otel_metrics_"+kind+" (ResourceAttributes, MetricName, Attributes, StartTimeUnix, TimeUnix, Value) FORMAT JSONEachRow\n"+b.String())
	}
}

var known = map[string]bool{"compreface.user.created": true, "compreface.application.created": true, "compreface.service.created": true,
	"compreface.collection.count": true, "headcount.erasure.requested": true}

func labels(list []attribute) map[string]string {
	m := map[string]string{}
	for _, a := range list {
		m[a.Key] = a.Value.StringValue
	}
	return m
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

func words(values ...any) (row []string) {
	for _, v := range values {
		row = append(row, fmt.Sprint(v))
	}
	return row
}
