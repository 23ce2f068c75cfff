package panel_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"headcount.example/catalog"
	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/internal/ledger"
	"headcount.example/panel"
	"headcount.example/telemetry"
)

// What the page says of an identifier that is not in use.
const (
	may    = "none in use; if one was made before, it is kept, unused, until you decide"
	idle   = "kept, unused, until you decide"
	copies = "none in use; the copies of past reports below still show the one they had"
)

// fact is what the page says next to a word in its status.
func (h *house) fact(t testing.TB, word string) string {
	t.Helper()
	_, page := h.get(t, "/")
	found := regexp.MustCompile(`<dt>` + word + `</dt><dd>([^<]*)</dd>`).FindStringSubmatch(section(page, "details"))
	if found == nil {
		t.Fatalf("no %q in\n%s", word, section(page, "details"))
	}
	return found[1]
}

func (h *house) identifier(t testing.TB) string {
	t.Helper()
	return h.fact(t, "Identifier of this installation")
}

// reported is an installation that sent a report.
func reported(t *testing.T) *house {
	t.Helper()
	h := counting(t, nil)
	if err := h.stats.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestIdentifier(t *testing.T) {
	vetoed := func(t *testing.T, change func(*house)) *house {
		t.Setenv("DO_NOT_TRACK", "1")
		return open(t, "", change)
	}
	for name, c := range map[string]struct {
		house func(*testing.T) *house
		want  string
	}{
		"new":                               {func(t *testing.T) *house { return open(t, "", nil) }, "none exists"},
		"new, with its state in a database": {func(t *testing.T) *house { return stateful(t, nil) }, "none exists"},
		"another notice, with its state in a database": {func(t *testing.T) *house {
			return stateful(t, func(h *house) { h.save(t, consent.Granted, 1); upgraded(h, 2) })
		}, "none exists"},
		"another notice after a report, with its state in a database": {func(t *testing.T) *house {
			h := stateful(t, func(h *house) { h.save(t, consent.Granted, 1) })
			_ = h.stats.Flush(t.Context()) // the receiver is away
			upgraded(h, 2)
			return again(t, h)
		}, idle},
		"new, under a veto":   {func(t *testing.T) *house { return vetoed(t, nil) }, "none exists"},
		"a yes, under a veto": {func(t *testing.T) *house { return vetoed(t, func(h *house) { h.save(t, consent.Granted, 1) }) }, "none exists"},
		"a no, under a veto":  {func(t *testing.T) *house { return vetoed(t, func(h *house) { h.save(t, consent.Denied, 1) }) }, "none exists"},
		"a no":                {func(t *testing.T) *house { return open(t, "", func(h *house) { h.save(t, consent.Denied, 1) }) }, "none exists"},
		"off by its variable": {func(t *testing.T) *house { t.Setenv("COMPREFACE_TELEMETRY", "off"); return open(t, "", nil) }, "none exists"},
		"another notice": {func(t *testing.T) *house {
			return open(t, "", func(h *house) { h.save(t, consent.Granted, 1); upgraded(h, 2) })
		}, "none exists"},
		"a no after reports": {func(t *testing.T) *house { h := reported(t); h.save(t, consent.Denied, 1); return h }, copies},
		"a no after reports, under a veto": {func(t *testing.T) *house {
			h := reported(t)
			h.save(t, consent.Denied, 1)
			t.Setenv("DO_NOT_TRACK", "1")
			return h
		}, copies},
		"the record is gone, and nothing was sent": {func(t *testing.T) *house {
			h := counting(t, nil)
			if err := os.Remove(filepath.Join(h.dir, "consent.json")); err != nil {
				t.Fatal(err)
			}
			_ = h.stats.Refresh(t.Context())
			return h
		}, may},
		"the record is gone": {func(t *testing.T) *house {
			h := reported(t)
			if err := os.Remove(filepath.Join(h.dir, "consent.json")); err != nil {
				t.Fatal(err)
			}
			_ = h.stats.Refresh(t.Context())
			return h
		}, may},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.house(t).identifier(t); got != c.want {
				t.Errorf("the identifier is said to be %q, want %q", got, c.want)
			}
		})
	}
	_, page := reported(t).get(t, "/")
	if !strings.Contains(section(page, "status"), "Copies of sent reports that are kept here still show the identifier.") {
		t.Errorf("who turns off does not learn that copies are kept:\n%s", section(page, "status"))
	}
}

// A directory without entries does not say that nothing was ever sent, and a
// request to erase is no report.
func TestWhatIsRecordedHere(t *testing.T) {
	const none = "none recorded on this host"
	h := counting(t, nil)
	if _, page := h.get(t, "/"); !strings.Contains(section(page, "sent"), "No report is recorded on this host.") || h.fact(t, "Last report") != none {
		t.Errorf("the page says %q and\n%s", h.fact(t, "Last report"), section(page, "sent"))
	}
	if err := h.stats.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.do(form(h.pressed(t, "erase")))
	s := h.state(t)
	if len(s.Sent) != 2 || s.Sent[0]["erasure"] != true || s.Sent[1]["erasure"] != false {
		t.Fatalf("the state has %v", s.Sent)
	}
	_, page := h.get(t, "/")
	entries := strings.Split(section(page, "sent"), "<summary>")
	if n := strings.Count(section(page, "sent"), "a request to erase, not a report – delivered"); n != 1 || !strings.Contains(entries[1], "a request to erase") {
		t.Errorf("%d entries are requests to erase", n)
	}

	// Of the report no copy is left, and another process asks.
	if err := os.Remove(filepath.Join(h.dir, "journal", "00000001.json")); err != nil {
		t.Fatal(err)
	}
	again := open(t, "", func(other *house) { other.decisions, other.config.Decisions = h.decisions, h.decisions })
	p, err := telemetry.Init(telemetry.Config{Catalog: compreface.Catalog, Endpoint: "https://stats.vendor.example", Dir: h.dir, Consent: h.decisions})
	if err != nil {
		t.Fatal(err)
	}
	again.config.Stats = p
	if again.Panel, err = panel.New(again.config); err != nil {
		t.Fatal(err)
	}
	again.Handler = http.StripPrefix(mounted, again.Panel)
	if got := again.fact(t, "Last report"); got != none || len(again.state(t).Sent) != 1 || again.state(t).LastReport != "" {
		t.Errorf("a request to erase is the last report: %q", got)
	}
}

// Without a journal the process still knows of its own reports.
func TestLastReportWithoutJournal(t *testing.T) {
	h := reported(t)
	if err := os.RemoveAll(filepath.Join(h.dir, "journal")); err != nil {
		t.Fatal(err)
	}
	if got := h.fact(t, "Last report"); !strings.HasSuffix(got, " UTC") || h.state(t).LastReport == "" {
		t.Errorf("the last report is %q", got)
	}
}

// A report that did not arrive is not the last one, and not none either.
func TestLastReportThatDidNotArrive(t *testing.T) {
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) }))
	defer receiver.Close()
	h := open(t, receiver.URL, func(h *house) { h.save(t, consent.Granted, 1) })
	if err := h.stats.Flush(t.Context()); err == nil {
		t.Fatal("it arrived")
	}
	if got := h.fact(t, "Last report"); got != "none of those recorded on this host is known to have arrived" {
		t.Errorf("the last report is %q", got)
	}
}

// A preview without sizes says that it is one, and one with nothing left out
// does not.
func TestPreviewSaysWhatIsLeftOut(t *testing.T) {
	const without, link = "is asked for sizes only when a report is due", `href="./?sizes`
	h := open(t, "", nil)
	_, plain := h.get(t, "/")
	_, sized := h.get(t, "/?sizes")
	if row := h.row(t); !strings.Contains(row, "faces: 3 (for example)") || strings.Contains(sized, "(for example)") {
		t.Errorf("the row does not say what is an example:\n%s", row)
	}
	if !strings.Contains(plain, without) || !strings.Contains(plain, link) || strings.Contains(sized, without) {
		t.Error("the page does not say what is left out")
	}
	h = open(t, "", func(h *house) {
		h.config.Catalog = catalog.New("CompreFace", 1, compreface.About, compreface.UserCreated)
	})
	_, plain = h.get(t, "/")
	_, sized = h.get(t, "/?sizes")
	for _, page := range []string{plain, sized, h.row(t)} {
		if strings.Contains(page, without) || strings.Contains(page, link) || strings.Contains(page, "(for example)") {
			t.Error("a list without sizes has some")
		}
	}
}

// The one request that is not in the list is named, on the page and in the row.
func TestListNamesTheRequestToErase(t *testing.T) {
	h := open(t, "", nil)
	_, page := h.get(t, "/")
	for _, text := range []string{section(page, "counted"), h.row(t)} {
		if !strings.Contains(text, "A request to erase is one request of its own, "+compreface.Catalog.Erasure().Name) {
			t.Error("the list is said to be whole, and is not")
		}
	}
}

// What is said of zeros holds for an application that counts for itself.
func TestCountingLocally(t *testing.T) {
	h := open(t, "", nil)
	_, page := h.get(t, "/")
	for _, text := range []string{"Nothing is counted for reports yet, so the totals are zero"} {
		if !strings.Contains(page, text) {
			t.Errorf("the page does not say %q", text)
		}
	}
}

// stateful is an installation whose state is not in its directory.
func stateful(t *testing.T, change func(*house)) *house {
	t.Helper()
	h := open(t, "", change)
	h.database = new(memory)
	return again(t, h)
}

// again is the installation after a restart.
func again(t *testing.T, h *house) *house {
	t.Helper()
	stats, err := telemetry.Init(telemetry.Config{Catalog: h.config.Catalog, Endpoint: h.endpoint, Dir: h.dir, Consent: h.decisions, State: h.database})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stats.Shutdown(context.Background()) })
	h.stats, h.config.Stats = stats, stats
	if h.Panel, err = panel.New(h.config); err != nil {
		t.Fatal(err)
	}
	h.Handler = http.StripPrefix(mounted, h.Panel)
	return h
}

// memory is state as a database keeps it: a value with a version.
type memory struct {
	mu      sync.Mutex
	value   []byte
	version int64
}

func (m *memory) Load(context.Context) ([]byte, int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.value, m.version, nil
}

func (m *memory) Swap(_ context.Context, version int64, value []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if version != m.version {
		return ledger.ErrConflict
	}
	m.value, m.version = value, version+1
	return nil
}

// kept is state in a place of which the client knows no directory.
type kept struct{ destroyed bool }

func (k *kept) Load(context.Context) ([]byte, int64, error) { return []byte("{}"), 1, nil }

func (k *kept) Swap(_ context.Context, _ int64, value []byte) error {
	k.destroyed = value == nil
	return nil
}

// Where the client cannot ask to erase, asking does not lose the identifier.
func TestEraseThatCannotBe(t *testing.T) {
	for name, change := range map[string]func(*telemetry.Config, *kept){
		"no directory":                 func(c *telemetry.Config, k *kept) { c.Dir, c.State = "", k },
		"no directory and no state":    func(c *telemetry.Config, _ *kept) { c.Dir = "" },
		"a directory that is relative": func(c *telemetry.Config, _ *kept) { c.Dir = "telemetry" },
		"a wrong endpoint":             func(c *telemetry.Config, k *kept) { c.Endpoint, c.Dir, c.State = "ftp://x", "", k },
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("DO_NOT_TRACK", "1") // so that the state is not opened
			h := open(t, "", func(h *house) { h.save(t, consent.Granted, 1) })
			var k kept
			config := telemetry.Config{Catalog: compreface.Catalog, Endpoint: "https://stats.vendor.example", Dir: h.dir, Consent: h.decisions}
			change(&config, &k)
			stats, _ := telemetry.Init(config)
			h.config.Stats = stats
			p, err := panel.New(h.config)
			if err != nil {
				t.Fatal(err)
			}
			h.Handler = http.StripPrefix(mounted, p)
			_, page := h.get(t, "/")
			if strings.Join(h.buttons(t), " ") != "denied" || !strings.Contains(section(page, "status"), "cannot be made here") {
				t.Errorf("it is offered:\n%s", section(page, "status"))
			}
			if _, state := h.get(t, "/api/state"); !strings.Contains(state, `"can_erase": false`) {
				t.Errorf("it is offered: %s", state)
			}
			seen := hidden.FindAllStringSubmatch(page, -1)[1][2]
			for _, r := range []*http.Request{form("decision=erase&notice=1&seen=" + seen), put(`{"decision":"denied","notice":1,"erase":true}`)} {
				w := h.do(r)
				if w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "A request to erase what was sent cannot be made here.") {
					t.Errorf("%s: %d\n%s", r.Method, w.Code, w.Body)
				}
			}
			if len(h.records(t)) != 1 || k.destroyed {
				t.Errorf("%d records, destroyed: %v", len(h.records(t)), k.destroyed)
			}
			if w := h.do(form(h.pressed(t, "denied"))); w.Code != http.StatusSeeOther || len(h.records(t)) != 2 || k.destroyed != (config.State != nil) {
				t.Errorf("turning off without: %d, destroyed: %v", w.Code, k.destroyed)
			}
		})
	}
}
