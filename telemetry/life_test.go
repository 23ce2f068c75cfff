package telemetry

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
)

const userCreated = "compreface.user.created "

func TestLife(t *testing.T) {
	r := receive(t)
	s := start(t, r.URL, nil)
	s.Add(compreface.UserCreated, 100) // before the yes: not retroactive
	s.decide(t, consent.Granted)
	s.Add(compreface.UserCreated, 2)
	s.Add(compreface.ServiceCreated.With(compreface.Detection), 3)
	s.flush(t)
	first := s.Status()
	want(t, r.last(t), userCreated+"2")
	want(t, r.last(t), "compreface.service.created{compreface.service.type=FACE_DETECTION} 3")
	want(t, r.last(t), "install_guid "+first.InstallGUID)
	if id := uuid.MustParse(first.InstallGUID); id.Version() != 4 {
		t.Errorf("identifier %v is of version %d", id, id.Version())
	}
	if !first.On || first.LastReport.IsZero() || first.LastError != nil || first.NextReport.IsZero() {
		t.Errorf("%+v", first)
	}

	s.restart(t)
	s.Add(compreface.UserCreated, 1)
	s.flush(t)
	want(t, r.last(t), userCreated+"3")
	if got := s.Status().InstallGUID; got != first.InstallGUID {
		t.Errorf("identifier %s after a restart, before %s", got, first.InstallGUID)
	}

	s.decide(t, consent.Denied)
	if exists(filepath.Join(s.dir, "headcount.totals")) || s.Status().On {
		t.Errorf("after the no: %q, %+v", files(t, s.dir), s.Status())
	}
	sent := r.count()
	s.Add(compreface.UserCreated, 50)
	if err := s.Flush(t.Context()); err == nil {
		t.Error("sent after the no")
	}
	for _, path := range files(t, s.dir) {
		if content, err := os.ReadFile(path); err == nil && strings.Contains(string(content), string(uuid.MustParse(first.InstallGUID).NodeID())) {
			t.Errorf("the identifier is still in %s", path)
		}
	}
	s.decide(t, consent.Granted)
	if r.count() != sent {
		t.Error("something was sent without being asked for")
	}
	s.flush(t)
	want(t, r.last(t), userCreated+"0")
	if got := s.Status().InstallGUID; got == first.InstallGUID || got == "" {
		t.Errorf("identifier %q after a later yes, before the no %q", got, first.InstallGUID)
	}
}

// TestNoEndsTheReportOnItsWay: the server holds the request when the no comes.
func TestNoEndsTheReportOnItsWay(t *testing.T) {
	r := receive(t)
	r.held = make(chan struct{}, 1)
	synctest.Test(t, func(t *testing.T) { // a no waits two seconds, of the bubble's own clock
		s := start(t, r.URL, nil)
		s.decide(t, consent.Granted)
		failed := make(chan error, 1)
		go func() { failed <- s.Flush(context.Background()) }()
		<-r.held
		s.decide(t, consent.Denied)
		// It had ended when Refresh returned: its outcome is written.
		if list, err := s.Journal(); err != nil || len(list) != 1 || list[0].Outcome == "" {
			t.Errorf("after the no: %+v, %v", list, err)
		}
		if err := <-failed; !errors.Is(err, context.Canceled) { // and not that there was no answer
			t.Errorf("got %v, want that the report was ended", err)
		}
		if exists(filepath.Join(s.dir, "headcount.totals")) || r.count() != 0 {
			t.Errorf("%d reports, files %q", r.count(), files(t, s.dir))
		}
	})
}

// A no in one process ends the report that another one is sending.
func TestNoEndsAnotherProcessesReport(t *testing.T) {
	r := receive(t)
	s := start(t, r.URL, nil)
	s.decide(t, consent.Granted)
	other, err := Init(s.config)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Shutdown(context.Background())
	r.held = make(chan struct{}, 1)
	failed := make(chan error, 1)
	go func() { failed <- other.Flush(context.Background()) }()
	<-r.held
	s.decide(t, consent.Denied)
	// The no waits for it two seconds, in which a machine under load may do nothing.
	if err := <-failed; !errors.Is(err, context.Canceled) || r.count() != 0 {
		t.Errorf("got %v and %d reports, want that the report was ended", err, r.count())
	}
	if list, err := s.Journal(); err != nil || len(list) != 1 || list[0].Outcome == "" {
		t.Errorf("after the no: %+v, %v", list, err)
	}
}

func TestNoticeChanges(t *testing.T) {
	r := receive(t)
	old, sold := shop(1)
	s := start(t, r.URL, func(c *Config) { c.Catalog = old })
	s.decide(t, consent.Granted)
	s.Add(sold, 3)
	id := s.Status().InstallGUID
	var soldNow = sold
	s.config.Catalog, soldNow = shop(2)
	s.restart(t)
	s.Add(soldNow, 100)
	if got := s.Status(); got.On || !strings.Contains(got.Reason, "notice") || !exists(filepath.Join(s.dir, "headcount.totals")) {
		t.Errorf("off, and nothing destroyed: %+v, %q", got, files(t, s.dir))
	}
	s.decide(t, consent.Granted)
	s.Add(soldNow, 1)
	s.flush(t)
	want(t, r.last(t), "shop.thing.sold 4")
	want(t, r.last(t), "install_guid "+id)
}

func TestVetoDestroysNothing(t *testing.T) {
	for _, veto := range [][2]string{{"DO_NOT_TRACK", "1"}, {"OTEL_SDK_DISABLED", "true"}, {"COMPREFACE_TELEMETRY", "disabled"}} {
		t.Run(veto[0], func(t *testing.T) {
			r := receive(t)
			s := start(t, r.URL, nil)
			s.decide(t, consent.Granted)
			s.Add(compreface.UserCreated, 3)
			id := s.Status().InstallGUID
			t.Setenv(veto[0], veto[1])
			if err := s.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.Add(compreface.UserCreated, 100)
			if s.Status().On || s.Flush(t.Context()) == nil || r.count() != 0 {
				t.Errorf("not off: %+v, %d reports", s.Status(), r.count())
			}
			s.restart(t)
			t.Setenv(veto[0], "")
			s.restart(t)
			s.flush(t)
			want(t, r.last(t), userCreated+"3")
			want(t, r.last(t), "install_guid "+id)

			// A no that is given under the veto is not forgotten.
			t.Setenv(veto[0], veto[1])
			s.decide(t, consent.Denied)
			if exists(filepath.Join(s.dir, "headcount.totals")) {
				t.Errorf("a no was recorded, and there are %q", files(t, s.dir))
			}
		})
	}
}

func TestExplicitYesOfTheEnvironment(t *testing.T) {
	t.Setenv("COMPREFACE_TELEMETRY", "accept:1")
	r := receive(t)
	s := start(t, r.URL, func(c *Config) { c.Consent = nil })
	s.Add(compreface.UserCreated, 1)
	s.flush(t)
	want(t, r.last(t), userCreated+"1")
}

// TestLastLook: the Source takes the yes back between what is due and the
// connection. Nothing is sent, and counting stops soon without a
// Refresh.
func TestLastLook(t *testing.T) {
	for _, test := range []struct {
		name string
		then consent.Record
		gone bool
	}{
		{"denied", consent.Record{Decision: consent.Denied, Notice: 1}, true},
		{"undecided", consent.Record{}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			noLookups(t)
			elsewhere := listenDeaf(t)
			dir := filepath.Join(t.TempDir(), "telemetry")
			synctest.Test(t, func(t *testing.T) {
				var asked atomic.Int64
				source := sourceFunc(func(context.Context) (consent.Record, error) {
					if asked.Add(1) <= 3 { // Init asks before it opens the totals, under their lock, and after
						return record(consent.Granted, 1), nil
					}
					return test.then, nil
				})
				c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: elsewhere.url(), Dir: dir, Consent: source})
				if err != nil {
					t.Fatal(err)
				}
				if !c.Status().On {
					t.Fatal("not on")
				}
				time.Sleep(26 * time.Hour) // the loop finds a report due, and looks a last time
				if got := c.Status(); got.On || c.live.Load() != nil {
					t.Errorf("still counting: %+v", got)
				}
				if asked.Load() < 2 {
					t.Error("got no look at consent, want one")
				}
				if exists(filepath.Join(dir, "headcount.totals")) == test.gone {
					t.Errorf("files %q", files(t, dir))
				}
				if err := c.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
			})
			elsewhere.untouched(t)
		})
	}
}

// TestAddDuringNo: 16 goroutines count while consent is taken back and given
// again. What is counted after a yes is counted under the new identifier only.
func TestAddDuringNo(t *testing.T) {
	r := receive(t)
	s := start(t, r.URL, nil)
	var stop atomic.Bool
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for !stop.Load() {
				for range 500 {
					s.Add(compreface.UserCreated, 1)
					s.Add(compreface.ServiceCreated.With(compreface.Recognition), 1)
				}
				time.Sleep(time.Millisecond) // let the others have a processor
			}
		})
	}
	seen := map[string]bool{}
	for range 20 {
		s.decide(t, consent.Granted)
		id := s.Status().InstallGUID
		if seen[id] || id == "" {
			t.Errorf("identifier %q again", id)
		}
		seen[id] = true
		s.decide(t, consent.Denied)
		if exists(filepath.Join(s.dir, "headcount.totals")) {
			t.Errorf("files %q", files(t, s.dir))
		}
	}
	stop.Store(true)
	all.Wait()
	s.decide(t, consent.Granted)
	s.flush(t)
	want(t, r.last(t), userCreated+"0")
	if r.count() != 1 {
		t.Errorf("%d reports", r.count())
	}
}

// TestIdentifierOfAnotherVersion: one that tells on its maker is refused, and
// a new installation begins. The file is otherwise sound.
func TestIdentifierOfAnotherVersion(t *testing.T) {
	r := receive(t)
	s := start(t, r.URL, nil)
	s.decide(t, consent.Granted)
	s.Add(compreface.UserCreated, 7)
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	const told = "560eee90-5fca-11eb-988b-0242ac120003"
	path := filepath.Join(s.dir, "headcount.totals")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	id := uuid.MustParse(told)
	copy(content[16:], id[:])
	binary.NativeEndian.PutUint64(content[56:], uint64(crc32.Checksum(content[:56], crc32.MakeTable(crc32.Castagnoli))))
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	s.restart(t)
	s.flush(t)
	want(t, r.last(t), userCreated+"0")
	if got := uuid.MustParse(s.Status().InstallGUID); got == id || got.Version() != 4 {
		t.Errorf("identifier %v", got)
	}
}

// TestFilesVanish: removing the directory ends the old installation; the loop finds out and begins a new one, because consent still holds.
func TestFilesVanish(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "telemetry")
	synctest.Test(t, func(t *testing.T) {
		c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: "http://127.0.0.1:9", Dir: dir, Consent: always(consent.Granted, 1)})
		if err != nil {
			t.Fatal(err)
		}
		id := c.Status().InstallGUID
		synctest.Wait() // or the loop's first look makes it again meanwhile
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if err := c.Flush(context.Background()); err == nil {
			t.Error("sent what is gone")
		}
		time.Sleep(2 * idle)
		if s := c.Status(); !s.On || s.InstallGUID == id {
			t.Errorf("%+v, before %s", s, id)
		}
		if err := c.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
