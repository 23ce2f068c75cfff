package telemetry

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

type detailed struct{}

func (detailed) Error() string  { return "the database refused" }
func (detailed) Detail() string { return "user=app host=db" }

// TestDetail: what an error keeps for the log is in the log, beside its text.
func TestDetail(t *testing.T) {
	var log lines
	l := &logger{to: log.logger(), said: map[string]time.Time{}}
	l.warn("telemetry: not written", "error", fmt.Errorf("sqlstate: %w", detailed{}))
	if got := log.String(); !strings.Contains(got, `error="sqlstate: the database refused" detail="user=app host=db"`) {
		t.Errorf("got %q, want the text and the detail", got)
	}
}
