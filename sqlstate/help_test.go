package sqlstate

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"headcount.example/catalog"
	"headcount.example/internal/ledger"
)

var (
	sold    = catalog.NewCounter("shop.thing.sold", "{thing}", "A thing was sold.")
	visited = catalog.NewCounter("shop.page.visited", "{page}", "A page was visited.", catalog.OneOf("shop.page.kind", "START", "CART"))
	shop    = catalog.New("Shop", 1, sold, visited)
	start   = visited.With("START")
	names   = []string{sold.String(), start.String()}
	noon    = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
)

// A database is a real one, empty at first.
type database struct {
	*sql.DB
	dialect Dialect
	dsn     string
	server  *server // PostgreSQL only, and the next
	schema  string
}

func (d *database) connect(t testing.TB) *database {
	t.Helper()
	db, err := dial(d.dialect, d.dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	d.DB = db
	return d
}

func dial(dialect Dialect, dsn string) (*sql.DB, error) {
	driver := map[Dialect]string{PostgreSQL: "pgx", SQLite: "sqlite"}[dialect]
	db, err := sql.Open(driver, dsn)
	if err == nil {
		db.SetMaxOpenConns(20)
	}
	return db, err
}

func sqlite(t testing.TB) *database {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app.db")
	return (&database{dialect: SQLite, dsn: "file:" + path + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(off)&_txlock=immediate"}).connect(t)
}

var kinds = map[string]func(testing.TB) *database{"PostgreSQL": postgres, "SQLite": sqlite}

// each runs a test with every database, with our tables and one of the
// application's.
func each(t *testing.T, test func(*testing.T, *database)) {
	for kind, fresh := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			d := fresh(t)
			if err := insist(t, func() error { return d.store().CreateSchema(t.Context()) }); err != nil {
				t.Fatal(err)
			}
			d.must(t, "CREATE TABLE things (name TEXT, n BIGINT)")
			test(t, d)
		})
	}
}

func (d *database) store() *Store { return New(d.DB, d.dialect, shop.Product()) }

func (d *database) must(t testing.TB, query string, args ...any) {
	t.Helper()
	if d.dialect == SQLite {
		query = strings.ReplaceAll(query, "$", "?")
	}
	if _, err := d.ExecContext(context.Background(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func (d *database) number(t testing.TB, query string) (n int64) {
	t.Helper()
	if err := d.QueryRowContext(context.Background(), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// rows counts what our tables hold, without what was decided.
func (d *database) rows(t testing.TB) (n int64) {
	t.Helper()
	for _, table := range []string{"installation", "total", "pending", "process", "aside"} {
		n += d.number(t, "SELECT count(*) FROM headcount_"+table)
	}
	return n
}

func opened(t testing.TB, s *Store, series ...string) *ledger.Ledger {
	t.Helper()
	if series == nil {
		series = names
	}
	var l *ledger.Ledger
	err := insist(t, func() (err error) {
		l, err = ledger.OpenIn(context.Background(), s, series, noon)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// busy says that a database had too much to do for the five seconds it was
// given. On a slow machine that is a right answer, and what uses the store asks
// again, also when it is not known whether something was done.
func busy(err error) bool {
	return again(err) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, errCommit) || errors.Is(err, sql.ErrTxDone) ||
		strings.Contains(err.Error(), "interrupted")
}

// insist asks again for as long as a database is busy, a minute at most.
func insist(t testing.TB, f func() error) error {
	for end := time.Now().Add(time.Minute); ; {
		err := f()
		if err == nil || !busy(err) || time.Now().After(end) {
			return err
		}
		t.Logf("again: %v", err)
	}
}

func add(t testing.TB, l *ledger.Ledger, i int, n uint64) {
	t.Helper()
	if !l.Add(l.Slot(i), n) {
		t.Fatalf("adding %d to series %d is refused", n, i)
	}
}

func fold(t testing.TB, l *ledger.Ledger) {
	t.Helper()
	if err := insist(t, func() error { return l.Sync(context.Background()) }); err != nil {
		t.Fatal(err)
	}
}

func equal(t testing.TB, l *ledger.Ledger, want ...uint64) {
	t.Helper()
	got := make([]uint64, len(want))
	if err := insist(t, func() error { return l.Totals(context.Background(), got) }); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("totals %v, want %v", got, want)
	}
}

// soon waits until something is so.
func soon(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not so: %s", what)
		}
	}
}

// event is what an application does: a row of its own, counted with it.
func event(ctx context.Context, d *database, s *Store, counter catalog.Counter, n int64, commit bool) error {
	tx, err := d.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	query := "INSERT INTO things (name, n) VALUES ($1, $2)"
	if d.dialect == SQLite {
		query = strings.ReplaceAll(query, "$", "?")
	}
	if _, err := tx.ExecContext(ctx, query, counter.String(), n); err != nil {
		return err
	}
	if err := s.AddTx(ctx, tx, counter, n); err != nil {
		return err
	}
	if !commit {
		return nil
	}
	return tx.Commit()
}

// A process is a replica of the application in a process of its own.
type process struct {
	t     testing.TB
	run   *exec.Cmd
	stdin io.WriteCloser
	lines chan string
}

func spawn(t testing.TB, d *database, args ...string) *process {
	t.Helper()
	c := exec.Command(os.Args[0], append([]string{"replica", d.dialect.String(), d.dsn}, args...)...)
	c.Stderr = os.Stderr
	stdin, err1 := c.StdinPipe()
	stdout, err2 := c.StdoutPipe()
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, run: c, stdin: stdin, lines: make(chan string, 100_000)}
	go func() {
		defer close(p.lines)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			p.lines <- lines.Text()
		}
	}()
	t.Cleanup(p.kill)
	return p
}

func (p *process) kill() {
	_ = p.run.Process.Kill()
	_ = p.run.Wait()
}

func (p *process) says(line string) {
	if _, err := io.WriteString(p.stdin, line+"\n"); err != nil {
		p.t.Errorf("%s: %v", line, err)
	}
}

// hears waits for a line with this beginning and returns the rest.
func (p *process) hears(begin string) string {
	p.t.Helper()
	select {
	case line, ok := <-p.lines:
		rest, is := strings.CutPrefix(line, begin)
		if !ok || !is {
			p.t.Fatalf("%q (still there: %v), want %q", line, ok, begin)
		}
		return strings.TrimSpace(rest)
	case <-time.After(60 * time.Second):
		p.t.Fatalf("nothing, want %q", begin)
	}
	return ""
}
