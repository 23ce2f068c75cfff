package telemetry

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/internal/durable"
	"headcount.example/internal/gate"
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

// TestNothingBeforeTheLook: without a yes of the last look there is no lookup, no connection and
// no entry. It is asked once, before all of these.
func TestNothingBeforeTheLook(t *testing.T) {
	r := receive(t)
	refused := errors.New("consent was taken back")
	for _, test := range []struct {
		name string
		say  func(stop context.CancelFunc) error
		want error // nil: it is sent
	}{
		{"yes", func(context.CancelFunc) error { return nil }, nil},
		{"no", func(context.CancelFunc) error { return refused }, refused},
		{"its time ends in the look", func(stop context.CancelFunc) error { stop(); return nil }, context.Canceled},
	} {
		for _, endpoint := range []string{r.URL, "https://stats.vendor.example"} {
			if test.want == nil && endpoint != r.URL {
				continue
			}
			noLookups(t)
			s := start(t, endpoint, nil)
			before, asked := r.count(), 0
			ctx, cancel := context.WithCancel(t.Context())
			err := s.outbox.send(ctx, gate.Report{GUID: uuid.New(), Day: time.Now(), Erase: true}, func(context.Context) error {
				if asked++; exists(filepath.Join(s.config.Dir, "journal")) || r.count() != before {
					t.Errorf("%s: something came before the look", test.name)
				}
				return test.say(cancel)
			})
			cancel()
			if test.want == nil && err != nil || test.want != nil && !errors.Is(err, test.want) || asked != 1 {
				t.Errorf("%s, %s: got %v, asked %d times, want %v, once", test.name, endpoint, err, asked, test.want)
			}
			if sent := r.count() - before; (sent == 1) != (test.want == nil) || sent > 1 {
				t.Errorf("%s, %s: got %d requests", test.name, endpoint, sent)
			}
			if kept, _ := s.Journal(); test.want == refused && len(kept) != 0 {
				t.Errorf("%s, %s: got %d entries, want none", test.name, endpoint, len(kept))
			}
		}
	}
}
