package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// harmless is what tar says of a directory in which a file is made, and of a
// file that is replaced by another one, while it reads.
var harmless = regexp.MustCompile(`(/|\.): file changed as we read it$|: File removed before we read it$|: file changed as we read it$`)

// read runs the command after a yes while tar reads its directory again and
// again, as a backup does. Neither may disturb the other.
func (i *inspection) read(ctx context.Context) error {
	const name = "granted, while tar reads"
	h, err := i.newHome(name)
	if err != nil {
		return err
	}
	if _, err := exec.LookPath("tar"); err != nil {
		i.result.Notes = append(i.result.Notes, name+": not tried, there is no tar here")
		return nil
	}
	ended, times, refused := make(chan struct{}), 0, []string{}
	var reader sync.WaitGroup
	reader.Go(func() {
		for done := false; !done; times++ {
			select {
			case <-ended:
				done = true // once more, of what is there at the end
			default:
			}
			if said := tar(h.state); said != "" {
				refused = append(refused, said)
			}
		}
	})
	s, rows, err := i.run(ctx, h, name, i.Grant)
	close(ended)
	reader.Wait()
	if err != nil {
		return err
	}
	for _, said := range refused {
		i.result.found(name, Backup, "a reader of the directory is refused", said)
	}
	if len(rows) == 0 {
		i.result.found(name, Backup, "nothing is sent while the directory is read", s.Exit)
	}
	i.result.Notes = append(i.result.Notes, fmt.Sprintf("tar read the directory %d times while the command ran", times))
	return nil
}

// tar reads a directory, and returns why it could not.
func tar(dir string) string {
	c := exec.Command("tar", "-cf", "-", "-C", dir, ".")
	var said bytes.Buffer
	c.Stdout, c.Stderr = struct{ io.Writer }{io.Discard}, &said // tar does not read what goes to /dev/null
	err := c.Run()
	if err == nil {
		return ""
	}
	if c.ProcessState != nil && c.ProcessState.ExitCode() == 1 {
		lines := strings.Split(strings.TrimSpace(said.String()), "\n")
		for n := 0; n < len(lines) && harmless.MatchString(lines[n]); n++ {
			if n == len(lines)-1 {
				return ""
			}
		}
	}
	return fmt.Sprintf("tar: %v: %.200s", err, strings.TrimSpace(said.String()))
}

// A hindrance takes something of the application's directory away, and returns
// how to give it back.
type hindrance struct {
	name   string
	strict bool // whether the command is held to modes, also where it is root
	take   func(dir string) (undo func() error, err error)
}

var hindrances = []hindrance{
	{"while its files are locked", false, lock},
	{"while its files cannot be read", true, modes(0, 0o700)},
	{"while its directory cannot be written", true, modes(0o400, 0o500)},
	{"while others may write", false, modes(0o666, 0o777)},
	{"while another user owns it", false, owner},
}

// hindered says no while something is in the way. The no must hold all the
// same, or be refused aloud and hold when it is said again.
func (i *inspection) hindered(ctx context.Context) error {
	for _, x := range hindrances {
		if err := i.hinder(ctx, x); err != nil {
			return err
		}
	}
	return nil
}

func (i *inspection) hinder(ctx context.Context, x hindrance) error {
	name := "granted, then denied " + x.name
	h, err := i.newHome(name)
	if err != nil {
		return err
	}
	_, rows, err := i.run(ctx, h, "granted, to be denied "+x.name, i.Grant)
	if err != nil {
		return err
	}
	undo, err := x.take(h.state)
	if err != nil {
		i.result.Notes = append(i.result.Notes, fmt.Sprintf("%s: not tried: %v", name, err))
		return nil
	}
	i.strict = x.strict
	env, refused, err := i.decide(ctx, h, name, i.Deny)
	if err == nil {
		s, late, failed := i.command(ctx, h, name, env)
		if err = failed; err == nil {
			i.noReport(s, late)
		}
	}
	i.strict = false
	if errors.Is(err, errLate) {
		i.result.found(name, Consent, "a no does not end", err.Error())
		err = nil
	}
	if err = errors.Join(err, undo()); err != nil {
		return err
	}
	again := "" // what was recorded holds by itself
	if refused != "" || variable.MatchString(i.Deny) {
		again = i.Deny
	}
	if refused != "" {
		i.result.Notes = append(i.result.Notes, fmt.Sprintf("%s: the no was refused, and said again afterwards: %.200s", name, refused))
	}
	s, late, err := i.run(ctx, h, name+", and after that", again)
	if err != nil {
		return err
	}
	i.noReport(s, late)
	i.kept(s.Name, h, rows)
	return nil
}

// lock locks every file, in both ways that Linux has.
func lock(dir string) (func() error, error) {
	var held []*os.File
	undo := func() (err error) {
		for _, f := range held {
			err = errors.Join(err, f.Close())
		}
		return err
	}
	err := each(dir, func(path string, d fs.DirEntry) error {
		if !d.Type().IsRegular() {
			return nil
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		held = append(held, f)
		whole := &unix.Flock_t{Type: unix.F_WRLCK}
		return errors.Join(unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB), unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, whole))
	})
	if err != nil {
		return nil, errors.Join(err, undo())
	}
	return undo, nil
}

// modes gives all files, and all directories, other modes.
func modes(file, directory fs.FileMode) func(string) (func() error, error) {
	return func(dir string) (func() error, error) {
		before := map[string]fs.FileMode{}
		err := each(dir, func(path string, d fs.DirEntry) error {
			info, err := d.Info()
			if err == nil && (d.IsDir() || info.Mode().IsRegular()) {
				before[path] = info.Mode().Perm()
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		for path := range before {
			mode := file
			if info, err := os.Lstat(path); err == nil && info.IsDir() {
				mode = directory
			}
			if err := os.Chmod(path, mode); err != nil {
				return nil, err
			}
		}
		return func() (err error) {
			for path, mode := range before { // what the command removed needs none
				if failed := os.Chmod(path, mode); !errors.Is(failed, fs.ErrNotExist) {
					err = errors.Join(err, failed)
				}
			}
			return err
		}, nil
	}
}

// otherUser is who owns the files for a while: the last number of 16 bits, which has no name here or that of no one.
const otherUser = 65534

func owner(dir string) (func() error, error) {
	give := func(uid int) error {
		return each(dir, func(path string, _ fs.DirEntry) error { return os.Lchown(path, uid, -1) })
	}
	if err := give(otherUser); err != nil {
		return nil, errors.Join(errors.New("needs root: only root may give files away"), give(os.Geteuid()))
	}
	return func() error { return give(os.Geteuid()) }, nil
}

// each calls do for everything below a directory, and for the directory.
func each(dir string, do func(string, fs.DirEntry) error) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return do(path, d)
	})
}

// output runs a command. A strict one is root without the right to pass over
// modes, as an ordinary user is.
func (i *inspection) output(c *exec.Cmd) (out []byte, err error) {
	if !i.strict {
		return c.CombinedOutput()
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // for ever: the thread ends with this function
		for _, right := range []uintptr{unix.CAP_DAC_OVERRIDE, unix.CAP_DAC_READ_SEARCH, unix.CAP_FOWNER} {
			if err = unix.Prctl(unix.PR_CAPBSET_DROP, right, 0, 0, 0); err != nil {
				return
			}
		}
		out, err = c.CombinedOutput()
	}()
	<-done
	return out, err
}
