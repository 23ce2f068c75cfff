package telemetry

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"headcount.example/consent"
	"headcount.example/internal/durable"
)

// A promptState answers nothing when the time of its caller is over, as a database does.
type promptState struct{ memoryState }

func (s *promptState) Load(ctx context.Context) ([]byte, int64, error) {
	if ctx.Err() != nil {
		return nil, 0, ctx.Err()
	}
	return s.memoryState.Load(ctx)
}

// TestNoWhileTheJournalIsHeld: a process that stands still while it writes the journal
// keeps neither the identifier from being destroyed, nor its request from being kept.
func TestNoWhileTheJournalIsHeld(t *testing.T) {
	for name, state := range map[string]State{"directory": nil, "state": &promptState{}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &place{record: yesAt(time.Now())}
				s := start(t, "https://stats.vendor.invalid", func(c *Config) { c.Consent, c.State = p, state })
				s.heard(t)
				guid, journal := s.Status().InstallGUID, filepath.Join(s.dir, "journal")
				defer holdJournal(t, journal)()
				left := filepath.Join(journal, ".00000001.json.new-1")
				if err := os.WriteFile(left, nil, 0o600); err != nil {
					t.Fatal(err)
				}
				p.set(consent.Record{Decision: consent.Denied, Erase: true})
				err := s.Client.decisions.refresh(t.Context())
				if got := s.Status(); err != nil || got.Kept || exists(left) {
					t.Errorf("got %v, kept %v, the temporary file %v; want no error and nothing", err, got.Kept, exists(left))
				}
				if _, kept := s.Status().Erasing[guid]; !kept {
					t.Errorf("got the requests %v, want one for %s", s.Status().Erasing, guid)
				}
			})
		})
	}
}

// TestReportWhileTheJournalIsHeld: the error says what a report waited for, and not that
// the report took too long.
func TestReportWhileTheJournalIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "https://stats.vendor.invalid", nil)
		s.decide(t, consent.Granted)
		defer holdJournal(t, filepath.Join(s.dir, "journal"))()
		const want = "telemetry: not sent: journal: "
		if err := s.Flush(t.Context()); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	})
}

// TestInitWhileTheJournalIsHeld: a process that starts takes no file from another one
// that is writing it, however slow the disk is.
func TestInitWhileTheJournalIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "https://stats.vendor.invalid", nil)
		s.decide(t, consent.Granted)
		journal := filepath.Join(s.dir, "journal")
		release := holdJournal(t, journal)
		writing := filepath.Join(journal, ".00000001.json.new-1")
		if err := os.WriteFile(writing, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if s.restart(t); !exists(writing) || !s.Status().On {
			t.Errorf("got the file %v, on %v, want both", exists(writing), s.Status().On)
		}
		release()
		if s.restart(t); exists(writing) {
			t.Error("got what a killed process left, want it removed")
		}
	})
}

// holdJournal has the lock of a writer, as another process would.
func holdJournal(t *testing.T, dir string) (release func()) {
	t.Helper()
	if err := durable.Mkdir(dir); err != nil {
		t.Fatal(err)
	}
	release, err := durable.Lock(t.Context(), filepath.Join(dir, ".lock"))
	if err != nil {
		t.Fatal(err)
	}
	return release
}
