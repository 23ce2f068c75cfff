//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	accounts "os/user"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// postgresql is a real server in a directory of its own, on a socket there
// and on no port. Its value is the directory.
var (
	databaseNumber atomic.Int64
	postgresql     = sync.OnceValues(startPostgres)
	stopPostgres   = func() {}
)

// postgres returns the URL of a new database.
func postgres(t *testing.T) string {
	t.Helper()
	dir, err := postgresql()
	need(t, err)
	at := func(name string) string { return "postgres:///" + name + "?user=postgres&host=" + url.QueryEscape(dir) }
	db, err := openStore(t.Context(), at("postgres"), "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	name := fmt.Sprintf("faces%d", databaseNumber.Add(1))
	if _, err := db.ExecContext(t.Context(), "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		t.Fatal(err)
	}
	return at(name)
}

func startPostgres() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			found = append(found, path)
		}
	}
	if len(found) == 0 {
		return "", errors.New("PostgreSQL is not installed (apt-get install postgresql)")
	}
	bin := filepath.Dir(found[len(found)-1])
	dir, err := os.MkdirTemp("", "pg") // short: it becomes the name of a socket
	if err != nil {
		return "", err
	}
	var said bytes.Buffer
	command := func(name string, args ...string) *exec.Cmd {
		c := exec.Command(filepath.Join(bin, name), args...)
		c.Dir, c.Stdout, c.Stderr = dir, &said, &said
		c.SysProcAttr = &syscall.SysProcAttr{Credential: owner(dir), Pdeathsig: syscall.SIGQUIT}
		return c
	}
	data := filepath.Join(dir, "data")
	if err := command("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync").Run(); err != nil {
		return "", fmt.Errorf("initdb: %w\n%s", err, said.String())
	}
	server := command("postgres", "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off")
	if err := server.Start(); err != nil {
		return "", err
	}
	stopPostgres = func() { _ = server.Process.Signal(syscall.SIGQUIT); _ = server.Wait(); _ = os.RemoveAll(dir) }
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if exec.Command(filepath.Join(bin, "pg_isready"), "-q", "-h", dir).Run() == nil {
			return dir, nil
		}
	}
	return "", fmt.Errorf("PostgreSQL does not answer\n%s", said.String())
}

// owner gives dir to a user that is not root, since PostgreSQL refuses to be
// root's.
func owner(dir string) *syscall.Credential {
	if os.Getuid() != 0 {
		return nil
	}
	u, err := accounts.Lookup("postgres")
	if err != nil {
		return nil
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	_ = os.Chown(dir, uid, gid)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}
