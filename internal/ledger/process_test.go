package ledger

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// commands are what another process of the tests can do: this binary, run
// again. Each reads its arguments and talks through stdin and stdout.
var commands = map[string]func(args []string) error{}

func init() {
	commands["add"] = addCommand
	commands["send"] = sendCommand
	commands["try"] = tryCommand
	commands["crash"] = crashCommand
}

const commandVariable = "LEDGER_TEST_COMMAND"

func TestMain(m *testing.M) {
	name, args, _ := strings.Cut(os.Getenv(commandVariable), "\n")
	if name == "" {
		os.Exit(m.Run())
	}
	if err := commands[name](strings.Split(args, "\n")); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// A process is another one of the tests.
type process struct {
	*exec.Cmd
	t   testing.TB
	in  io.WriteCloser
	out *bufio.Scanner
}

// start runs a command. The process is killed at the end of the test.
func start(t testing.TB, args ...string) *process {
	t.Helper()
	return startAs(t, func(*exec.Cmd) {}, args...)
}

func startAs(t testing.TB, prepare func(*exec.Cmd), args ...string) *process {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), commandVariable+"="+strings.Join(args, "\n"))
	c.Stderr = os.Stderr
	prepare(c)
	in, err1 := c.StdinPipe()
	out, err2 := c.StdoutPipe()
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{Cmd: c, t: t, in: in, out: bufio.NewScanner(out)}
	t.Cleanup(p.kill)
	return p
}

// hears waits for a line of the process.
func (p *process) hears(want string) {
	p.t.Helper()
	if !p.out.Scan() || p.out.Text() != want {
		p.t.Fatalf("the other process says %q (%v), want %q", p.out.Text(), p.out.Err(), want)
	}
}

func (p *process) says(line string) {
	p.t.Helper()
	if _, err := fmt.Fprintln(p.in, line); err != nil {
		p.t.Fatal(err)
	}
}

// kill ends the process as kill -9 does, and waits until it is gone.
func (p *process) kill() {
	if p.ProcessState == nil {
		_ = p.Process.Kill()
		_ = p.Wait()
	}
}

// addCommand opens a ledger, adds one at a time to each series, says so, and
// then does the same with each line it reads.
func addCommand(args []string) error {
	dir, series := args[0], args[2:]
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	l, err := openIn(dir, series)
	if err != nil {
		return err
	}
	fmt.Println("open")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		refused := 0
		for range n {
			for i := range series {
				if !l.Add(l.Slot(i), 1) {
					refused++
				}
			}
		}
		if in.Text() == "sync" {
			if err := l.Sync(context.Background()); err != nil {
				return err
			}
		}
		fmt.Println("refused", refused)
	}
	return nil
}

// sendCommand takes the right to send, says so, and keeps it until its input
// ends.
func sendCommand(args []string) error {
	l, err := openIn(args[0], nil)
	if err != nil {
		return err
	}
	_, err = l.Begin(context.Background(), time.Now(), time.Now().Add(longest), func(s Schedule) (Schedule, error) { return s, nil })
	fmt.Println(err)
	_, _ = io.Copy(io.Discard, os.Stdin)
	return nil
}

// tryCommand does what a process with few rights may try, and says what came
// of it.
func tryCommand(args []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err := openIn(args[0], abc)
	fmt.Println(err)
	fmt.Println(Destroy(ctx, Place{Dir: args[0]}, owner.Product, yes))
	return nil
}
