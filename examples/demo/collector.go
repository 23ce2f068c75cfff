package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// collectorTimeout is for a machine that has much else to do; usually it is a moment.
const collectorTimeout = 3 * time.Minute

// startCollector starts the real Collector with the shipped configuration and
// waits until it answers. From then on d.stop stops it and waits for its end.
func (d *demo) startCollector(ctx context.Context) error {
	if err := free(d.listen); err != nil {
		return fmt.Errorf("the Collector cannot listen on %s: %w: stop what listens there, or choose another address: make demo LISTEN=127.0.0.1:4319", d.listen, err)
	}
	health, err := freeAddress()
	if err != nil {
		return err
	}
	var said bytes.Buffer
	c := exec.CommandContext(ctx, d.collector, "--config", d.config)
	c.Env = append(os.Environ(), "HEADCOUNT_LISTEN="+d.listen, "HEADCOUNT_HEALTH="+health, "HEADCOUNT_FILE="+d.file())
	c.Stdout, c.Stderr = &said, &said
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = 5 * time.Second
	dieWithParent(c)
	fmt.Fprintf(d.out, "starting the Collector on %s with %s\n", d.listen, d.config)
	if err := c.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() { _ = c.Wait(); close(ended) }()
	d.stop = func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			_ = c.Process.Kill()
			<-ended
		}
	}
	deadline := time.Now().Add(collectorTimeout)
	for {
		if answers("http://" + health) {
			return nil
		}
		select {
		case <-ended:
			return fmt.Errorf("the Collector ended before it was ready:\n%s", said.String())
		case <-ctx.Done():
			d.stop()
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			d.stop()
			return fmt.Errorf("the Collector is not ready after %s:\n%s", collectorTimeout, said.String())
		}
	}
}

func answers(url string) bool {
	client := http.Client{Timeout: 10 * time.Second}
	reply, err := client.Get(url)
	if err != nil {
		return false
	}
	_ = reply.Body.Close()
	return reply.StatusCode == http.StatusOK
}

func free(address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	return l.Close()
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
