package telemetry

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"headcount.example/bucketing"
	"headcount.example/catalog"
	"headcount.example/catalog/compreface"
	"headcount.example/consent"
)

// lines is a log that several goroutines write.
type lines struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.String()
}

func (l *lines) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// TestNothingCanBeSent: what keeps reports from being sent is said in the
// status and the log, and once it is gone they are.
func TestNothingCanBeSent(t *testing.T) {
	r := receive(t)
	dir := filepath.Join(t.TempDir(), "telemetry")
	var log lines
	synctest.Test(t, func(t *testing.T) {
		c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: r.URL, Dir: dir, Consent: always(consent.Granted, 1), Logger: log.logger()})
		if err != nil {
			t.Fatal(err)
		}
		journal := filepath.Join(dir, "journal")
		if err := os.WriteFile(journal, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(48 * time.Hour)
		synctest.Wait()
		if err := c.Status().LastError; err == nil || r.count() != 0 || !strings.Contains(log.String(), "journal") {
			t.Errorf("%v, %d reports, the log is %q", err, r.count(), log.String())
		}
		if lines := strings.Count(log.String(), "\n"); lines > 48 || strings.Contains(log.String(), "outcome") {
			t.Errorf("%d lines in 48 hours, want at most one an hour:\n%s", lines, log.String())
		}
		if err := c.Flush(t.Context()); err == nil {
			t.Error("sent")
		}
		if err := os.Remove(journal); err != nil {
			t.Fatal(err)
		}
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		if err := c.Status().LastError; err != nil || r.count() == 0 {
			t.Errorf("%v, %d reports", err, r.count())
		}
		_ = c.Shutdown(t.Context())
	})
}

// TestRefusedForGood: of a report that was due and is not to be sent again the
// status and the log say why.
func TestRefusedForGood(t *testing.T) {
	r := receive(t)
	r.status = http.StatusBadRequest
	dir := filepath.Join(t.TempDir(), "telemetry")
	var log lines
	synctest.Test(t, func(t *testing.T) {
		c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: r.URL, Dir: dir, Consent: always(consent.Granted, 1), Logger: log.logger()})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(25 * time.Hour)
		synctest.Wait()
		if err := c.Status().LastError; err == nil || !strings.Contains(err.Error(), "400") || r.count() == 0 || !strings.Contains(log.String(), "400") {
			t.Errorf("%v, %d reports, the log is %q", err, r.count(), log.String())
		}
		_ = c.Shutdown(t.Context())
	})
}

// TestObserveUnknown: a callback for a gauge of another catalog is logged as a mistake.
func TestObserveUnknown(t *testing.T) {
	var log lines
	s := start(t, "http://127.0.0.1:9", func(c *Config) { c.Logger = log.logger() })
	s.Observe(compreface.Collections, func(context.Context) ([]int64, error) { return nil, nil })
	if log.String() != "" {
		t.Errorf("%q", log.String())
	}
	foreign := catalog.NewRangeGauge("shop.cart.count", "{cart}", says("Carts by size."), "shop.cart.range", bucketing.Faces)
	s.Observe(foreign, func(context.Context) ([]int64, error) { return nil, nil })
	if !strings.Contains(log.String(), "shop.cart.count") {
		t.Errorf("the log is %q", log.String())
	}
}

// TestSourceCallsTheClient: a Source must not, and one that does gets an error
// and not a client that waits for ever.
func TestSourceCallsTheClient(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "telemetry")
	synctest.Test(t, func(t *testing.T) {
		client, inner := make(chan *Client, 1), make(chan error, 1)
		source := sourceFunc(func(ctx context.Context) (consent.Record, error) {
			select {
			case c := <-client:
				inner <- c.Refresh(ctx)
			default:
			}
			return record(consent.Granted, 1), nil
		})
		c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: "http://127.0.0.1:9", Dir: dir, Consent: source})
		if err != nil {
			t.Fatal(err)
		}
		client <- c
		err = errors.Join(c.Refresh(t.Context()), <-inner) // one of them has waited for the other
		if err == nil || !strings.Contains(err.Error(), "calls the client") {
			t.Errorf("got %v, want an error that says why", err)
		}
		if err := c.Refresh(t.Context()); err != nil || !c.Status().On {
			t.Errorf("%v, %+v", err, c.Status())
		}
		_ = c.Shutdown(t.Context())
	})
}

// TestNoWhileASourceHangs: a Source that does not answer turns everything off
// in five seconds, and once it answers its no is acted on.
func TestNoWhileASourceHangs(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "telemetry")
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		said, hang := consent.Granted, false
		free := make(chan struct{})
		source := sourceFunc(func(context.Context) (consent.Record, error) {
			mu.Lock()
			r, wait := record(said, 1), hang
			hang = false
			mu.Unlock()
			if wait {
				<-free
			}
			return r, nil
		})
		c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: "http://127.0.0.1:9", Dir: dir, Consent: source})
		if err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		hang = true
		mu.Unlock()
		first := make(chan error)
		go func() { first <- c.Refresh(context.Background()) }()
		synctest.Wait()
		mu.Lock()
		said = consent.Denied
		mu.Unlock()
		if err := <-first; err == nil || !strings.Contains(err.Error(), "does not answer") || c.Status().On {
			t.Errorf("got %v, %+v, want an error, and off", err, c.Status())
		}
		close(free)
		time.Sleep(2 * askAgain)
		if s := c.Status(); s.On || s.Kept {
			t.Errorf("%+v", s)
		}
		_ = c.Shutdown(t.Context())
	})
}

// TestFlushAndShutdown: the error of a report that Shutdown ends says so,
// and not which file was closed.
func TestFlushAndShutdown(t *testing.T) {
	s := start(t, "http://127.0.0.1:9", nil)
	s.decide(t, consent.Granted)
	asked, done := make(chan struct{}), make(chan error, 1)
	s.Observe(compreface.Collections, func(ctx context.Context) ([]int64, error) {
		close(asked)
		<-ctx.Done()
		return nil, ctx.Err()
	})
	go func() { done <- s.Flush(t.Context()) }()
	<-asked
	_ = s.Shutdown(t.Context())
	if err := <-done; !errors.Is(err, errEnded) {
		t.Errorf("%v", err)
	}
}

// TestRecordWithoutTime: a Source that leaves Time out is off, and the Logger is
// told why.
func TestRecordWithoutTime(t *testing.T) {
	var log lines
	source := sourceFunc(func(context.Context) (consent.Record, error) {
		return consent.Record{Decision: consent.Granted, Notice: 1}, nil
	})
	s := start(t, "http://127.0.0.1:9", func(c *Config) { c.Logger, c.Consent = log.logger(), source })
	if s.Status().On || !strings.Contains(log.String(), "the time is missing") {
		t.Errorf("on %v, the log is %q", s.Status().On, log.String())
	}
}

// TestWhatBecameOfAReport: the error of a report says once whether it left, and so
// does that of a request to erase.
func TestWhatBecameOfAReport(t *testing.T) {
	server := receive(t)
	server.answer(http.StatusServiceUnavailable)
	ended, end := context.WithCancel(t.Context())
	end()
	for name, c := range map[string]struct {
		ctx            context.Context
		endpoint, want string
	}{
		"no connection": {t.Context(), "http://127.0.0.1:9", "telemetry: not sent: "},
		"refused":       {t.Context(), server.URL, "telemetry: not delivered: the answer is 503"},
		"no time":       {ended, server.URL, "telemetry: not sent: context canceled (the context given to Flush ended)"},
	} {
		s := start(t, c.endpoint, nil)
		s.decide(t, consent.Granted)
		err := s.Flush(c.ctx)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Count(err.Error(), "telemetry: ") != 1 {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
		if got := s.Status().LastError; got == nil || !errors.Is(err, got) {
			t.Errorf("%s: got the last error %v, want %v", name, got, err)
		}
	}
	s := start(t, server.URL, nil)
	s.decide(t, consent.Granted)
	s.heard(t)
	err := s.erase(t.Context())
	const want = "telemetry: the request to erase has not arrived yet: the answer is 503"
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("a request to erase: got %v, want %q", err, want)
	}
}
