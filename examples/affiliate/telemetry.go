package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"headcount.example/catalog/affiliate"
	"headcount.example/consent"
	"headcount.example/telemetry"
)

// statistics is the client, and where decisions are kept.
type statistics struct {
	*telemetry.Client
	decisions *consent.File
	recipient string
}

// newStatistics never fails: a product does not depend on its statistics.
func newStatistics(data, endpoint string) *statistics {
	dir := filepath.Join(data, "telemetry")
	s := &statistics{decisions: consent.NewFile(dir), recipient: "its makers"}
	if u, err := url.Parse(endpoint); err == nil && u.Host != "" {
		s.recipient = "its makers at " + u.Host // another receiver is another question
	}
	var err error
	s.Client, err = telemetry.Init(telemetry.Config{
		Catalog: affiliate.Catalog, Endpoint: endpoint, Dir: dir, Consent: s.decisions,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "affiliate: statistics are off:", err)
	}
	s.Observe(affiliate.Programs, func(context.Context) ([]int64, error) {
		return (&platform{dir: data}).sizes() // asked when a report is due
	})
	return s
}

// configured says whether a yes turns statistics on. Where the configuration
// has a fault, such as a wrong endpoint, nothing does, and the status names the
// fault. It has no word of its own for that; but this client, which has a
// directory, can erase unless there is a fault.
func (s *statistics) configured() bool { return s.Status().CanErase }

// failed counts an error by its kind, which is one of a closed list. What the
// error says, and about whom, stays here.
func (s *statistics) failed(err error) {
	var f *failure
	switch {
	case errors.As(err, &f):
		s.Add(affiliate.Errors.With(f.kind), 1)
	case !errors.Is(err, errUsage) && !errors.Is(err, errSettings):
		s.Add(affiliate.Errors.With("INTERNAL"), 1)
	}
}

// close gives what is due two seconds to go out: a report, once a day, and a
// request to erase that did not arrive before. A command would be over before
// either is. A service, which runs all day, only needs Shutdown.
func (s *statistics) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	due := func(at time.Time) bool { return !at.IsZero() && !at.After(time.Now()) }
	for ctx.Err() == nil {
		if status := s.Status(); !due(status.NextReport) && !due(status.NextErase) {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	_ = s.Shutdown(context.Background())
}
