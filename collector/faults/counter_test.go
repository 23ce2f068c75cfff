//go:build linux

package faults

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"headcount.example/catalog/compreface"
	"headcount.example/collector/internal/live"
	"headcount.example/consent"
	"headcount.example/telemetry"
)

// granted is a yes that is never taken back.
type granted struct{}

func (granted) Consent(context.Context) (consent.Record, error) {
	return consent.Record{Decision: consent.Granted, Notice: compreface.Catalog.NoticeNumber(), Time: time.Now()}, nil
}

func granting(dir, endpoint string) telemetry.Config {
	return telemetry.Config{Catalog: compreface.Catalog, Endpoint: endpoint, Dir: dir, Consent: granted{}}
}

// beCounter counts and reports as fast as it can, until it is killed.
func beCounter() {
	dir := os.Getenv("HEADCOUNT_FAULTS_DIR")
	number, err1 := strconv.Atoi(os.Getenv("HEADCOUNT_FAULTS_NUMBER"))
	seed, err2 := strconv.ParseUint(os.Getenv("HEADCOUNT_FAULTS_SEED"), 10, 64)
	a, err3 := openAcked(filepath.Join(filepath.Dir(dir), "acked"))
	if errors.Join(err1, err2, err3) != nil {
		os.Exit(3)
	}
	go func() { // an orphan would count for ever
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	stats, _ := telemetry.Init(granting(dir, os.Getenv("HEADCOUNT_FAULTS_ENDPOINT")))
	for !stats.Status().On { // another process held the lock for too long
		_ = stats.Refresh(context.Background())
	}
	gentle := os.Getenv("HEADCOUNT_FAULTS_GENTLE") == "true"
	for g := range counterGoroutines {
		go func() {
			begun, done, counter := a.begun(number, g), a.done(number, g), series[(number+g)%len(series)]
			for n := 0; ; n++ {
				begun.Add(1)
				stats.Add(counter, 1)
				done.Add(1)
				if gentle && n%64 == 0 {
					time.Sleep(100 * time.Microsecond) // or there is no processor left to send with
				}
			}
		}()
	}
	go func() {
		random := rand.New(rand.NewPCG(seed, uint64(number)))
		for {
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(1+random.IntN(50))*time.Millisecond)
			a.attempts(number).Add(1)
			_ = stats.Flush(ctx)
			cancel()
		}
	}()
	_, _ = os.NewFile(3, "ready").Write([]byte{1})
	select {}
}

const counterGoroutines = 4

// A counter is such a process, seen from the test.
type counter struct {
	cmd     *exec.Cmd
	printed *live.Output
	ready   *os.File
}

func startCounter(t *testing.T, dir, endpoint string, number int, r round) *counter {
	t.Helper()
	ready, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c := &counter{cmd: exec.Command(os.Args[0]), printed: &live.Output{}, ready: ready}
	c.cmd.Env = []string{roleVariable + "=counter", "HEADCOUNT_FAULTS_DIR=" + dir, "HEADCOUNT_FAULTS_ENDPOINT=" + endpoint,
		fmt.Sprint("HEADCOUNT_FAULTS_NUMBER=", number), fmt.Sprint("HEADCOUNT_FAULTS_SEED=", r.seed),
		fmt.Sprint("HEADCOUNT_FAULTS_GENTLE=", r.kind == sending)}
	c.cmd.ExtraFiles = []*os.File{write}
	if _, err := c.cmd.StdinPipe(); err != nil { // ends with us
		t.Fatal(err)
	}
	c.cmd.Stdout, c.cmd.Stderr = c.printed, c.printed
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	return c
}

// counts waits until the process counts.
func (c *counter) counts(t *testing.T) {
	t.Helper()
	if _, err := c.ready.Read(make([]byte, 1)); err != nil {
		t.Errorf("a process ended by itself: %v, %s", c.cmd.Wait(), c.printed)
	}
}

// kill ends the process, and says if something else had.
func (c *counter) kill(t *testing.T) {
	t.Helper()
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
	c.ready.Close()
	if status, ok := c.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		t.Errorf("a process ended by itself: %v", c.cmd.ProcessState)
	}
	if text := c.printed.String(); text != "" {
		t.Errorf("the host's own output holds: %s", text)
	}
}
