package sqlstate

import (
	"context"
	"errors"
	"strings"
	"testing"

	"headcount.example/consent"
	"headcount.example/telemetry"
)

// TestEraseOfSeveralHosts: a request to erase is made if any host sent
// something, and not if none did: from it the receiver would hear of the
// identifier for the first time.
func TestEraseOfSeveralHosts(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		no := func(s *Store) func(context.Context) error {
			return func(ctx context.Context) error {
				return s.Save(ctx, consent.Record{Decision: consent.Denied, Notice: 1})
			}
		}
		r := receive(t)
		host := func(s *Store) *telemetry.Client {
			t.Helper()
			c, err := telemetry.Init(telemetry.Config{Catalog: shop, Endpoint: r.URL, State: s, Consent: s, Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Shutdown(context.Background()) })
			return c
		}
		s1, s2 := d.store(), d.store()
		one, two := host(s1), host(s2)
		agree := func() {
			t.Helper()
			if err := errors.Join(s1.Save(t.Context(), yes), one.Refresh(t.Context()), two.Refresh(t.Context())); err != nil {
				t.Fatal(err)
			}
		}
		agree()
		one.Add(sold, 1)
		if err := one.Erase(t.Context(), no(s1)); !errors.Is(err, telemetry.ErrNothingToErase) || len(r.all()) != 0 {
			t.Errorf("nothing was sent: %v, %q", err, r.all())
		}
		agree()
		if err := two.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := one.Erase(t.Context(), no(s1)); err != nil {
			t.Fatal(err)
		}
		sent, err := one.Journal()
		if all := r.all(); err != nil || len(sent) != 1 || len(all) != 2 || all[0][0] != all[1][0] || !strings.Contains(strings.Join(sent[0].Report.Rows, "\n"), "headcount.erasure.requested") {
			t.Errorf("%v, %q", err, all)
		}
	})
}
