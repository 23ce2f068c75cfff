package servers

import (
	"bytes"
	"database/sql"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"headcount.example/consent"
	"headcount.example/sqlstate"
)

// TestDamagedRow: a state that is not possible is not trusted, and decisions
// that are not are an error.
func TestDamagedRow(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		c := replica(t, d, d.DB, "https://stats.vendor.invalid")
		decide(t, c, consent.Granted)
		id := c.Status().InstallGUID
		_ = c.Shutdown(t.Context())
		d.must(t, "UPDATE "+d.schema+`.headcount SET state = '{"install_guid":"560eee90-5fca-11eb-988b-0242ac120003","totals":{}}', version = version + 1`)
		c = replica(t, d, d.DB, "https://stats.vendor.invalid")
		if s := c.Status(); !s.On || s.InstallGUID == id || strings.HasPrefix(s.InstallGUID, "560eee90") {
			t.Errorf("got %+v, want a new installation", s)
		}
		d.must(t, "UPDATE "+d.schema+".headcount SET decisions = 'granted', version = version + 1")
		if err := c.Refresh(t.Context()); err == nil || c.Status().On {
			t.Errorf("got %v, %+v, want off", err, c.Status())
		}
		decide(t, c, consent.Denied) // which replaces them
		if d.state(t).Valid {
			t.Error("not destroyed")
		}
	})
}

// TestSaveTogether: decisions of several processes are put in one order, with
// rising times, and none is lost.
func TestSaveTogether(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 4 {
					if err := d.store().Save(t.Context(), consent.Record{Decision: consent.Denied, Notice: 1, By: "account 7"}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		list, err := d.store().History(t.Context())
		rising := slices.IsSortedFunc(list, func(a, b consent.Record) int { return a.Time.Compare(b.Time) })
		other := slices.ContainsFunc(list, func(r consent.Record) bool { return r.By != "account 7" })
		if err != nil || len(list) != 32 || !rising || other {
			t.Errorf("got %d records, rising %v, by another one %v, %v; want 32, true, false", len(list), rising, other, err)
		}
	})
}

// TestNoDuringAYes: a no that is recorded while a yes is being saved stands.
func TestNoDuringAYes(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		save := func(db *sql.DB, decision consent.Decision, notice int) error {
			return d.storeOf(db).Save(t.Context(), consent.Record{Decision: decision, Notice: notice})
		}
		if err := save(d.DB, consent.Denied, 1); err != nil {
			t.Fatal(err)
		}
		l, port := d.server.link(t, 0)
		var once sync.Once
		see := func(b []byte) {
			if bytes.Contains(b, []byte("UPDATE")) { // of the yes, which has read what stands
				once.Do(func() {
					if err := save(d.DB, consent.Denied, 2); err != nil {
						t.Error(err)
					}
				})
			}
		}
		l.see.Store(&see)
		slow := d.connect(t, port)
		if err := save(slow, consent.Granted, 3); err == nil || !strings.Contains(err.Error(), "a no came first") {
			t.Errorf("the yes: %v", err)
		}
		if r, err := d.store().Consent(t.Context()); err != nil || r.Decision != consent.Denied || r.Notice != 2 {
			t.Errorf("got %v, %v; want the no to notice 2", r, err)
		}
		if err := save(slow, consent.Granted, 4); err != nil {
			t.Errorf("a later yes: %v", err)
		}
	})
}

// TestRowOfTwoProducts: a store that two products were given by mistake keeps for
// which one each yes is. A yes is none for the other, and begins anew.
func TestRowOfTwoProducts(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		s := d.store()
		on := func(product string) bool {
			return consent.Evaluate(t.Context(), product, 1, func(string) (string, bool) { return "", false }, s).On()
		}
		const first, second = "SHOP_TELEMETRY", "FACES_TELEMETRY"
		var since []time.Time
		for _, product := range []string{first, second, second} {
			if err := s.Save(t.Context(), consent.Record{Decision: consent.Granted, Notice: 1, For: product}); err != nil {
				t.Fatal(err)
			}
			r, err := s.Consent(t.Context())
			if err != nil || r.For != product || on(first) != (product == first) || on(second) != (product == second) {
				t.Errorf("after a yes for %s: got %+v, %v, on %v and %v", product, r, err, on(first), on(second))
			}
			since = append(since, r.Since)
		}
		if since[1].Equal(since[0]) || !since[2].Equal(since[1]) {
			t.Errorf("got since %v, want another one for the second product, and it goes on", since)
		}
	})
}

// TestMisuse: what is missing is an error, and nothing is on.
func TestMisuse(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		for name, s := range map[string]*sqlstate.Store{
			"nil": nil, "no database": sqlstate.New(nil, d.server.dialect, d.schema, "Shop"), "no dialect": sqlstate.New(d.DB, 0, d.schema, "Shop"),
			"no schema": sqlstate.New(d.DB, d.server.dialect, "", "Shop"), "no product": sqlstate.New(d.DB, d.server.dialect, d.schema, ""),
			"no table": sqlstate.New(d.DB, d.server.dialect, d.schema+"_none", "Shop"), "a quote": sqlstate.New(d.DB, d.server.dialect, "a\"`", "Shop"),
		} {
			_, _, err := s.Load(t.Context())
			if r, e := s.Consent(t.Context()); err == nil || e == nil || r != (consent.Record{}) || !strings.HasPrefix(err.Error(), "sqlstate: ") {
				t.Errorf("%s: got %v and %v, want errors", name, err, e)
			}
			if s.Save(t.Context(), consent.Record{Decision: consent.Denied, Notice: 1}) == nil || s.Swap(t.Context(), 0, nil) == nil {
				t.Errorf("%s: written", name)
			}
		}
	})
}
