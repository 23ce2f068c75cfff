package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/telemetry"
)

// Names of contenders that the targets are about.
const (
	bare      = "bare atomic add"
	durable   = "headcount, granted"
	fallback  = "headcount, granted, fallback"
	labelled  = "headcount, granted, With on each call"
	denied    = "headcount, denied"
	noClient  = "headcount, nil client"
	prebuilt  = "OTel Int64Counter.Add, prebuilt option"
	goCounter = "golang.org/x/telemetry Counter.Inc"
)

const many = 1000 // calls at a time, of those that take nanoseconds

// said is a consent.Source that knows one answer.
type said consent.Decision

func (s said) Consent(context.Context) (consent.Record, error) {
	return consent.Record{Decision: consent.Decision(s), Notice: 1, Time: time.Now(), Where: "bench"}, nil
}

// client is ready to count in dir, or, denied, not to.
func client(dir, endpoint string, decision consent.Decision) (*telemetry.Client, error) {
	stats, err := telemetry.Init(telemetry.Config{
		Catalog: compreface.Catalog, Endpoint: endpoint, Dir: filepath.Join(dir, "telemetry"), Consent: said(decision)})
	if err == nil && stats.Status().On != (decision == consent.Granted) {
		err = errors.New(stats.Status().Reason) // a veto in the environment of this run
	}
	return stats, err
}

// nowhere is an endpoint that nothing is sent to: the first report is due an
// hour from now at the earliest.
const nowhere = "http://127.0.0.1:9"

func baselines() []contender {
	return []contender{{name: bare, kind: baseline, batch: many, open: func(string) (running, error) {
		total := &new(struct {
			before [64]byte // alone in its cache line
			atomic.Uint64
			after [64]byte
		}).Uint64
		return running{func(n int) {
			for range n {
				total.Add(1)
			}
		}, func() {}}, nil
	}}}
}

func ourContenders() []contender {
	// The loops are written out for each contender: in one function for all the
	// client is no longer in a register, which costs as much as counting.
	count := func(decision consent.Decision, wantDurable bool) func(string) (running, error) {
		return func(dir string) (running, error) {
			stats, err := client(dir, nowhere, decision)
			if err == nil && decision == consent.Granted && stats.Status().Durable != wantDurable {
				err = fmt.Errorf("durable is %t in %q", !wantDurable, dir)
			}
			return running{func(n int) {
				for range n {
					stats.Add(compreface.UserCreated, 1)
				}
			}, func() { _ = stats.Shutdown(context.Background()) }}, err
		}
	}
	return []contender{
		{name: durable, kind: ours, note: "mapped: a killed process loses nothing", batch: many,
			open: once(func(dir string) (func(int), error) {
				stats, err := mapped(dir)
				return func(n int) {
					for range n {
						stats.Add(compreface.UserCreated, 1)
					}
				}, err
			})},
		{name: fallback, kind: ours, note: "where a file cannot be mapped", batch: many, open: func(dir string) (running, error) {
			stats, err := telemetry.Init(telemetry.Config{Catalog: compreface.Catalog, Endpoint: nowhere, State: &kept{}, Consent: said(consent.Granted)})
			return running{func(n int) {
				for range n {
					stats.Add(compreface.UserCreated, 1)
				}
			}, func() { _ = stats.Shutdown(context.Background()) }}, err
		}},
		{name: labelled, kind: ours, note: "mapped; the label is looked up each time", batch: many,
			open: once(func(dir string) (func(int), error) {
				stats, err := mapped(dir)
				return func(n int) {
					for range n {
						stats.Add(compreface.ServiceCreated.With(compreface.Detection), 1)
					}
				}, err
			})},
		{name: denied, kind: ours, batch: many, open: count(consent.Denied, false)},
		{name: noClient, kind: ours, batch: many, open: func(string) (running, error) {
			var stats *telemetry.Client
			return running{func(n int) {
				for range n {
					stats.Add(compreface.UserCreated, 1)
				}
			}, func() {}}, nil
		}},
	}
}

// once opens a contender for its first turn, and keeps it until the program
// ends, as an application does.
func once(open func(dir string) (func(int), error)) func(string) (running, error) {
	var kept running
	return func(dir string) (running, error) {
		if kept.loop != nil {
			return kept, nil
		}
		loop, err := open(dir)
		if err == nil {
			kept = running{loop, func() {}}
		}
		return kept, err
	}
}

// mapped is a client that counts in a mapped file.
func mapped(dir string) (*telemetry.Client, error) {
	stats, err := client(dir, nowhere, consent.Granted)
	if err == nil && !stats.Status().Durable {
		err = fmt.Errorf("not durable in %q", dir)
	}
	return stats, err
}

// A kept is a State in memory: what a client does where a file cannot be mapped,
// without the disk.
type kept struct {
	mu      sync.Mutex
	value   []byte
	version int64
}

func (k *kept) Load(context.Context) ([]byte, int64, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.value, k.version, nil
}

func (k *kept) Swap(_ context.Context, _ int64, value []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.value, k.version = value, k.version+1
	return nil
}
