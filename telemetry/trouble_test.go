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
	for name, harm := range map[string]func(sender string) error{
		"the sender's lock is a directory": func(sender string) error { return os.Mkdir(sender, 0o700) },
		"it is a link":                     func(sender string) error { return os.Symlink("/nowhere", sender) },
	} {
		t.Run(name, func(t *testing.T) {
			r := receive(t)
			dir := filepath.Join(t.TempDir(), "telemetry")
			var log lines
			synctest.Test(t, func(t *testing.T) {
				c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: r.URL, Dir: dir, Consent: always(consent.Granted, 1), Logger: log.logger()})
				if err != nil {
					t.Fatal(err)
				}
				sender := filepath.Join(dir, "headcount.sender")
				if err := os.Remove(sender); err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Fatal(err)
				}
				if err := harm(sender); err != nil {
					t.Fatal(err)
				}
				time.Sleep(48 * time.Hour)
				synctest.Wait()
				if err := c.Status().LastError; err == nil || r.count() != 0 || !strings.Contains(log.String(), "headcount.sender") {
					t.Errorf("%v, %d reports, the log is %q", err, r.count(), log.String())
				}
				if err := c.Flush(t.Context()); err == nil {
					t.Error("sent")
				}
				if err := os.Remove(sender); err != nil {
					t.Fatal(err)
				}
				time.Sleep(24 * time.Hour)
				synctest.Wait()
				if err := c.Status().LastError; err != nil || r.count() == 0 {
					t.Errorf("%v, %d reports", err, r.count())
				}
				_ = c.Shutdown(t.Context())
			})
		})
	}
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

// TestPreviewOfARetry: a report that has to be sent again says what it said
// first, and that is what the preview shows; the one after it asks anew.
func TestPreviewOfARetry(t *testing.T) {
	r := receive(t)
	s := start(t, r.URL, nil)
	s.decide(t, consent.Granted)
	size := int64(5)
	s.Observe(compreface.Collections, func(context.Context) ([]int64, error) { return []int64{size}, nil })
	answer := func(status int) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.status = status
	}
	answer(http.StatusServiceUnavailable)
	if err := s.Flush(t.Context()); err == nil {
		t.Fatal("delivered")
	}
	answer(http.StatusOK)
	for range 2 {
		size = 5000
		shown, err := s.Preview(t.Context(), true)
		if err != nil {
			t.Fatal(err)
		}
		s.flush(t)
		list, err := s.Journal()
		if err != nil || !bytes.Equal(shown.Request, list[0].Report.Request) || shown.URL != list[0].URL || shown.URL != list[0].Report.URL {
			t.Errorf("%v: shown\n%q to %s\nsent\n%q to %s", err, shown.Rows, shown.URL, list[0].Report.Rows, list[0].URL)
		}
	}
	list, err := s.Journal()
	if err != nil {
		t.Fatal(err)
	}
	want(t, list[1].Report.Rows, "compreface.collection.count{compreface.faces.range=1-10} 1")
	want(t, list[0].Report.Rows, "compreface.collection.count{compreface.faces.range=2001-10000} 1")
}

// TestObservedByNobody: sizes of another catalog are a mistake that is said.
func TestObservedByNobody(t *testing.T) {
	var log lines
	s := start(t, "http://127.0.0.1:9", func(c *Config) { c.Logger = log.logger() })
	s.Observe(compreface.Collections, func(context.Context) ([]int64, error) { return nil, nil })
	if log.String() != "" {
		t.Errorf("%q", log.String())
	}
	foreign := catalog.NewSizes("shop.cart.count", "{cart}", "Carts by size.", "shop.cart.range", bucketing.Faces)
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
		var c *Client
		var inner []error
		source := sourceFunc(func(ctx context.Context) (consent.Record, error) {
			if c != nil && len(inner) == 0 {
				inner = append(inner, errors.New("began"))
				inner = append(inner, c.Refresh(ctx), c.Erase(ctx, nil))
			}
			return record(consent.Granted, 1), nil
		})
		c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: "http://127.0.0.1:9", Dir: dir, Consent: source})
		if err != nil {
			t.Fatal(err)
		}
		err = c.Refresh(t.Context())
		if len(inner) != 3 || !strings.Contains(inner[1].Error(), "calls the client") || !strings.Contains(inner[2].Error(), "calls the client") {
			t.Errorf("%v, %v", err, inner)
		}
		if err := c.Refresh(t.Context()); err != nil || !c.Status().On {
			t.Errorf("%v, %+v", err, c.Status())
		}
		_ = c.Shutdown(t.Context())
	})
}

// TestNoWhileASourceHangs: a no that has to wait for an earlier answer is acted
// on when that has come, though its own caller was sent away.
func TestNoWhileASourceHangs(t *testing.T) {
	for name, say := range map[string]func(*Client, func()) error{
		"Refresh": func(c *Client, no func()) error { no(); return c.Refresh(context.Background()) },
		"Erase": func(c *Client, no func()) error {
			return c.Erase(context.Background(), func(context.Context) error { no(); return nil })
		},
	} {
		t.Run(name, func(t *testing.T) {
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
				err = say(c, func() {
					mu.Lock()
					defer mu.Unlock()
					said = consent.Denied
				})
				if err == nil || !strings.Contains(err.Error(), "still being acted on") {
					t.Errorf("%v", err)
				}
				close(free)
				<-first
				synctest.Wait()
				if s := c.Status(); s.On || s.Kept {
					t.Errorf("%+v", s)
				}
				_ = c.Shutdown(t.Context())
			})
		})
	}
}

// TestErasePanics: a panic of the application's function is its error, and
// what it recorded before counts.
func TestErasePanics(t *testing.T) {
	r := receive(t)
	for name, recorded := range map[string]bool{"before the no is recorded": false, "after it": true} {
		t.Run(name, func(t *testing.T) {
			s := start(t, r.URL, nil)
			s.decide(t, consent.Granted)
			s.flush(t)
			err := s.Erase(t.Context(), func(ctx context.Context) error {
				if recorded {
					if err := s.decisions.Save(ctx, consent.Record{Decision: consent.Denied, Notice: 1, Where: "test"}); err != nil {
						t.Error(err)
					}
				}
				panic("no")
			})
			if err == nil || !strings.Contains(err.Error(), "panic: no") || s.Status().On == recorded {
				t.Errorf("%v, on %v", err, s.Status().On)
			}
		})
	}
}

// TestFlushAndShutdown: who shuts down in the middle of a report reads that,
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

// TestRequestLeftBehind: a request to erase that is overdue when a process
// starts is made at once, and need not wait for a process that lives long.
func TestRequestLeftBehind(t *testing.T) {
	r := receive(t)
	s := start(t, r.URL, nil)
	s.decide(t, consent.Granted)
	s.flush(t)
	guid := s.Status().InstallGUID
	r.mu.Lock()
	r.status = http.StatusServiceUnavailable
	r.mu.Unlock()
	if err := s.Erase(t.Context(), no(s.decisions)); err == nil {
		t.Fatal("delivered")
	}
	s.ripe(t, guid)
	finish(s.Client)
	r.mu.Lock()
	r.status = http.StatusOK
	r.mu.Unlock()
	c, err := Init(s.config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { finish(c) })
	for end := time.Now().Add(30 * time.Second); c.Status().Erasing && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	if r.count() != 3 || c.Status().Erasing {
		t.Errorf("%d requests, %+v", r.count(), c.Status())
	}
}
