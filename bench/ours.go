package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
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
	shared    = "headcount, granted, shared"
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
				stats, err := settled(dir)
				return func(n int) {
					for range n {
						stats.Add(compreface.UserCreated, 1)
					}
				}, err
			})},
		{name: shared, kind: ours, note: "mapped, and another process has the file", batch: many,
			open: once(func(dir string) (func(int), error) {
				stats, err := client(dir, nowhere, consent.Granted)
				if err == nil {
					_, err = client(dir, nowhere, consent.Granted)
				}
				return func(n int) {
					for range n {
						stats.Add(compreface.UserCreated, 1)
					}
				}, err
			})},
		{name: fallback, kind: ours, note: "where a file cannot be mapped", batch: many, open: func(dir string) (running, error) {
			if err := unmapped(dir); err != nil {
				return running{}, err
			}
			return count(consent.Granted, false)(dir)
		}},
		{name: labelled, kind: ours, note: "mapped; the label is looked up each time", batch: many,
			open: once(func(dir string) (func(int), error) {
				stats, err := settled(dir)
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

// settled is a client that knows that it counts a lot: after some thousand
// additions it has the kernel keep others from the file (see docs/design.md).
func settled(dir string) (*telemetry.Client, error) {
	stats, err := client(dir, nowhere, consent.Granted)
	if err == nil && !stats.Status().Durable {
		err = fmt.Errorf("not durable in %q", dir)
	}
	for range 20 {
		for range 10_000 {
			stats.Add(compreface.UserCreated, 1)
		}
		time.Sleep(time.Millisecond)
	}
	return stats, err
}

// unmapped leaves totals in dir that are never mapped, as on a network file
// system. Which they are is in the file (see package ledger), so that it is
// enough to say it there.
func unmapped(dir string) error {
	const mode, sum, folded = 48, 56, 2
	path := filepath.Join(dir, "telemetry", "headcount.totals")
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	stats, err := client(dir, nowhere, consent.Granted)
	if err != nil {
		return err
	}
	_ = stats.Shutdown(context.Background())
	file, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	binary.NativeEndian.PutUint64(file[mode:], folded)
	binary.NativeEndian.PutUint64(file[sum:], uint64(crc32.Checksum(file[:sum], crc32.MakeTable(crc32.Castagnoli))))
	return os.WriteFile(path, file, 0o600)
}
