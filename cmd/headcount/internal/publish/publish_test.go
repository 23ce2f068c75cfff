package publish

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/day"
)

// A site is an archive's directory and a page's.
type site struct {
	*memory
	Options
}

func newSite(t *testing.T) *site {
	m := newMemory(t)
	base(m, page1, page2)
	m.add(20, m.size(0), page2)
	return &site{m, Options{Archive: t.TempDir(), Out: filepath.Join(t.TempDir(), "öffentlich und frei"), View: m.list, AsOf: day.None, Today: page1 + 1}}
}

func (s *site) publish(t *testing.T) Result {
	t.Helper()
	r, err := Publish(t.Context(), s.memory, s.Options)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (s *site) refused(t *testing.T, want ...string) {
	t.Helper()
	_, err := Publish(t.Context(), s.memory, s.Options)
	if err == nil {
		t.Fatalf("got no error, want one with %q", want)
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("got %q, want %q in it", err, w)
		}
	}
}

// files reads a directory.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range list {
		data, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[f.Name()] = string(data)
	}
	return all
}

func same(t *testing.T, got, want map[string]string) {
	t.Helper()
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s: got %q, want %q", name, got[name], want[name])
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %d files, want %d", len(got), len(want))
	}
}

func TestPublish(t *testing.T) {
	s := newSite(t)
	if err := os.MkdirAll(s.Out, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.Out, "robots.txt"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := s.publish(t)
	if got.Stats.AsOf != page1 || got.Stats.Active.shown() != 200 {
		t.Errorf("got %d as of %s, want 200 as of %s", got.Stats.Active.shown(), got.Stats.AsOf, page1)
	}
	if want := "200 active installations (opted in) as of 2024-10-04; 0 of 13 figures keep an earlier day"; got.String() != want {
		t.Errorf("got %q, want %q", got.String(), want)
	}
	all := files(t, s.Out)
	for _, name := range []string{pageName, statsName, schemaName, badgeName} {
		if all[name] == "" {
			t.Errorf("%s is missing or empty", name)
		}
		info, err := os.Stat(filepath.Join(s.Out, name))
		if err != nil || info.Mode().Perm() != 0o644 {
			t.Errorf("%s: got mode %v, %v, want 0644", name, info.Mode(), err)
		}
	}
	if all["robots.txt"] != "mine" || len(all) != 5 {
		t.Errorf("got %d files, want the 4 of the page and robots.txt as it was", len(all))
	}
	info, err := os.Stat(filepath.Join(s.Archive, RecordName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("record: got mode %v, %v, want 0600", info.Mode(), err)
	}
}

func TestPeriod(t *testing.T) {
	s := newSite(t)
	s.publish(t)
	page, kept := files(t, s.Out), files(t, s.Archive)
	for _, today := range []day.Day{page1 + 1, page1 + 2, page2} {
		s.Today = today
		s.refused(t, "not due", "2024-10-04", "28 days", "as of 2024-11-01, from 2024-11-02 on")
		if _, err := Publish(t.Context(), s.memory, s.Options); !errors.Is(err, ErrNotDue) {
			t.Errorf("got %v, want ErrNotDue", err)
		}
	}
	same(t, files(t, s.Out), page)
	same(t, files(t, s.Archive), kept)
	s.Today = page2 + 1
	if got := s.publish(t).Stats; got.AsOf != page2 || got.Active.shown() != 220 {
		t.Errorf("got %d as of %s, want 220 as of %s", got.Active.shown(), got.AsOf, page2)
	}
}

func TestShorterPeriod(t *testing.T) {
	s := newSite(t)
	s.publish(t)
	s.Period = LeastPeriod - 1
	s.refused(t, "6 days", "7 or more")
	s.Period, s.Today = LeastPeriod, page1+LeastPeriod
	s.refused(t, "not due")
	s.Today++
	s.publish(t)
}

func TestAsOf(t *testing.T) {
	s := newSite(t)
	s.AsOf = s.Today
	s.refused(t, "is not over", "2024-10-05", "2024-10-04")
	s.AsOf = s.Today - 1
	s.publish(t)
	s.AsOf--
	s.refused(t, "2024-10-03 is before 2024-10-04")
}

// TestAgain: the same day gives the same bytes, also after more reports.
func TestAgain(t *testing.T) {
	s := newSite(t)
	s.publish(t)
	page, kept := files(t, s.Out), files(t, s.Archive)
	s.memory.add(500, s.memory.size(3), page1)
	s.AsOf, s.Today = page1, page1+20
	if got := s.publish(t); !got.Again {
		t.Error("got a new page, want the one of the record")
	}
	same(t, files(t, s.Out), page)
	same(t, files(t, s.Archive), kept)
}

// TestInterrupted: after the record was written, the same day completes the
// page with the figures of the record.
func TestInterrupted(t *testing.T) {
	s := newSite(t)
	s.publish(t)
	page := files(t, s.Out)
	if err := os.RemoveAll(s.Out); err != nil {
		t.Fatal(err)
	}
	s.memory.add(500, s.memory.size(3), page1)
	s.refused(t, "--as-of 2024-10-04 writes the last one again")
	s.AsOf = page1
	s.publish(t)
	same(t, files(t, s.Out), page)
}

// TestLeftOver: files that an interrupted run left beside their places.
func TestLeftOver(t *testing.T) {
	s := newSite(t)
	if err := os.MkdirAll(s.Out, 0o755); err != nil {
		t.Fatal(err)
	}
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.Symlink(outside, filepath.Join(s.Out, stagedPrefix+pageName)); err != nil {
		t.Fatal(err)
	}
	s.publish(t)
	if got := len(files(t, s.Out)); got != 4 {
		t.Errorf("got %d files, want 4", got)
	}
	if _, err := os.Stat(outside); err == nil {
		t.Error("a symbolic link was followed")
	}
}

// TestNoPlace: where the page cannot be written, nothing is recorded and the
// page before is whole.
func TestNoPlace(t *testing.T) {
	t.Run("out is a file", func(t *testing.T) {
		s := newSite(t)
		if err := os.WriteFile(s.Out, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		s.refused(t, "not a directory")
		if got := files(t, s.Archive)[RecordName]; got != "" {
			t.Errorf("record: got %q, want none", got)
		}
	})
	t.Run("the last file cannot be written", func(t *testing.T) {
		s := newSite(t)
		s.publish(t)
		page, kept := files(t, s.Out), files(t, s.Archive)
		blocked := filepath.Join(s.Out, stagedPrefix+pageName)
		if err := os.MkdirAll(filepath.Join(blocked, "x"), 0o755); err != nil {
			t.Fatal(err)
		}
		s.Today = page2 + 1
		s.refused(t, "nothing was published", blocked)
		if err := os.RemoveAll(blocked); err != nil {
			t.Fatal(err)
		}
		same(t, files(t, s.Out), page)
		same(t, files(t, s.Archive), kept)
	})
	t.Run("no archive", func(t *testing.T) {
		s := newSite(t)
		s.Archive = filepath.Join(s.Archive, "missing")
		s.refused(t, "archive", "missing")
	})
	t.Run("the record cannot be written", func(t *testing.T) {
		s := newSite(t)
		s.publish(t)
		page := files(t, s.Out)
		if os.Geteuid() == 0 {
			t.Skip("root may write everywhere")
		}
		if err := os.Chmod(s.Archive, 0o500); err != nil {
			t.Fatal(err)
		}
		defer os.Chmod(s.Archive, 0o700)
		s.Today = page2 + 1
		s.refused(t, "nothing was published")
		same(t, files(t, s.Out), page)
	})
}

func TestRecordOrder(t *testing.T) {
	s := newSite(t)
	s.publish(t)
	page := files(t, s.Out)
	// A directory in the place of the record makes its replacement fail.
	path := filepath.Join(s.Archive, RecordName)
	next := record{Version: recordVersion, Stats: Stats{Active: Figure{ID: "active"}}}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(path, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := next.write(s.Archive); err == nil || !strings.Contains(err.Error(), "nothing was published") {
		t.Errorf("got %v, want an error that says that nothing was published", err)
	}
	same(t, files(t, s.Out), page)
}

func TestDamagedRecord(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"empty":     {"", "damaged"},
		"cut short": {`{"version":1,"stats":{`, "damaged"},
		"foreign":   {`{"hello":1}`, "damaged"},
		"bad day":   {`{"version":1,"stats":{"as_of":"soon","active":{"id":"active"}}}`, "damaged"},
		"newer":     {`{"version":2,"stats":{"active":{"id":"active"}}}`, "use a newer headcount"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			if err := os.WriteFile(filepath.Join(s.Archive, RecordName), []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			s.refused(t, RecordName, test.want)
			if got := len(files(t, s.Out)); got != 0 {
				t.Errorf("got %d files, want none", got)
			}
		})
	}
}

// TestUnknownPage: a page that the record does not know is not followed by
// another one.
func TestUnknownPage(t *testing.T) {
	s := newSite(t)
	s.publish(t)
	first := files(t, s.Archive)[RecordName]
	s.Today = page2 + 1
	s.publish(t)
	path := filepath.Join(s.Archive, RecordName)
	if err := os.WriteFile(path, []byte(first), 0o600); err != nil {
		t.Fatal(err)
	}
	s.Today = page3 + 1
	s.refused(t, "as of 2024-11-01", "newer backup")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	s.refused(t, "has no record of it", RecordName)
	if err := os.WriteFile(filepath.Join(s.Out, statsName), []byte(`{"mine":1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s.refused(t, "not a page of headcount publish")
}

// TestLostRecord: without the record, only the page in its directory tells
// that there was one. docs/publishing.md says so.
func TestLostRecord(t *testing.T) {
	s := newSite(t)
	s.publish(t)
	if err := os.Remove(filepath.Join(s.Archive, RecordName)); err != nil {
		t.Fatal(err)
	}
	s.Today = page2 + 1
	s.refused(t, "has no record of it")
	s.Out = t.TempDir()
	if got := len(s.publish(t).Stats.History); got != 1 {
		t.Errorf("got %d headlines, want the one of a first page", got)
	}
}

func TestOtherProduct(t *testing.T) {
	s := newSite(t)
	s.publish(t)
	other := newSite(t)
	other.memory.list.Product = "Other"
	other.publish(t)
	other.Out, other.Today = s.Out, page2+1
	other.refused(t, `"Example"`, `"Other"`)
}

func TestPreview(t *testing.T) {
	s := newSite(t)
	s.Preview = true
	s.publish(t)
	all := files(t, s.Out)
	for name, want := range map[string]string{
		pageName: "Preview: not for publication", statsName: `"preview": true`, badgeName: "active installations: preview",
	} {
		if !strings.Contains(all[name], want) {
			t.Errorf("%s: want %q in it", name, want)
		}
	}
	if files(t, s.Archive)[RecordName] != "" {
		t.Error("a preview was recorded")
	}
	s.Preview = false
	s.publish(t) // replaces the preview
	page := files(t, s.Out)
	if strings.Contains(page[pageName], "Preview") {
		t.Error("the page is marked as a preview")
	}
	s.Preview = true
	s.refused(t, "another directory")
	s.Out = t.TempDir()
	s.Today = page1 + 10 // before the period has passed
	s.publish(t)
}

func TestTwoAtOnce(t *testing.T) {
	s := newSite(t)
	unlock, err := lock(s.Archive)
	if err != nil {
		t.Fatal(err)
	}
	s.refused(t, "another publication")
	unlock()
	s.publish(t)
}

func TestCancelled(t *testing.T) {
	s := newSite(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Publish(ctx, s.memory, s.Options); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if got := len(files(t, s.Out)); got != 0 {
		t.Errorf("got %d files, want none", got)
	}
}
