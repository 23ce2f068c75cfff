package main_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
