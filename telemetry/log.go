package telemetry

// The log touches nothing but Config.Logger. It is never called while a lock is
// held: a Logger may block. Beside it is what every part shares.

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"sync"
	"time"
)

// shared is what every part may touch.
type shared struct {
	log  *logger
	now  func() time.Time
	life context.Context // ends with Shutdown; ended where the configuration has a fault
}

// A logger writes single lines for the application's operator, the same one at
// most once an hour.
type logger struct {
	to   *slog.Logger // nil: nothing is written
	mu   sync.Mutex
	said map[string]time.Time // by the monotonic clock
}

// numbered are words that differ between lines that say the same: names of
// temporary files, identifiers, ports, times.
var numbered = regexp.MustCompile(`\S*[0-9]\S*`)

func (l *logger) log(level slog.Level, message string, args ...any) {
	if l.to == nil {
		return
	}
	defer func() { _ = recover() }() // a logger or an error that panics must not end the host
	key := numbered.ReplaceAllString(fmt.Sprint(append([]any{message}, args...)...), "0")
	for _, arg := range args { // what is for the log, and not for the settings
		var more interface{ Detail() string }
		if err, ok := arg.(error); ok && errors.As(err, &more) {
			args = append(args, "detail", more.Detail())
		}
	}
	l.mu.Lock()
	before, known := l.said[key]
	fresh := !known || time.Since(before) >= time.Hour
	if fresh {
		if len(l.said) >= 100 {
			clear(l.said)
		}
		l.said[key] = time.Now()
	}
	l.mu.Unlock()
	if fresh {
		l.to.Log(context.Background(), level, message, args...)
	}
}

func (l *logger) warn(message string, args ...any) { l.log(slog.LevelWarn, message, args...) }
