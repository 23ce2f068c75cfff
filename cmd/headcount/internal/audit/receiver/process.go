package receiver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// collectorTimeout is how long the audit waits for a Collector before it gives up.
const collectorTimeout = 60 * time.Second

// step is the pause between two looks at a condition.
const step = 20 * time.Millisecond

// A process is a Collector that runs.
type process struct {
	cmd  *exec.Cmd
	log  *output
	done chan struct{} // closed when it has ended
}

// start runs a Collector until it accepts connections.
func start(ctx context.Context, binary string, configs []string, dir string, listens []string, log *output) (*process, error) {
	var args []string
	for _, c := range configs {
		args = append(args, "--config", c)
	}
	p := &process{cmd: exec.Command(binary, args...), log: log, done: make(chan struct{})}
	p.cmd.Dir = dir
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("the Collector does not start: %w", err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is seen by who asked it to
		close(p.done)
	}()
	if err := p.accepts(ctx, listens); err != nil {
		p.kill()
		return nil, err
	}
	return p, nil
}

// accepts waits until all addresses accept a connection.
func (p *process) accepts(ctx context.Context, listens []string) error {
	for _, address := range listens {
		err := until(ctx, func() (bool, error) {
			select {
			case <-p.done:
				return false, fmt.Errorf("the Collector ended at once: %s", p.log.last())
			default:
			}
			c, err := net.DialTimeout("tcp", address, time.Second)
			if err != nil {
				return false, nil
			}
			return true, c.Close()
		})
		if errors.Is(err, errTimeout) {
			return fmt.Errorf("the Collector does not listen on %s: %s", address, p.log.last())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

var errTimeout = errors.New("not within " + collectorTimeout.String())

// until waits for a condition.
func until(ctx context.Context, holds func() (bool, error)) error {
	limit := time.After(collectorTimeout)
	for {
		if ok, err := holds(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-limit:
			return errTimeout
		case <-time.After(step):
		}
	}
}

// stop asks the Collector to end, so that it writes what it holds.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		p.kill() // Windows has no such signal
		return nil
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(collectorTimeout):
		p.kill()
		return errors.New("the Collector does not end when it is asked to")
	}
}

// kill ends it as kill -9 does. It does nothing the second time.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it has ended, then
	<-p.done
}

// An output keeps what a process prints. It is safe for concurrent use.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(b)
}

func (o *output) bytes() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return bytes.Clone(o.b.Bytes())
}

// last is the last line, for an error.
func (o *output) last() string {
	lines := strings.Split(strings.TrimSpace(string(o.bytes())), "\n")
	if line := lines[len(lines)-1]; line != "" {
		return line
	}
	return "it printed nothing"
}
