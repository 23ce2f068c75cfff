package main_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"headcount.example/catalog/affiliate"
	"headcount.example/internal/ledger"
)

// A yes that cannot be acted on is refused, and not recorded for later. A no
// is recorded all the same.
func TestYesWithAWrongEndpoint(t *testing.T) {
	for _, endpoint := range []string{"http://evil.example", "::", ""} {
		t.Run(endpoint, func(t *testing.T) {
			s := open(t, endpoint)
			if out, fault := s.run(1, "settings telemetry on"); out != "" || !strings.Contains(fault, fmt.Sprintf("affiliate: usage statistics stay off, and nothing was decided: telemetry: endpoint %q", endpoint)) {
				t.Errorf("on says %q and %q", out, fault)
			}
			if kept := s.kept(); len(kept) != 0 {
				t.Errorf("kept %q", kept)
			}
			s.run(0, "settings telemetry off")
			s.endpoint = "http://127.0.0.1:1"
			if out, _ := s.run(0, "settings telemetry status"); !strings.Contains(out, "off, no on ") {
				t.Errorf("the status says %q", out)
			}
		})
	}
}

// Damage is said by every command, the same way, and nothing is written over
// it.
func TestDamagedState(t *testing.T) {
	for _, damaged := range []string{"", "{", "[]", "null", `{"spring":null}`, `{"spring":{"ada":null}}`, `{"spring":{"ada":{"paid_cents":"x"}}}`} {
		t.Run(damaged, func(t *testing.T) {
			s := open(t, "http://127.0.0.1:1")
			path := filepath.Join(s.data, "state.json")
			if err := errors.Join(os.Mkdir(s.data, 0o700), os.WriteFile(path, []byte(damaged), 0o600)); err != nil {
				t.Fatal(err)
			}
			for _, command := range []string{"program create autumn", "program create spring", "join spring ada", "referral spring ada 1", "payout spring ada", "report"} {
				if _, fault := s.run(1, command); !strings.Contains(fault, "state.json cannot be read: ") || !strings.Contains(fault, "restore it from a backup") {
					t.Errorf("%s says %q", command, fault)
				}
			}
			if now, err := os.ReadFile(path); err != nil || string(now) != damaged {
				t.Errorf("%v: it is now %q", err, now)
			}
		})
	}
}

// A report that is due goes out at the end of a command, also to a receiver
// that takes a moment to answer.
func TestDueToASlowReceiver(t *testing.T) {
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(100 * time.Millisecond)
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	defer receiver.Close()
	s := open(t, receiver.URL)
	s.run(0, "settings telemetry on")
	s.due()
	s.run(0, "report")
	out, _ := s.run(0, "settings telemetry journal")
	if newest, _, _ := strings.Cut(out, "\n"); !strings.HasSuffix(newest, " to "+receiver.URL+"/v1/metrics: delivered") {
		t.Errorf("the journal says\n%s", out)
	}
}

// due makes a report due, as a day does.
func (s *shop) due() {
	s.t.Helper()
	ctx, now := s.t.Context(), time.Now()
	l, err := ledger.Open(ctx, ledger.Place{Dir: filepath.Join(s.data, "telemetry")}, ledger.Owner{Product: affiliate.Catalog.Product()}, nil, now, func() error { return nil })
	if err != nil {
		s.t.Fatal(err)
	}
	due := ledger.Schedule{Due: now.Add(-time.Minute), Reported: true}
	sending, err := l.Begin(ctx, now, now.Add(time.Second), func(ledger.Schedule) (ledger.Schedule, error) { return due, nil })
	if err = errors.Join(err, l.End(ctx, sending, due)); err != nil {
		s.t.Fatal(err)
	}
}
