package clickhousetest

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"headcount.example/cmd/headcount/internal/clickhouse"
	"headcount.example/cmd/headcount/internal/schema"
)

// An engine is a process with ClickHouse's engine behind HTTP.
type engine struct {
	dir, address string
	cmd          *exec.Cmd
}

// startEngine runs the engine on new files, with the tables of the catalog.
func startEngine(t testing.TB) *engine {
	t.Helper()
	e := &engine{dir: t.TempDir(), address: "127.0.0.1:0"}
	t.Cleanup(e.kill)
	e.start(t)
	e.tables(t)
	for _, table := range []string{"reports", "installations", "states"} {
		e.do(t, "ALTER TABLE headcount."+table+" REMOVE TTL") // the days of most tests do not move with the clock
	}
	return e
}

// tables runs the committed file.
func (e *engine) tables(t testing.TB) {
	t.Helper()
	for _, sql := range clickhouse.Statements(ddl(t)) {
		e.do(t, sql)
	}
}

// ddl is the committed file, which is what the command renders.
func ddl(t testing.TB) []byte {
	t.Helper()
	committed, err := os.ReadFile("../../../deploy/clickhouse/schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	return committed
}

// start runs the engine at its address. It returns when it takes queries. An
// engine that was killed may need a moment until its files are free.
func (e *engine) start(t testing.TB) {
	t.Helper()
	until(t, time.Minute, func() error {
		e.cmd = exec.Command(programs.front, "-listen", e.address, "-data", e.dir)
		e.cmd.Stderr = os.Stderr
		out, err := e.cmd.StdoutPipe()
		if err == nil {
			err = e.cmd.Start()
		}
		if err != nil {
			return err
		}
		line, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			e.cmd.Wait()
			return fmt.Errorf("the engine does not start: %w", err)
		}
		e.address = strings.TrimSpace(line)
		return nil
	})
}

// kill ends the process as kill -9 does.
func (e *engine) kill() {
	if e.cmd != nil && e.cmd.Process != nil {
		e.cmd.Process.Kill()
		e.cmd.Wait()
	}
}

// store is the address for headcount --store.
func (e *engine) store() string { return "clickhouse://" + e.address + "/headcount" }

// try runs a query and returns the text of its answer.
func (e *engine) try(sql string) (string, error) {
	answer, err := http.Post("http://"+e.address+"/", "text/plain", strings.NewReader(sql))
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %.500s", answer.Status, text)
	}
	return strings.TrimSpace(string(text)), err
}

func (e *engine) do(t testing.TB, sql string) string {
	t.Helper()
	text, err := e.try(sql)
	if err != nil {
		t.Fatalf("%.300s: %v", sql, err)
	}
	return text
}

// empty removes all rows, but not the catalog.
func (e *engine) empty(t testing.TB) {
	t.Helper()
	for _, table := range []string{"reports", "installations", "requests", "late", "refused", "receipts", "tombstones", "tombstone_key", "bases", "sums", "states"} {
		e.do(t, "TRUNCATE TABLE headcount."+table)
	}
}

// list is the catalog of the tables.
func list(t testing.TB) *schema.Schema {
	t.Helper()
	s, err := schema.Load("compreface")
	if err != nil {
		t.Fatal(err)
	}
	return s
}
