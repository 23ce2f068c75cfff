package telemetry

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
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

type blocking struct{ called, free chan struct{} }

func (b blocking) Enabled(context.Context, slog.Level) bool { return true }
func (b blocking) Handle(context.Context, slog.Record) error {
	b.called <- struct{}{}
	<-b.free
	return nil
}
func (b blocking) WithAttrs([]slog.Attr) slog.Handler { return b }
func (b blocking) WithGroup(string) slog.Handler      { return b }

// TestSilence: without a Logger nothing is said anywhere, whatever fails; with
// one, an undeclared counter is mentioned once an hour.
func TestSilence(t *testing.T) {
	stderr, stdlog := os.Stderr, log.Writer()
	reading, writing, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	read := make(chan struct{})
	go func() { _, _ = said.ReadFrom(reading); close(read) }()
	os.Stderr = writing
	log.SetOutput(writing)
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { t.Errorf("OpenTelemetry's handler heard %v", err) }))
	defer func() { os.Stderr = stderr; log.SetOutput(stdlog) }()

	r := receive(t)
	r.status = 503
	s := start(t, r.URL, nil)
	s.decide(t, consent.Granted)
	s.Add(compreface.ServiceCreated.With("undeclared"), 1)
	s.Observe(compreface.Collections, func(context.Context) ([]int64, error) { panic("canary") })
	if err := s.Flush(t.Context()); err == nil {
		t.Error("503 is a success")
	}
	_, _ = s.Preview(t.Context(), true)
	s.decide(t, consent.Denied)
	writing.Close()
	<-read
	if said.Len() > 0 {
		t.Errorf("said %q", said.String())
	}
}

func TestLoggedOnceAnHour(t *testing.T) {
	var logged bytes.Buffer
	dir := filepath.Join(t.TempDir(), "telemetry")
	synctest.Test(t, func(t *testing.T) {
		c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: "http://127.0.0.1:9", Dir: dir,
			Consent: always(consent.Granted, 1), Logger: slog.New(slog.NewTextHandler(&logged, nil))})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			for range 100 {
				c.Add(compreface.ServiceCreated.With("canary"), 1)
			}
			time.Sleep(20 * time.Minute)
		}
		synctest.Wait()
		if lines := strings.Count(logged.String(), "\n"); lines != 1 || strings.Contains(logged.String(), "canary") {
			t.Errorf("logged %q, want one line", logged.String())
		}
		c.Add(compreface.ServiceCreated.With("canary"), 1)
		time.Sleep(2 * wakeDebounce) // the loop says it: Add does not wait for a logger
		synctest.Wait()
		if lines := strings.Count(logged.String(), "\n"); lines != 2 {
			t.Errorf("logged %q, want two lines", logged.String())
		}
		_ = c.Shutdown(t.Context())
	})
}

type panicking struct {
	blocking
	asked chan struct{}
}

func (p panicking) Handle(context.Context, slog.Record) error {
	p.asked <- struct{}{}
	panic("no disk for logs")
}

// TestLoggerThatPanics: the goroutine that asked it to speak goes on, asks it
// again an hour later, and what was counted meanwhile is in the next report.
func TestLoggerThatPanics(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "telemetry")
	synctest.Test(t, func(t *testing.T) {
		logger := panicking{asked: make(chan struct{}, 99)}
		c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: "http://127.0.0.1:9", Dir: dir,
			Consent: always(consent.Granted, 1), Logger: slog.New(logger)})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			c.Add(compreface.ServiceCreated.With("undeclared"), 1)
			time.Sleep(2 * wakeDebounce)
			synctest.Wait()
			select {
			case <-logger.asked:
			default:
				t.Fatal("the client did not ask the logger")
			}
			c.Add(compreface.UserCreated, 1)
			time.Sleep(time.Hour + time.Minute)
		}
		shown, err := c.Preview(t.Context(), false)
		if err != nil {
			t.Fatal(err)
		}
		want(t, rowsOf(shown), userCreated+"2")
		_ = c.Shutdown(t.Context())
	})
}

// TestRecordThatIsNotUsed: the operator hears why a recorded yes turns nothing on.
func TestRecordThatIsNotUsed(t *testing.T) {
	for want, change := range map[string]func(*consent.Record){
		"for SHOP_TELEMETRY, not for": func(r *consent.Record) { r.For = "SHOP_TELEMETRY" },
		"is in the future":            func(r *consent.Record) { r.Time = r.Time.AddDate(1, 0, 0) },
	} {
		var log lines
		yes := record(consent.Granted, 1)
		change(&yes)
		source := sourceFunc(func(context.Context) (consent.Record, error) { return yes, nil })
		c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: "https://stats.vendor.invalid", Dir: filepath.Join(t.TempDir(), "telemetry"),
			Consent: source, Env: env(), Logger: log.logger()})
		if err != nil || c.Status().On || !strings.Contains(log.String(), want) {
			t.Errorf("got %v, on %v, the log %q, want it off and %q in the log", err, c.Status().On, log.String(), want)
		}
		_ = c.Shutdown(t.Context())
	}
}
