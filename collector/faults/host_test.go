//go:build linux

package faults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"headcount.example/catalog/compreface"
	"headcount.example/collector/internal/live"
	"headcount.example/consent"
)

// An application is a process that uses the library, seen from the test.
type application struct {
	t       *testing.T
	cmd     *exec.Cmd
	printed *live.Output // on stdout and stderr: has to stay empty
	orders  io.WriteCloser
	began   answerTo // to Init
	asked   chan struct{}

	mu      sync.Mutex
	number  int
	waiting map[int]chan answerTo
	ended   chan struct{}
}

// An installation is a directory, and the processes that share it.
type installation struct {
	t     *testing.T
	dir   string
	acked *acked
	env   []string
	apps  int
}

// consenting is an installation whose owner has said yes.
func consenting(t *testing.T, dir string) *installation {
	t.Helper()
	a, err := openAcked(filepath.Join(filepath.Dir(dir), "acked"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.close)
	i := &installation{t: t, dir: dir, acked: a}
	i.decide(consent.Granted)
	return i
}

func (i *installation) decide(d consent.Decision) {
	i.t.Helper()
	record := consent.Record{Decision: d, Notice: compreface.Catalog.NoticeNumber(), Where: "test"}
	if err := decisions(i.dir).Save(context.Background(), record); err != nil {
		i.t.Fatal(err)
	}
}

// start runs one more process of the installation.
func (i *installation) start(endpoint string) *application {
	i.t.Helper()
	a, err := i.launch(endpoint)
	if err != nil {
		i.t.Fatal(err)
	}
	return a
}

func (i *installation) launch(endpoint string) (*application, error) {
	in, orders, err1 := os.Pipe()
	answers, out, err2 := os.Pipe()
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	a := &application{t: i.t, orders: orders, printed: &live.Output{}, asked: make(chan struct{}, 1),
		waiting: map[int]chan answerTo{}, ended: make(chan struct{})}
	a.cmd = exec.Command(os.Args[0])
	a.cmd.Env = append([]string{roleVariable + "=host", "HEADCOUNT_FAULTS_DIR=" + i.dir, "HEADCOUNT_FAULTS_ENDPOINT=" + endpoint,
		fmt.Sprint("HEADCOUNT_FAULTS_NUMBER=", i.apps)}, i.env...)
	a.cmd.ExtraFiles = []*os.File{in, out}
	a.cmd.Stdout, a.cmd.Stderr = a.printed, a.printed
	i.apps++
	if err := a.cmd.Start(); err != nil {
		return nil, err
	}
	in.Close()
	out.Close()
	began := a.wait(0)
	go a.listen(answers)
	i.t.Cleanup(a.kill)
	a.began = <-began
	return a, nil
}

func (a *application) listen(answers io.ReadCloser) {
	defer close(a.ended)
	defer answers.Close()
	d := json.NewDecoder(answers)
	for {
		var got answerTo
		if d.Decode(&got) != nil {
			a.mu.Lock()
			for _, c := range a.waiting {
				c <- answerTo{Err: "the process ended"}
			}
			a.waiting = nil
			a.mu.Unlock()
			return
		}
		if got.ID < 0 {
			a.asked <- struct{}{}
			continue
		}
		a.mu.Lock()
		c := a.waiting[got.ID]
		delete(a.waiting, got.ID)
		a.mu.Unlock()
		c <- got
	}
}

func (a *application) wait(id int) <-chan answerTo {
	c := make(chan answerTo, 1)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.waiting == nil {
		c <- answerTo{Err: "the process ended"}
		return c
	}
	a.waiting[id] = c
	return c
}

// begin gives an order and does not wait for the answer.
func (a *application) begin(o order) <-chan answerTo {
	a.mu.Lock()
	a.number++
	o.ID = a.number
	a.mu.Unlock()
	c := a.wait(o.ID)
	text, _ := json.Marshal(o)
	_, _ = a.orders.Write(append(text, '\n')) // a process that ended says so
	return c
}

// do gives an order and waits.
func (a *application) do(o order) answerTo {
	a.t.Helper()
	return a.come(o.Do, a.begin(o))
}

// come waits for an answer. None takes longer than the bound, whatever the
// network does.
func (a *application) come(what string, c <-chan answerTo) answerTo {
	a.t.Helper()
	select {
	case got := <-c:
		return got
	case <-time.After(bound):
		a.t.Fatalf("%s has not returned within %v", what, bound)
		return answerTo{}
	}
}

// must is do, for what has to go well.
func (a *application) must(o order) answerTo {
	a.t.Helper()
	got := a.do(o)
	if got.Err != "" {
		a.t.Fatalf("%s: %s", o.Do, got.Err)
	}
	return got
}

// close ends the application as a good one does, and says what the library
// left behind in it.
func (a *application) close() {
	a.t.Helper()
	got := a.must(order{Do: "close"})
	if got.Stack != "" {
		a.t.Errorf("left behind after Shutdown: %s", got.Stack)
	}
	if got.Took > 10*time.Second {
		a.t.Errorf("Shutdown took %v", got.Took)
	}
	a.orders.Close()
	<-a.ended
	if err := a.cmd.Wait(); err != nil {
		a.t.Error(err)
	}
	a.silent()
}

func (a *application) kill() {
	_ = a.cmd.Process.Kill()
	_ = a.cmd.Wait()
	a.orders.Close()
	<-a.ended
}

// silent checks that the host was left in peace.
func (a *application) silent() {
	a.t.Helper()
	if text := a.printed.String(); text != "" {
		a.t.Errorf("the host's own output holds: %s", text)
	}
}

// exact sends a last report and checks that the store holds what was
// acknowledged, and that nothing was sent unasked.
func (i *installation) exact(a *application, s *store) {
	i.t.Helper()
	guid := a.must(order{Do: "flush"}).GUID
	begun, done, attempts := i.acked.sums()
	if !slices.Equal(begun, done) {
		i.t.Fatalf("not at rest: %d begun, %d done", begun, done)
	}
	got := s.of(i.t, guid)
	if !slices.Equal(got, done) {
		i.t.Errorf("the store says %d of what was counted %d", got, done)
	}
	if n := s.lines[guid]; n > attempts {
		i.t.Errorf("%d reports arrived, of %d that were asked for", n, attempts)
	}
}

// left says what of an installation is in its directory: nothing, after a no.
// A lock file is empty and means nothing, and the journal of what was sent is the administrator's.
func (i *installation) left() (list []string) {
	_ = filepath.WalkDir(i.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		lock := err == nil && info.Size() == 0 && (strings.HasPrefix(d.Name(), "headcount.") || d.Name() == ".lock")
		if entry, _ := filepath.Match(filepath.Join(i.dir, "journal", "????????.json"), path); !lock && !entry {
			list = append(list, filepath.Base(path))
		}
		return nil
	})
	return list
}

// journal counts the reports that left the directory, or were about to.
func (i *installation) journal() int {
	list, _ := filepath.Glob(filepath.Join(i.dir, "journal", "*.json"))
	return len(list)
}
