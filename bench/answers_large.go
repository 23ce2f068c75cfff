package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// large compacts the large fleet. Its JSON would be 56 GB: it is made while it
// is read, in files of a sixteenth of a slice. When a slice of files is there,
// simulate stops, and goes on when they are compacted and removed.
func (r *rig) large(a *Answers) error {
	a.Large.Compact = Compact{What: "in slices", Installations: r.o.large, Days: r.o.largeDays}
	a.Large.More = Compact{What: "one more day", Installations: r.o.large, Days: 1}
	raw, archive := r.path("large"), r.path("large-archive")
	rotate := max(r.o.slice/16/1_000_000, 1)
	sim := r.simulate(r.ctx, r.o.large, r.o.largeDays+1, moreEnd, raw, "--rotate", fmt.Sprint(rotate))
	var out bytes.Buffer
	sim.Stdout, sim.Stderr = &out, &out
	if err := sim.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- sim.Wait() }()
	last, err := r.slices(sim, ended, raw, archive, &a.Large.Compact)
	if err != nil {
		sim.Process.Kill()
		return fmt.Errorf("%w\n%s", err, tail(out.String()))
	}
	if a.Large.Archive, err = size(archive); err != nil {
		return err
	}
	if a.Large.Report, _, err = r.report(archive, "json", monthEnd); err != nil {
		return err
	}
	if a.Large.HTML, _, err = r.report(archive, "html", monthEnd); err != nil {
		return err
	}
	if err := r.slice(archive, last, &a.Large.More); err != nil {
		return err
	}
	a.Large.More.Archive, err = size(archive)
	return err
}

// slices compacts all but the last day, whose files it returns.
func (r *rig) slices(sim *exec.Cmd, ended chan error, raw, archive string, c *Compact) ([]string, error) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			if err != nil {
				return nil, fmt.Errorf("simulate: %w", err)
			}
			before, last, err := split(append(rotated(raw), filepath.Join(raw, live)))
			if err != nil {
				return nil, err
			}
			for _, files := range parts(before, r.o.slice) { // simulate can be faster than the ticks
				if err := r.slice(archive, files, c); err != nil {
					return nil, err
				}
			}
			return last, nil
		case <-tick.C:
		}
		files := slices.DeleteFunc(rotated(raw), func(path string) bool { return strings.Contains(path, "usage-"+moreEnd) })
		if total(files) < r.o.slice {
			continue
		}
		if err := sim.Process.Signal(syscall.SIGSTOP); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return nil, err
		}
		if err := r.slice(archive, files, c); err != nil {
			return nil, err
		}
		if err := sim.Process.Signal(syscall.SIGCONT); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return nil, err
		}
	}
}

// slice compacts files and removes them.
func (r *rig) slice(archive string, files []string, c *Compact) error {
	s, reports, err := r.compact(archive, files...)
	if err != nil {
		return err
	}
	c.Runs, c.Reports, c.Bytes = append(c.Runs, s), c.Reports+reports, c.Bytes+s.Read
	r.say(fmt.Sprintf("bench: %s: %.1f GB, %.1f CPU-s, %.0f MB", c.What, float64(s.Read)/1e9, s.CPU, float64(s.RSS)/1e6))
	for _, f := range files {
		if err := os.Remove(f); err != nil {
			return err
		}
	}
	return nil
}

// rotated lists the files that simulate has put aside, in order.
func rotated(dir string) []string {
	list, _ := filepath.Glob(filepath.Join(dir, "usage-*.jsonl"))
	return list
}

// parts divides files, in order, into lists of at least size bytes. The last
// may be smaller.
func parts(files []string, size int64) (list [][]string) {
	for i, from := 0, 0; i < len(files); i++ {
		if total(files[from:i+1]) >= size || i == len(files)-1 {
			list, from = append(list, files[from:i+1]), i+1
		}
	}
	return list
}

func total(files []string) (n int64) {
	for _, f := range files {
		if info, err := os.Stat(f); err == nil {
			n += info.Size()
		}
	}
	return n
}

// split parts files where the last day begins: the file that has reports of
// both is written anew as two.
func split(files []string) (before, last []string, err error) {
	for i, f := range files {
		at, size, err := begins(f)
		switch {
		case err != nil:
			return nil, nil, err
		case at == size:
			before = append(before, f)
			continue
		case at == 0:
			return before, files[i:], nil
		}
		first := f + ".before.jsonl"
		if err := cut(f, first, at); err != nil {
			return nil, nil, err
		}
		return append(before, first), files[i:], nil
	}
	return before, nil, fmt.Errorf("no report of %s", moreEnd)
}

// begins is the offset of the first report of the last day; where there is
// none, the size of the file.
func begins(path string) (at, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	lines := bufio.NewReaderSize(f, 1<<20)
	for {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			return at, at, nil
		}
		if err != nil {
			return 0, 0, err
		}
		if bytes.Contains(line, []byte(moreBegin)) {
			return at, at + 1, nil
		}
		at += int64(len(line))
	}
}

// cut moves the first bytes of a file into another one.
func cut(path, first string, at int64) error {
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	for _, part := range []struct {
		to string
		n  int64
	}{{first, at}, {path + ".new", 1 << 62}} {
		to, err := os.Create(part.to)
		if err != nil {
			return err
		}
		_, err = io.CopyN(to, from, part.n)
		if err = errors.Join(err, to.Close()); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
	}
	return os.Rename(path+".new", path)
}
