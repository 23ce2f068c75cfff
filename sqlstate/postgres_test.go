package sqlstate

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A server is a real PostgreSQL in a directory of its own, on a socket in that
// directory and on no port.
type server struct {
	once  sync.Once
	err   error
	bin   string
	dir   string
	run   *exec.Cmd
	stdin io.Closer // while it is open, the server runs
	log   bytes.Buffer
	count atomic.Int64 // of schemas: each test has one of its own
}

var shared server // by all tests but those that stop it

// postgres returns a new, empty schema of the shared server.
func postgres(t testing.TB) *database {
	t.Helper()
	return shared.database(t)
}

func (s *server) database(t testing.TB) *database {
	t.Helper()
	s.once.Do(func() { s.err = s.prepare() })
	if s.bin == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("PostgreSQL is missing: apt-get install postgresql")
		}
		t.Skip("PostgreSQL is missing: apt-get install postgresql")
	}
	if s.err != nil {
		t.Fatalf("%v\n%s", s.err, s.log.String())
	}
	d := (&database{dialect: PostgreSQL, schema: fmt.Sprintf("s%d", s.count.Add(1)), server: s}).in("headcount").connect(t)
	d.must(t, "CREATE SCHEMA "+d.schema)
	return d
}

// in names the role that the database is used in.
func (d *database) in(role string) *database {
	d.dsn = "host='" + d.server.dir + "' user=" + role + " dbname=postgres connect_timeout=2 search_path=" + d.schema
	return d
}

// prepare makes the server's files and starts it. PostgreSQL refuses to be
// root's, so then it is another user's.
func (s *server) prepare() error {
	s.bin = postgresBinaries()
	if s.bin == "" {
		return nil
	}
	dir, err := os.MkdirTemp("", "hc")
	if err != nil {
		return err
	}
	s.dir = dir
	if err := own(dir); err != nil {
		return err
	}
	initdb := s.command(filepath.Join(s.bin, "initdb"), "-D", filepath.Join(dir, "data"), "-U", "headcount", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	if err := initdb.Run(); err != nil {
		return fmt.Errorf("initdb: %w", err)
	}
	return s.start()
}

func postgresBinaries() string {
	if path, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(real)
		}
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return ""
	}
	return filepath.Dir(found[len(found)-1])
}

func (s *server) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Dir, c.Stdout, c.Stderr = s.dir, &s.log, &s.log
	c.SysProcAttr = unprivileged()
	return c
}

// start runs the server under a shell that ends it when this process is gone,
// however it ended.
func (s *server) start() error {
	s.run = s.command("sh", "-c", `"$@" & p=$!; cat >/dev/null; kill -INT $p; wait $p`, "sh",
		filepath.Join(s.bin, "postgres"), "-D", filepath.Join(s.dir, "data"), "-k", s.dir, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200", "-c", "deadlock_timeout=20ms")
	stdin, err := s.run.StdinPipe()
	if err != nil {
		return err
	}
	s.stdin = stdin
	if err := s.run.Start(); err != nil {
		return err
	}
	for range 600 {
		if exec.Command(filepath.Join(s.bin, "pg_isready"), "-q", "-h", s.dir).Run() == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("the server does not answer")
}

// halt stops the server and keeps its files.
func (s *server) halt() {
	if s.stdin != nil {
		_ = s.stdin.Close()
		_ = s.run.Wait()
		s.stdin = nil
	}
}

func (s *server) stop() {
	if s.dir != "" {
		s.halt()
		_ = os.RemoveAll(s.dir)
	}
}

// someone is a user of this machine that is not root.
func someone(ids func(string) (uid, gid string, err error)) (uid, gid int, ok bool) {
	for _, name := range []string{"postgres", "nobody"} {
		u, g, err := ids(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.Atoi(u)
		gid, err2 := strconv.Atoi(g)
		if err1 == nil && err2 == nil {
			return uid, gid, true
		}
	}
	return 0, 0, false
}
