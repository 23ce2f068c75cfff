//go:build linux

package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// mine checks that a directory and all in it are for their owner alone.
func mine(t *testing.T, dir string) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		n++
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %s", path, info.Mode())
		}
		return err
	})
	if err != nil || n < 2 {
		t.Errorf("%d files, %v", n, err)
	}
}

// usual lets what is made be read by everybody, as nearly everywhere.
func usual(t *testing.T) {
	t.Helper()
	was := syscall.Umask(0o022)
	t.Cleanup(func() { syscall.Umask(was) })
}

func TestDatabaseIsPrivate(t *testing.T) {
	usual(t)
	p := startProduct(t, &product{endpoint: "http://127.0.0.1:9"})
	newPerson(t, p).signUp(t, "Ann", yes)
	mine(t, p.dir)
	p.stop(t)
	file := filepath.Join(p.dir, "faces.db") // and one that was made before it was made so
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	p.start(t)
	mine(t, p.dir)
}

// The script, with the application and something in the Collector's place.
func TestScriptIsPrivate(t *testing.T) {
	for name, given := range map[string]bool{"the usual directory, there already": false, "a directory that is given": true} {
		end := map[bool]os.Signal{false: syscall.SIGINT, true: syscall.SIGTERM}[given]
		t.Run(name, func(t *testing.T) {
			usual(t)
			root := t.TempDir()
			script, err := os.ReadFile("../../scripts/faces")
			if err != nil {
				t.Fatal(err)
			}
			binary, err := filepath.Abs(os.Args[0])
			if err != nil {
				t.Fatal(err)
			}
			dir, cache := filepath.Join(root, ".cache/faces-data"), filepath.Join(root, ".cache")
			err = errors.Join(os.MkdirAll(dir, 0o755), os.Mkdir(filepath.Join(root, "scripts"), 0o755),
				os.WriteFile(filepath.Join(root, "scripts/faces"), script, 0o755),
				os.WriteFile(filepath.Join(cache, "otelcol"), []byte("#!/bin/sh\n: >\"$HEADCOUNT_FILE\"\nexec sleep 600\n"), 0o755),
				os.Symlink(binary, filepath.Join(cache, "faces")))
			if err != nil {
				t.Fatal(err)
			}
			c := exec.Command(filepath.Join(root, "scripts/faces"))
			c.Env = []string{"PATH=" + os.Getenv("PATH"), "FACES_TEST_NOTICE=1", "FACES_LISTEN=127.0.0.1:0"}
			if given {
				dir = filepath.Join(root, "given")
				c.Env = append(c.Env, "FACES_DIR="+dir)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "there is a database", func() bool {
				_, err := os.Stat(filepath.Join(dir, "faces.db"))
				return err == nil
			})
			_ = c.Process.Signal(end)
			if err := c.Wait(); err != nil {
				t.Errorf("after %v: got %v, want the normal end", end, err)
			}
			for _, name := range []string{"faces.db", "usage.jsonl", "collector.log"} {
				if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
					t.Error(err)
				}
			}
			mine(t, dir)
		})
	}
}
