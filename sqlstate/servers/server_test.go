package servers

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"

	"headcount.example/sqlstate"
)

// A server is a real one, in a directory and on a port of its own.
type server struct {
	dialect sqlstate.Dialect
	once    sync.Once
	err     error
	missing string
	dir     string
	port    string
	run     *exec.Cmd
	log     bytes.Buffer
	schemas atomic.Int64 // each test has one of its own
}

var servers = map[string]*server{
	"PostgreSQL": {dialect: sqlstate.PostgreSQL},
	"MariaDB":    {dialect: sqlstate.MySQL},
}

func TestMain(m *testing.M) {
	for _, name := range []string{"DO_NOT_TRACK", "OTEL_SDK_DISABLED", "OTEL_METRICS_EXPORTER", "SHOP_TELEMETRY"} {
		os.Unsetenv(name)
	}
	if how := os.Getenv(childVariable); how != "" {
		child(how)
		return
	}
	code := m.Run()
	for _, s := range servers {
		s.stop()
		if s.dir != "" {
			_ = os.RemoveAll(s.dir)
		}
	}
	os.Exit(code)
}

// each runs a test with every server, with a schema and our table in it.
func each(t *testing.T, test func(t *testing.T, d *database)) {
	for kind, s := range servers {
		t.Run(kind, func(t *testing.T) {
			if s.once.Do(func() { s.err = s.prepare() }); s.missing != "" {
				if os.Getenv("CI") == "true" {
					t.Fatal(s.missing)
				}
				t.Skip(s.missing)
			}
			if s.err != nil {
				t.Fatalf("%v\n%s", s.err, s.log.String())
			}
			d := &database{server: s, schema: fmt.Sprintf("s%d", s.schemas.Add(1))}
			d.DB = d.connect(t, s.port)
			d.must(t, "CREATE SCHEMA "+d.schema)
			if err := d.store().CreateTable(t.Context()); err != nil {
				t.Fatal(err)
			}
			test(t, d)
		})
	}
}

// A database is a schema of a server, and a pool of connections to it.
type database struct {
	*sql.DB
	server *server
	schema string
}

func (d *database) dsn(port string) (driver, dsn string) {
	if d.server.dialect == sqlstate.PostgreSQL {
		return "pgx", "host=127.0.0.1 port=" + port + " user=headcount dbname=postgres connect_timeout=60 sslmode=disable"
	}
	return "mysql", "root@tcp(127.0.0.1:" + port + ")/?timeout=1m"
}

func (d *database) connect(t testing.TB, port string) *sql.DB {
	t.Helper()
	db, err := sql.Open(d.dsn(port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func (d *database) store() *sqlstate.Store { return d.storeOf(d.DB) }

func (d *database) storeOf(db *sql.DB) *sqlstate.Store {
	return sqlstate.New(db, d.server.dialect, d.schema, shop.Product())
}

func (d *database) must(t testing.TB, query string) {
	t.Helper()
	if _, err := d.ExecContext(context.Background(), query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// state is what the row holds.
func (d *database) state(t testing.TB) (state sql.NullString) {
	t.Helper()
	err := d.QueryRowContext(context.Background(), "SELECT state FROM "+d.schema+".headcount").Scan(&state)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		t.Fatal(err)
	}
	return state
}

func (s *server) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Dir, c.Stdout, c.Stderr = s.dir, &s.log, &s.log
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if uid, gid, ok := ordinary(); ok {
		c.SysProcAttr.Credential = &syscall.Credential{Uid: uid, Gid: gid}
	}
	return c
}

// ordinary is a user of this machine: servers refuse to be root's.
func ordinary() (uid, gid uint32, ok bool) {
	for _, name := range []string{"postgres", "mysql", "nobody"} {
		if u, err := user.Lookup(name); err == nil && os.Getuid() == 0 {
			uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
			gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
			return uint32(uid), uint32(gid), err1 == nil && err2 == nil
		}
	}
	return 0, 0, false
}

func find(name string, patterns ...string) string {
	for _, pattern := range patterns {
		found, _ := filepath.Glob(pattern)
		for _, path := range slices.Backward(found) {
			if runnable, err := exec.LookPath(path); err == nil {
				return runnable
			}
		}
	}
	path, _ := exec.LookPath(name)
	return path
}

var (
	initdb  = find("initdb", "/usr/lib/postgresql/*/bin/initdb")
	mariadb = find("mariadbd", "/usr/sbin/mariadbd")
	install = find("mariadb-install-db", "/usr/bin/mariadb-install-db")
)

// prepare makes the server's files and starts it.
func (s *server) prepare() (err error) {
	switch {
	case s.dialect == sqlstate.PostgreSQL && initdb == "":
		s.missing = "PostgreSQL is missing: apt-get install postgresql"
		return nil
	case s.dialect == sqlstate.MySQL && (mariadb == "" || install == ""):
		s.missing = "MariaDB is missing: apt-get install mariadb-server"
		return nil
	}
	if s.dir, err = os.MkdirTemp("", "hc"); err != nil {
		return err
	}
	if uid, gid, ok := ordinary(); ok {
		if err := os.Chown(s.dir, int(uid), int(gid)); err != nil {
			return err
		}
	}
	if s.port, err = freePort(); err != nil {
		return err
	}
	files := s.command(initdb, "-D", filepath.Join(s.dir, "data"), "-U", "headcount", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	if s.dialect == sqlstate.MySQL {
		files = s.command(install, "--no-defaults", "--datadir="+filepath.Join(s.dir, "data"), "--auth-root-authentication-method=normal", "--skip-test-db")
	}
	if err := files.Run(); err != nil {
		return err
	}
	return s.start()
}

// freePort is below the ports that the kernel chooses for port 0: no other
// connection gets it until the server has it.
func freePort() (port string, err error) {
	for range 100 {
		port = strconv.Itoa(20_000 + rand.IntN(10_000))
		var ln net.Listener
		if ln, err = net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			return port, ln.Close()
		}
	}
	return "", err
}

func (s *server) start() error {
	data := filepath.Join(s.dir, "data")
	if s.dialect == sqlstate.PostgreSQL {
		s.run = s.command(filepath.Join(filepath.Dir(initdb), "postgres"), "-D", data, "-k", s.dir, "-p", s.port,
			"-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=100")
	} else {
		s.run = s.command(mariadb, "--no-defaults", "--datadir="+data, "--socket="+filepath.Join(s.dir, "socket"), "--port="+s.port,
			"--bind-address=127.0.0.1", "--skip-grant-tables", "--innodb-flush-log-at-trx-commit=0", "--pid-file="+filepath.Join(s.dir, "pid"))
	}
	if err := s.run.Start(); err != nil {
		return err
	}
	db, err := sql.Open((&database{server: s}).dsn(s.port))
	if err != nil {
		return err
	}
	defer db.Close()
	for end := time.Now().Add(5 * time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if err = db.Ping(); err == nil {
			return nil
		}
	}
	return fmt.Errorf("the server does not answer: %w", err)
}

func (s *server) stop() {
	if s.run != nil && s.run.Process != nil {
		_ = s.run.Process.Signal(syscall.SIGINT)
		if s.dialect == sqlstate.MySQL {
			_ = s.run.Process.Signal(syscall.SIGTERM)
		}
		_ = s.run.Wait()
		s.run = nil
	}
}

// A link is a way to a server that takes a while, and can be cut.
type link struct {
	net.Listener
	cut atomic.Bool
	see atomic.Pointer[func([]byte)] // is shown what is passed on, before that
}

func (s *server) link(t testing.TB, delay time.Duration) (l *link, port string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	l = &link{Listener: ln}
	go func() {
		for {
			near, err := ln.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", "127.0.0.1:"+s.port)
			if err != nil || l.cut.Load() {
				_ = near.Close()
				continue
			}
			go l.carry(near, far, delay)
			go l.carry(far, near, delay)
		}
	}()
	_, port, _ = net.SplitHostPort(ln.Addr().String())
	return l, port
}

// carry passes bytes on. When the link is cut it loses them, and the answers.
func (l *link) carry(from, to net.Conn, delay time.Duration) {
	defer from.Close()
	defer to.Close()
	b := make([]byte, 64<<10)
	for {
		n, err := from.Read(b)
		time.Sleep(delay)
		if see := l.see.Load(); see != nil {
			(*see)(b[:n])
		}
		if l.cut.Load() || n > 0 && write(to, b[:n]) != nil || err != nil {
			return
		}
	}
}

func write(to io.Writer, b []byte) error { _, err := to.Write(b); return err }
