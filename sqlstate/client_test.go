package sqlstate

import (
	"slices"
	"strings"
	"testing"
	"time"

	"headcount.example/consent"
	"headcount.example/telemetry"
)

func client(t testing.TB, s *Store, endpoint string) *telemetry.Client {
	t.Helper()
	c, err := telemetry.Init(telemetry.Config{Catalog: shop, Endpoint: endpoint, State: s, Consent: s})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Shutdown(t.Context()) })
	return c
}

// TestClients has two replicas from before the yes to after the no.
func TestClients(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		r := receive(t)
		s1, s2 := d.store(), d.store()
		one, two := client(t, s1, r.URL), client(t, s2, r.URL)
		one.Add(sold, 1000)
		if err := event(t.Context(), d, s1, sold, 1000, true); err != nil {
			t.Fatal(err)
		}
		if n := d.rows(t); n != 0 || one.Status().On {
			t.Errorf("%d rows before a yes", n)
		}
		decide := func(decision consent.Decision) {
			t.Helper()
			if err := s1.Save(t.Context(), consent.Record{Decision: decision, Notice: 1}); err != nil {
				t.Fatal(err)
			}
			for _, c := range []*telemetry.Client{one, two} {
				if err := c.Refresh(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		decide(consent.Granted)
		for i, c := range []*telemetry.Client{one, two} {
			c.Add(sold, 1)
			c.Add(start, 2)
			if err := event(t.Context(), d, []*Store{s1, s2}[i], sold, 10, true); err != nil {
				t.Fatal(err)
			}
		}
		first := one.Status()
		if two.Status().InstallGUID != first.InstallGUID || first.Durable || first.NextReport.IsZero() {
			t.Errorf("%+v", first)
		}
		for _, c := range []*telemetry.Client{two, one} {
			if err := c.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		last := r.all()[1]
		for _, want := range []string{first.InstallGUID, "shop.thing.sold0 22", "shop.page.visited1 4"} {
			if !slices.Contains(last, want) {
				t.Errorf("%q is not in %q", want, last)
			}
		}

		// A veto stops counting, and keeps what was counted.
		one.Add(sold, 100)
		t.Run("veto", func(t *testing.T) {
			s3 := d.store()
			c, err := telemetry.Init(telemetry.Config{Catalog: shop, Endpoint: r.URL, State: s3, Consent: s3})
			if err != nil {
				t.Fatal(err)
			}
			if err := s1.Save(t.Context(), consent.Record{Decision: consent.Granted, Notice: 2}); err != nil {
				t.Fatal(err)
			}
			if err := c.Refresh(t.Context()); err != nil || c.Status().On {
				t.Fatal(err, c.Status())
			}
			c.Add(sold, 1_000_000)
			if err := event(t.Context(), d, s3, sold, 1_000_000, true); err != nil {
				t.Fatal(err)
			}
		})
		decide(consent.Granted)
		if one.Status().InstallGUID != first.InstallGUID {
			t.Error("another installation")
		}
		if err := one.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if last := r.all()[2]; !slices.Contains(last, "shop.thing.sold0 122") {
			t.Errorf("%q", last)
		}

		one.Add(sold, 1)
		two.Add(sold, 1)
		decide(consent.Denied)
		time.Sleep(100 * time.Millisecond) // loops end and want to write
		if n := d.rows(t); n != 0 {
			t.Errorf("%d rows after a no", n)
		}
		if err := one.Flush(t.Context()); err == nil {
			t.Error("sent after a no")
		}
		decide(consent.Granted)
		if one.Status().InstallGUID == first.InstallGUID {
			t.Error("the same identifier after a no")
		}
		if err := one.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if last := r.all()[3]; !slices.Contains(last, "shop.thing.sold0 0") {
			t.Errorf("%q", last)
		}
	})
}

// TestNoInOneReplica reaches the others before they send: their own record
// is the same one.
func TestNoInOneReplica(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		r := receive(t)
		s := d.store()
		if err := s.Save(t.Context(), yes); err != nil {
			t.Fatal(err)
		}
		one, two := client(t, s, r.URL), client(t, d.store(), r.URL)
		if err := s.Save(t.Context(), consent.Record{Decision: consent.Denied, Notice: 1}); err != nil {
			t.Fatal(err)
		}
		if err := two.Flush(t.Context()); err == nil {
			t.Error("sent")
		}
		if err := one.Refresh(t.Context()); err != nil {
			t.Error(err)
		}
		if len(r.all()) != 0 || d.rows(t) != 0 {
			t.Errorf("%q, %d rows", r.all(), d.rows(t))
		}
	})
}

func TestFaultsOfTheConfiguration(t *testing.T) {
	_, err := telemetry.Init(telemetry.Config{Catalog: shop, Endpoint: "http://localhost:1"})
	if err == nil || !strings.Contains(err.Error(), "no directory") {
		t.Errorf("neither: %v", err)
	}
}

// TestEraseFromAProcessThatIsOff, because it was not told of the yes: the
// identifier to erase is the database's.
func TestEraseFromAProcessThatIsOff(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		r := receive(t)
		s1, s2 := d.store(), d.store()
		off, err := telemetry.Init(telemetry.Config{Catalog: shop, Endpoint: r.URL, State: s2, Consent: s2, Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = off.Shutdown(t.Context()) }()
		one := client(t, s1, r.URL)
		if err := s1.Save(t.Context(), consent.Record{Decision: consent.Granted, Notice: 1}); err != nil {
			t.Fatal(err)
		}
		if err := one.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		guid := one.Status().InstallGUID
		if id, err := s2.Peek(t.Context()); err != nil || id.GUID.String() != guid {
			t.Errorf("%v, %v, want %s", id.GUID, err, guid)
		}
		if err := one.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s2.Save(t.Context(), consent.Record{Decision: consent.Denied, Notice: 1}); err != nil {
			t.Fatal(err)
		}
		if err := off.Erase(t.Context(), nil); err != nil {
			t.Error(err)
		}
		if sent := r.all(); len(sent) != 2 || !slices.Contains(sent[1], guid) {
			t.Errorf("sent %q", sent)
		}
		if _, err := s1.Peek(t.Context()); err == nil {
			t.Error("there is still an identifier")
		}
	})
}
