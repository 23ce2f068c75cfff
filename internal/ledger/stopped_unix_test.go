//go:build unix

package ledger

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"testing"
	"time"

	"headcount.example/internal/durable"
)

func init() { commands["stop"] = stopCommand }

// stopCommand stops its own process, as kill -STOP does, before the k-th change
// to the file system. The signal may reach another thread first, so this one waits
// until the process is told to go on.
func stopCommand(args []string) error {
	k, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	pieces = 15_001
	steps, goOn := 0, make(chan os.Signal, 1)
	signal.Notify(goOn, syscall.SIGCONT)
	durable.Step = func(string) {
		if steps++; steps == k {
			_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
			<-goOn
		}
	}
	fmt.Println(actions[args[1]](args[0]))
	return nil
}

// stopped waits until a process stands still; false when it has ended.
func (p *process) stopped() bool {
	var status syscall.WaitStatus
	for {
		_, err := syscall.Wait4(p.Process.Pid, &status, syscall.WUNTRACED, nil)
		if err != syscall.EINTR {
			return err == nil && status.Stopped()
		}
	}
}

// TestNoBesideStoppedProcess: a process stands still before each change to the
// file system in turn, another one takes the yes back, and the first one goes on.
// The identifier does not come back, and the next attempt leaves nothing.
func TestNoBesideStoppedProcess(t *testing.T) {
	for kind, empty := range kinds {
		for _, action := range []string{"open", "grow", "sync", "destroy"} {
			t.Run(kind+" "+action, func(t *testing.T) {
				t.Parallel()
				k := 1
				for ; besideStopped(t, with(empty)(t), action, k); k++ {
					if t.Failed() {
						t.Fatalf("stopped before step %d", k)
					}
				}
				t.Logf("stopped before each of %d steps", k-1)
				if k < 2 {
					t.Error("never stopped")
				}
			})
		}
	}
}

// besideStopped returns false when the action has fewer than k steps.
func besideStopped(t *testing.T, dir, action string, k int) bool {
	id := guid(t, dir)
	running := open(t, dir, abc...)
	p := start(t, "stop", dir, action, strconv.Itoa(k))
	if !p.stopped() {
		return false
	}
	soon, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	err := Destroy(soon, Place{Dir: dir}, owner.Product, yes)
	if holdsBytes(t, dir, id) {
		t.Errorf("the identifier is still there (%v)", err)
	}
	if running.Mapped() && running.Add(running.Slot(0), 1) || running.Check(ctx) == nil {
		t.Error("counts on")
	}
	if err := p.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	p.out.Scan() // what it says does not matter: it goes on to its end
	_ = p.Wait()
	if holdsBytes(t, dir, id) {
		t.Error("the identifier is there again")
	}
	if err := destroyIn(dir); err != nil || keptIn(dir) {
		t.Errorf("the next attempt: got %v, kept %v, want destroyed", err, keptIn(dir))
	}
	return true
}
