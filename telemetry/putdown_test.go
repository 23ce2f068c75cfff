package telemetry

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
)

// A database holds the decision and the state, and may be away; the state also alone.
type database struct {
	memoryState
	away, stateAway atomic.Bool
	writes          atomic.Int64 // of the state; destroying is none
	record          atomic.Pointer[consent.Record]
	during          func() // is called in the next Load
}

var errAway = errors.New("away")

func (d *database) Consent(context.Context) (consent.Record, error) {
	if d.away.Load() {
		return consent.Record{}, errAway
	}
	return *d.record.Load(), nil
}

func (d *database) Save(_ context.Context, r consent.Record) error {
	if d.away.Load() {
		return errAway
	}
	d.record.Store(&r)
	return nil
}

func (d *database) Load(ctx context.Context) ([]byte, int64, error) {
	if d.away.Load() || d.stateAway.Load() {
		return nil, 0, errAway
	}
	if during := d.during; during != nil {
		d.during = nil
		during()
	}
	return d.memoryState.Load(ctx)
}

func (d *database) Swap(ctx context.Context, version int64, value []byte) error {
	if d.away.Load() || d.stateAway.Load() {
		return errAway
	}
	if value != nil {
		d.writes.Add(1)
	}
	return d.memoryState.Swap(ctx, version, value)
}

// client starts one that has counted five users by the time the database goes away.
func (d *database) client(t *testing.T) *Client {
	t.Helper()
	yes := yesAt(time.Now().Add(-time.Hour))
	d.record.Store(&yes)
	c := d.another(t)
	synctest.Wait() // the loop has looked at the ledger
	c.Add(compreface.UserCreated, 5)
	d.away.Store(true)
	return c
}

// another starts one, as another host does.
func (d *database) another(t *testing.T) *Client {
	t.Helper()
	c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: "http://127.0.0.1:9", State: d, Consent: d})
	if err != nil || !c.Status().On {
		t.Fatalf("got %v and %+v, want on", err, c.Status())
	}
	return c
}

// wrote says what the database has of the users that were counted.
func (d *database) wrote(t *testing.T, total string) {
	t.Helper()
	c := d.another(t)
	p, err := c.Preview(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	want(t, rowsOf(p), userCreated+total)
	_ = c.Shutdown(t.Context())
}

// putDown acts on an answer that cannot be had: off, and without a goroutine.
func putDown(t *testing.T, c *Client) *recorder {
	t.Helper()
	r := c.agreed()
	if err := c.Refresh(t.Context()); err == nil || c.Status().On {
		t.Errorf("got %v and %+v, want off: what was decided is not known", err, c.Status())
	}
	synctest.Wait()
	select {
	case <-r.done:
	default:
		t.Error("the loop goes on")
	}
	return r
}

// TestGoesOn: what was counted before the database went away is counted on with
// when it is back, and so is what a goroutine adds that had begun before.
func TestGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &database{}
		c := d.client(t)
		before := c.Status().InstallGUID
		r := putDown(t, c)
		slot := r.slot(compreface.UserCreated)
		if !r.ledger.Add(slot, 1) {
			t.Error("an Add that had begun counts nothing")
		}
		d.away.Store(false)
		if err := c.Refresh(t.Context()); err != nil || c.Status().InstallGUID != before {
			t.Errorf("got %v and %+v, want on under %s", err, c.Status(), before)
		}
		c.Add(compreface.UserCreated, 2)
		r.ledger.Add(slot, 1)
		time.Sleep(2 * syncInterval)
		d.wrote(t, "9")
		if err := c.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		d.wrote(t, "9")
	})
}

// TestShutdownWhileAYesIsActedOn: what was put down is written also where Shutdown has just
// begun when it is taken up again.
func TestShutdownWhileAYesIsActedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &database{}
		c := d.client(t)
		putDown(t, c)
		d.away.Store(false)
		d.during = c.end // the first thing that Shutdown does
		if err := c.Refresh(t.Context()); err != nil {
			t.Error(err)
		}
		if err := c.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		d.wrote(t, "5")
	})
}

// TestShutdownWritesWhatWasPutDown, says when it cannot, and tries again when asked again.
func TestShutdownWritesWhatWasPutDown(t *testing.T) {
	for _, away := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			d := &database{}
			c := d.client(t)
			putDown(t, c)
			d.away.Store(away)
			for range 2 {
				if err := c.Shutdown(t.Context()); errors.Is(err, errAway) != away {
					t.Errorf("away %v: got %v", away, err)
				}
			}
			d.away.Store(false)
			if err := c.Shutdown(t.Context()); err != nil {
				t.Errorf("away %v, once more: got %v, want nil", away, err)
			}
			d.wrote(t, "5")
		})
	}
}

// TestEndOfCountingWrites: the loop writes what was counted when a veto ends it.
func TestEndOfCountingWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &database{}
		c := d.client(t)
		d.away.Store(false)
		t.Setenv("DO_NOT_TRACK", "1")
		if err := c.Refresh(t.Context()); err != nil || c.Status().On {
			t.Errorf("got %v and %+v, want off", err, c.Status())
		}
		synctest.Wait()
		t.Setenv("DO_NOT_TRACK", "")
		d.wrote(t, "5")
		_ = c.Shutdown(t.Context())
	})
}

// TestNoForgets: after a no nothing of what was counted is written, whether it was
// put down or not, and also where the totals could not be destroyed.
func TestNoForgets(t *testing.T) {
	no := consent.Record{Decision: consent.Denied}
	for name, say := range map[string]func(*testing.T, *Client, *database) error{
		"to this process": func(t *testing.T, c *Client, d *database) error { return c.Decide(t.Context(), no) },
		"recorded": func(t *testing.T, c *Client, d *database) error {
			d.record.Store(&no)
			return c.Refresh(t.Context())
		},
		"recorded, under a veto": func(t *testing.T, c *Client, d *database) error {
			d.record.Store(&no)
			t.Setenv("DO_NOT_TRACK", "1")
			d.stateAway.Store(true) // else counting that a veto ends is written
			return c.Refresh(t.Context())
		},
	} {
		for i := range 4 {
			live, destroyed := i&1 == 0, i&2 == 0
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					d := &database{}
					c := d.client(t)
					if live {
						c.agreed().sending <- struct{}{} // a report is on its way, and the no waits for it
					} else {
						putDown(t, c)
					}
					d.away.Store(false)
					d.stateAway.Store(!destroyed)
					before := d.writes.Load()
					err := say(t, c, d)
					synctest.Wait()
					d.stateAway.Store(false)
					if down := c.Shutdown(t.Context()); down != nil || c.Status().On {
						t.Errorf("got %v, %v and %+v, want off", err, down, c.Status())
					}
					if got := d.writes.Load() - before; got != 0 {
						t.Errorf("live %v, destroyed %v: the state was written %d times, want none", live, destroyed, got)
					}
				})
			})
		}
	}
}

// TestAnotherYesForgets: what was put down was counted under the one before, and is
// not written, also where the new one cannot be acted on.
func TestAnotherYesForgets(t *testing.T) {
	for _, away := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			d := &database{}
			c := d.client(t)
			yes := *d.record.Load()
			before := c.Status().InstallGUID
			putDown(t, c)
			later := yesAt(time.Now().Add(-time.Minute))
			d.record.Store(&later)
			d.away.Store(false)
			d.stateAway.Store(away)
			err := c.Refresh(t.Context())
			if got := c.Status(); (err != nil) != away || got.On == away || got.InstallGUID == before {
				t.Errorf("away %v: got %v and %+v, want on where it is not, and not under %s", away, err, got, before)
			}
			synctest.Wait()
			d.stateAway.Store(false)
			if err := c.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
			if away {
				d.record.Store(&yes)
			}
			d.wrote(t, "0")
		})
	}
}

// TestSameInstallationGoesOn: a yes in the environment goes on with the installation
// of an earlier record, and so does the record of a yes after that.
func TestSameInstallationGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &database{}
		yes := yesAt(time.Now().Add(-time.Hour))
		d.record.Store(&yes)
		before, _ := shop(1)
		now, sold := shop(2)
		config := Config{Catalog: before, Endpoint: "http://127.0.0.1:9", State: d, Consent: d}
		c, err := Init(config)
		if err != nil || !c.Status().On {
			t.Fatalf("got %v and %+v, want on", err, c.Status())
		}
		guid := c.Status().InstallGUID
		_ = c.Shutdown(t.Context())
		t.Setenv("SHOP_TELEMETRY", "accept:2")
		config.Catalog = now
		if c, err = Init(config); err != nil || c.Status().InstallGUID != guid {
			t.Fatalf("got %v and %+v, want on under %s", err, c.Status(), guid)
		}
		c.Add(sold, 5)
		yes.Notice = 2
		d.record.Store(&yes)
		if err := c.Refresh(t.Context()); err != nil || c.Status().InstallGUID != guid {
			t.Errorf("got %v and %+v, want on under %s", err, c.Status(), guid)
		}
		p, err := c.Preview(t.Context(), false)
		if err != nil {
			t.Fatal(err)
		}
		want(t, rowsOf(p), "shop.thing.sold 5")
		_ = c.Shutdown(t.Context())
	})
}
