package telemetrytest

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"headcount.example/catalog"
	"headcount.example/telemetry"
)

// A log fails the test at each warning of the client.
type log struct {
	slog.Handler // has the methods that are never called
	t            testing.TB
	mu           sync.Mutex
	ended        bool
}

// end is no counter of any catalog.
var end = catalog.NewCounter("telemetrytest.end", "{end}", catalog.Text{})

func (l *log) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

func (l *log) Handle(_ context.Context, line slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	text, report := "telemetrytest: "+line.Message, l.t.Error
	line.Attrs(func(a slog.Attr) bool {
		text += fmt.Sprintf(", %s: %v", a.Key, a.Value)
		l.ended = l.ended || a.Value.String() == end.String()
		if a.Key == "metric" { // a function failed, and only Observed asks for its answer
			report = l.t.Log
		}
		return true
	})
	if !l.ended {
		report(text)
	}
	return nil
}

// wait returns when the client has logged all mistakes. It logs them one at a
// time, by a goroutine of its own: when it logs ours, those before are logged.
func (l *log) wait(client *telemetry.Client) {
	for begin := time.Now(); time.Since(begin) < 10*time.Second; time.Sleep(time.Millisecond) {
		client.Add(end, 1)
		l.mu.Lock()
		ended := l.ended
		l.mu.Unlock()
		if ended {
			return
		}
	}
	l.t.Error("telemetrytest: the client does not log mistakes")
}
