package sqlstate

import (
	"errors"
	"io/fs"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"headcount.example/consent"
	"headcount.example/internal/ledger"
)

func TestDestroy(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		s, elsewhere := d.store(), d.store()
		if err := s.Destroy(t.Context(), nil); err != nil {
			t.Errorf("nothing to destroy: %v", err)
		}
		l, other := opened(t, s), opened(t, elsewhere)
		add(t, l, 0, 5)
		add(t, other, 0, 7)
		fold(t, l)
		lease, err := other.Sender(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		// On their way while the yes is taken back: of this process, and of one
		// that has not heard of it yet.
		late, err := d.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if d.dialect == PostgreSQL { // SQLite has one writer: nobody can be late
			if err := elsewhere.AddTx(t.Context(), late, sold, 100); err != nil {
				t.Fatal(err)
			}
		} else if err := late.Rollback(); err != nil {
			t.Fatal(err)
		}
		if err := event(t.Context(), d, s, sold, 10, true); err != nil { // pending
			t.Fatal(err)
		}
		if err := s.Destroy(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if n := d.rows(t); n != 0 {
			t.Errorf("%d rows are left", n)
		}
		_ = late.Commit()
		if err := event(t.Context(), d, elsewhere, sold, 1000, true); err != nil {
			t.Fatal(err)
		}
		if err := event(t.Context(), d, s, sold, 1000, true); err != nil {
			t.Fatal(err)
		}
		anew := opened(t, d.store())
		if anew.Identity().GUID == l.Identity().GUID {
			t.Error("the same identifier")
		}
		if _, err := lease.Held(t.Context()); !errors.Is(err, ledger.ErrLost) {
			t.Errorf("%v", err)
		}
		for range 2 {
			if err := other.Sync(t.Context()); !errors.Is(err, ledger.ErrGone) {
				t.Errorf("%v", err)
			}
		}
		if err := event(t.Context(), d, elsewhere, sold, 10_000, true); err != nil {
			t.Fatal(err)
		}
		if n := d.number(t, "SELECT count(*) FROM headcount_pending"); n != 0 {
			t.Errorf("%d pending: it knows, and counts on", n)
		}
		fold(t, anew)
		equal(t, anew, 0, 0)
	})
}

// TestDestroyClosesAdd lets another process find out at its next look.
func TestDestroyClosesAdd(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := opened(t, d.store())
		if err := d.store().Destroy(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if err := l.Check(t.Context()); !errors.Is(err, ledger.ErrClosed) {
			t.Errorf("%v", err)
		}
		if l.Add(l.Slot(0), 1) {
			t.Error("counts on")
		}
	})
}

// TestDestroyInTheMiddle takes the yes back and gives it again while others
// count, fold and make events: what a total shows was counted after the yes.
func TestDestroyInTheMiddle(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		stop := make(chan struct{})
		var all sync.WaitGroup
		for range 3 {
			s := d.store()
			all.Go(func() {
				l, id := opened(t, s), ledger.Identity{}
				for {
					select {
					case <-stop:
						return
					default:
					}
					time.Sleep(2 * time.Millisecond) // SQLite's lock is not fair
					id = l.Identity()
					// Each installation has its own mark, so that one that
					// surfaces in another is seen.
					mark := uint64(id.GUID[0])<<8 + 1
					l.Add(l.Slot(1), mark)
					if err := insist(t, func() error { return event(t.Context(), d, s, start, int64(mark), true) }); err != nil {
						t.Error(err)
					}
					if err := l.Sync(t.Context()); err != nil && !busy(err) {
						if !errors.Is(err, ledger.ErrGone) && !errors.Is(err, ledger.ErrClosed) {
							t.Error(err)
						}
						l = opened(t, s)
					}
				}
			})
		}
		for range 15 {
			if err := insist(t, func() error { return d.store().Destroy(t.Context(), nil) }); err != nil {
				t.Error(err)
			}
			l := opened(t, d.store())
			for range 5 {
				totals := make([]uint64, 2)
				if err := l.Totals(t.Context(), totals); err == nil && totals[1]%(uint64(l.Identity().GUID[0])<<8+1) != 0 {
					t.Errorf("%d holds what was counted for another installation than %v", totals[1], l.Identity().GUID)
				}
				_ = l.Sync(t.Context())
			}
		}
		close(stop)
		all.Wait()
	})
}

func TestConsent(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		s, other := d.store(), d.store()
		if r, err := s.Consent(t.Context()); err != nil || r != (consent.Record{}) {
			t.Errorf("nobody decided: %v, %v", r, err)
		}
		for name, r := range map[string]consent.Record{
			"undecided": {Notice: 1}, "no notice": {Decision: consent.Granted}, "not printable": {Decision: consent.Denied, Notice: 1, Where: "a\x00"},
			"in the future": {Decision: consent.Granted, Notice: 1, Time: noon.AddDate(1000, 0, 0)},
		} {
			if err := s.Save(t.Context(), r); err == nil {
				t.Errorf("%s: saved", name)
			}
		}
		for i := range maxRecords + 5 {
			r := yes
			r.Notice = i + 1
			if err := s.Save(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		if err := other.Save(t.Context(), consent.Record{Decision: consent.Denied, Notice: 7, Where: "settings", Time: noon}); err != nil {
			t.Fatal(err)
		}
		want := consent.Record{Decision: consent.Denied, Notice: 7, Where: "settings", Time: noon}
		if r, err := s.Consent(t.Context()); err != nil || r != want {
			t.Errorf("%v, %v", r, err)
		}
		history, err := s.History(t.Context())
		if err != nil || len(history) != maxRecords || history[maxRecords-1] != want || history[0].Notice != 7 {
			t.Errorf("%d, %v", len(history), err)
		}
		for name, change := range map[string]string{
			"word": "decision = 'yes'", "capitals": "decision = 'GRANTED'", "notice": "notice = 0", "future": "decided = 99999999999",
			"before 1970": "decided = -1", "escape sequence": "place = '" + "\x1b[2J" + "'",
		} {
			t.Run(name, func(t *testing.T) {
				if err := s.Save(t.Context(), yes); err != nil {
					t.Fatal(err)
				}
				d.must(t, "UPDATE headcount_consent SET "+change+" WHERE id = (SELECT max(id) FROM headcount_consent)")
				if r, err := s.Consent(t.Context()); err == nil {
					t.Errorf("believed: %v", r)
				}
				if status := consent.Evaluate(t.Context(), "SHOP_TELEMETRY", 1, nil, s); status.On() {
					t.Errorf("on: %v", status)
				}
			})
		}
		if err := s.Save(t.Context(), yes); err != nil {
			t.Fatal(err)
		}
		if status := consent.Evaluate(t.Context(), "SHOP_TELEMETRY", 1, nil, other); !status.On() {
			t.Errorf("off: %v", status)
		}
		veto := func(name string) (string, bool) { return "1", name == "DO_NOT_TRACK" }
		if status := consent.Evaluate(t.Context(), "SHOP_TELEMETRY", 1, veto, other); status.On() || !status.Veto {
			t.Errorf("on under a veto: %v", status)
		}
	})
}

func TestSavesAtOnce(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		var all sync.WaitGroup
		for i := range 6 {
			s := d.store()
			all.Go(func() {
				for turn := range 5 {
					r := yes
					r.Notice = 1 + 5*i + turn
					if err := insist(t, func() error { return s.Save(t.Context(), r) }); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		history, err := d.store().History(t.Context())
		seen := map[int]bool{}
		for _, r := range history {
			seen[r.Notice] = true
		}
		if err != nil || len(seen) != 30 {
			t.Errorf("%d of 30, %v", len(seen), err)
		}
	})
}

// TestDestroyWaits for a report that another process has on its way; whoever
// comes meanwhile waits as well, and a new yes does not.
func TestDestroyWaits(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		s, elsewhere := d.store(), d.store()
		l, sender := opened(t, s), opened(t, elsewhere)
		guid := l.Identity().GUID
		lease, err := sender.Sender(t.Context())
		if err != nil || lease == nil {
			t.Fatal(lease, err)
		}
		var released atomic.Bool
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() {
				if err := d.store().Destroy(t.Context(), nil); err != nil || !released.Load() {
					t.Errorf("%v, the report is still on its way: %v", err, !released.Load())
				}
			})
		}
		for l.Check(t.Context()) == nil {
			time.Sleep(time.Millisecond)
		}
		if n := d.number(t, "SELECT count(*) FROM headcount_installation WHERE install_guid = '' AND generation < 0"); n != 1 || d.rows(t) != 1 {
			t.Errorf("%d leases, %d rows", n, d.rows(t))
		}
		if id, err := s.Peek(t.Context()); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("there is still an identifier: %v, %v", id.GUID, err)
		}
		if err := event(t.Context(), d, elsewhere, sold, 10, true); err != nil || d.rows(t) != 1 { // it has not heard of the no
			t.Errorf("%v, %d rows", err, d.rows(t))
		}
		if _, err := lease.Held(t.Context()); !errors.Is(err, ledger.ErrLost) {
			t.Errorf("the sender may go on: %v", err)
		}
		time.Sleep(100 * time.Millisecond)
		released.Store(true)
		lease.Release()
		if n := d.number(t, "SELECT count(*) FROM headcount_installation WHERE lease_until > 0"); n != 0 {
			t.Error("the lease of what was destroyed was not given back")
		}
		all.Wait()
		if d.rows(t) != 0 {
			t.Errorf("%d rows are left", d.rows(t))
		}

		// A sender that does not end, and a new yes meanwhile.
		hung := opened(t, s)
		if lease, err = hung.Sender(t.Context()); err != nil || lease == nil {
			t.Fatal(lease, err)
		}
		all.Go(func() {
			if err := d.store().Destroy(t.Context(), nil); err != nil {
				t.Error(err)
			}
		})
		for hung.Check(t.Context()) == nil {
			time.Sleep(time.Millisecond)
		}
		anew := opened(t, elsewhere)
		all.Wait()
		if id, err := s.Peek(t.Context()); err != nil || id != anew.Identity() || id.GUID == guid || id == hung.Identity() {
			t.Errorf("%v, %v: the new yes made %v", id, err, anew.Identity())
		}
		lease.Release()
		if mine, err := anew.Sender(t.Context()); err != nil || mine == nil {
			t.Errorf("%v, %v", mine, err)
		}
	})
}
