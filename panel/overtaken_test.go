package panel_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/panel"
	"headcount.example/telemetry"
)

// A slow place for decisions: others use it between a panel's look and its Save
// of a yes, or right after that.
type slow struct {
	*consent.File
	before, after func()
	failed        error // what Save answers, though it saved
	blind         bool  // History cannot be read any more
}

func (s *slow) Save(ctx context.Context, r consent.Record) error {
	if r.Decision == consent.Denied {
		return s.File.Save(ctx, r)
	}
	if s.before != nil {
		s.before()
	}
	err := s.File.Save(ctx, r)
	if s.after != nil {
		s.after()
	}
	return errors.Join(err, s.failed)
}

func (s *slow) History(ctx context.Context) ([]consent.Record, error) {
	if s.blind {
		return nil, errors.New("the disk is away")
	}
	return s.File.History(ctx)
}

// A yes and a no in two processes at once: the yes was no answer to the no, so
// the no stands, in whichever order they are written down.
func TestNoWhileAYesIsRecorded(t *testing.T) {
	for name, c := range map[string]struct {
		before int  // records, to another notice
		after  bool // the no comes after the yes
		failed error
		want   string // the newest records
	}{
		"the first decision":                      {want: "denied granted denied"},
		"more decisions than a file keeps":        {before: 100, want: "denied granted denied"},
		"the no is the newer one":                 {after: true, want: "granted denied"},
		"Save says that it failed, and has saved": {failed: errors.New("a power cut may undo it"), want: "denied granted denied"},
	} {
		for _, media := range []string{"form", "JSON"} {
			t.Run(name+", "+media, func(t *testing.T) {
				s := &slow{failed: c.failed}
				h := open(t, "", func(h *house) { s.File = h.decisions; h.config.Decisions = s })
				for range c.before {
					h.save(t, consent.Granted, 2)
				}
				yes := put(h.yes(t, 1))
				if media == "form" {
					yes = form(h.pressed(t, "granted"))
				}
				// Another request has this process act on the yes at once.
				act := func() { _ = h.stats.Refresh(t.Context()) }
				s.before, s.after = func() { h.noElsewhere(t) }, act
				if c.after {
					s.before, s.after = nil, func() { act(); h.noElsewhere(t) }
				}
				w := h.do(yes)
				if w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "Another decision was made after") || strings.Contains(w.Body.String(), "Nothing has changed") {
					t.Errorf("the yes: %d\n%s", w.Code, w.Body)
				}
				if h.stats.Status().On || !strings.HasPrefix(h.status(t), "Turned off on") {
					t.Errorf("on: %v, and the page says %q", h.stats.Status().On, h.status(t))
				}
				list := h.records(t)
				var got string
				for _, r := range list {
					got += r.Decision.String() + " "
				}
				if last := list[len(list)-1]; !strings.HasSuffix(got, c.want+" ") || last.Where != "settings (API)" {
					t.Errorf("the records are %s, and the newest is %v", got, last)
				}
			})
		}
	}
}

// noElsewhere is a no to a panel of another process.
func (h *house) noElsewhere(t *testing.T) {
	other, err := panel.New(panel.Config{Catalog: h.config.Catalog, Decisions: h.decisions, May: h.config.May})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	http.StripPrefix(mounted, other).ServeHTTP(w, put(`{"decision":"denied","notice":1}`))
	if w.Code != http.StatusOK {
		t.Errorf("the no: %d\n%s", w.Code, w.Body)
	}
}

// Who cannot read what a yes came after takes it back.
func TestYesThatCannotBePlaced(t *testing.T) {
	s := &slow{}
	h := open(t, "", func(h *house) { s.File = h.decisions; h.config.Decisions = s })
	s.after = func() { s.blind = true }
	w := h.do(form(h.pressed(t, "granted")))
	if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), "could not be recorded. The log") {
		t.Errorf("%d\n%s", w.Code, w.Body)
	}
	list := h.records(t)
	if len(list) != 2 || list[1].Decision != consent.Denied || list[1].Where != "settings" || h.stats.Status().On {
		t.Errorf("on: %v, the records are %v", h.stats.Status().On, list)
	}
}

// A panel and a client that were given two places for decisions: a no that the
// client does not hear of is not said to be done.
func TestTwoPlacesForDecisions(t *testing.T) {
	dir := t.TempDir()
	ours, others := consent.NewFile(filepath.Join(dir, "ours")), consent.NewFile(filepath.Join(dir, "others"))
	if err := others.Save(t.Context(), consent.Record{Decision: consent.Granted, Notice: 1}); err != nil {
		t.Fatal(err)
	}
	stats, err := telemetry.Init(telemetry.Config{Catalog: compreface.Catalog, Endpoint: "https://stats.vendor.example", Dir: filepath.Join(dir, "others"), Consent: others})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stats.Shutdown(context.Background()) })
	h := &house{may: panel.Change, decisions: ours, stats: stats}
	h.config = panel.Config{Catalog: compreface.Catalog, Decisions: ours, Stats: stats, May: func(*http.Request) panel.Right { return h.may }}
	if h.Panel, err = panel.New(h.config); err != nil {
		t.Fatal(err)
	}
	h.Handler = http.StripPrefix(mounted, h.Panel)
	for _, r := range []*http.Request{put(`{"decision":"denied","notice":1}`), form("decision=denied&notice=1&seen=x"), form("decision=erase&notice=1&seen=x")} {
		w := h.do(r)
		if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), "The decision is recorded, but this process still counts") {
			t.Errorf("%s: %d\n%s", r.Method, w.Code, w.Body)
		}
	}
	if list := h.records(t); len(list) != 2 || list[0].Decision != consent.Denied || !list[1].Erase || !stats.Status().On {
		t.Fatalf("the records are %v, and on is %v", list, stats.Status().On)
	}
	if got := h.status(t); !strings.HasPrefix(got, "This process still counts, although statistics were turned off. Turned off on") {
		t.Errorf("the page says %q", got)
	}
	if got := h.state(t); strings.HasPrefix(got.Status, "Off") || !got.On {
		t.Errorf("the state says %q, on %v", got.Status, got.On)
	}
}
