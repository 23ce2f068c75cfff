package telemetry

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/internal/durable"
)

// The outcome of a report that left is missed where the journal has no room for
// it. Where nothing left there is no outcome to miss.
func TestOutcomeThatCannotBeWritten(t *testing.T) {
	r := receive(t)
	for name, test := range map[string]struct {
		endpoint string
		want     bool
	}{"nothing was sent": {"http://127.0.0.1:9", false}, "delivered": {r.URL, true}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			var log lines
			locked := 0
			durable.Step = func(step string) {
				if step != "lock .lock" {
					return
				}
				if locked++; locked == 2 { // first the intent to send, then the outcome
					_ = os.RemoveAll(filepath.Join(dir, "journal"))
				}
			}
			defer func() { durable.Step = func(string) {} }()
			synctest.Test(t, func(t *testing.T) {
				c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: test.endpoint, Dir: dir, Consent: always(consent.Granted, 1), Logger: log.logger()})
				if err != nil {
					t.Fatal(err)
				}
				err = c.Flush(t.Context())
				synctest.Wait() // the line is written by a goroutine of its own
				if got := strings.Contains(log.String(), "outcome of a report"); got != test.want || locked != 2 || (err == nil) != test.want {
					t.Errorf("got logged %v, %d locks, the error %v, want logged %v: the log is\n%s", got, locked, err, test.want, log.String())
				}
				_ = c.Shutdown(t.Context())
			})
		})
	}
}

// Names that differ at each attempt do not make a line another one.
func TestLogLimitSeesThroughNames(t *testing.T) {
	var log lines
	l := &logger{to: log.logger(), said: map[string]time.Time{}}
	for _, name := range []string{".new-3886560797", ".new-1", "3fa9c0de00000001.request", "0badcafe12345678.request", "c0ffee"} {
		l.log(slog.LevelWarn, "telemetry: not written", "error", "open /var/lib/faces/"+name+": no space left on device")
	}
	l.log(slog.LevelWarn, "telemetry: not written", "error", "permission denied")
	if got := strings.Count(log.String(), "\n"); got != 2 {
		t.Errorf("got %d lines, want 2: one of a full disk and one of permissions:\n%s", got, log.String())
	}
}
