package sqlstate

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"headcount.example/internal/ledger"
)

func TestOneSender(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		var holders, turns atomic.Int32
		var all sync.WaitGroup
		for range 6 {
			s := d.store()
			s.lease = time.Hour // however slow this is, none ends before it is given back
			l := opened(t, s)
			all.Go(func() {
				for range 60 {
					var lease ledger.Lease
					err := insist(t, func() (err error) { lease, err = l.Sender(t.Context()); return err })
					if err != nil {
						t.Error(err)
					}
					if lease == nil {
						continue
					}
					if holders.Add(1) != 1 {
						t.Error("two senders")
					}
					turns.Add(1)
					asked := time.Now()
					var until time.Time
					err = insist(t, func() (err error) { until, err = lease.Held(t.Context()); return err })
					if err != nil || until.Sub(asked) < 55*time.Minute {
						t.Errorf("%v, %v", until, err)
					}
					settled := ledger.Schedule{Settled: int64(turns.Load())}
					if err := insist(t, func() error { return l.SetSchedule(t.Context(), lease, settled) }); err != nil {
						t.Error(err)
					}
					holders.Add(-1)
					lease.Release()
					lease.Release()
				}
			})
		}
		all.Wait()
		l := opened(t, d.store())
		if s, err := l.Schedule(t.Context()); turns.Load() == 0 || err != nil || s.Settled != int64(turns.Load()) {
			t.Errorf("%d turns, %+v, %v", turns.Load(), s, err)
		}
	})
}

// TestLeaseEnds has a lease that another one takes: the first can neither send
// nor write nor give back what is not its own.
func TestLeaseEnds(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		s := d.store()
		s.lease = 500 * time.Millisecond
		l, other := opened(t, s), opened(t, s)
		first, err := l.Sender(t.Context())
		if first == nil || err != nil {
			t.Fatal(first, err)
		}
		for end := time.Now().Add(800 * time.Millisecond); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			if _, err := first.Held(t.Context()); err != nil {
				t.Fatal(err) // made longer each time
			}
			if lease, _ := other.Sender(t.Context()); lease != nil {
				t.Fatal("two senders")
			}
		}
		time.Sleep(600 * time.Millisecond)
		if _, err := first.Held(t.Context()); err != nil {
			t.Errorf("it ended, but nobody took it: %v", err)
		}
		time.Sleep(600 * time.Millisecond)
		second, err := other.Sender(t.Context())
		if second == nil || err != nil {
			t.Fatal(second, err)
		}
		if err := other.SetSchedule(t.Context(), second, ledger.Schedule{Settled: 7, Former: 5, Failures: 2}); err != nil {
			t.Fatal(err)
		}
		first.Release()
		add(t, l, 0, 1)
		if _, err := first.Held(t.Context()); !errors.Is(err, ledger.ErrLost) {
			t.Errorf("%v", err)
		}
		if err := l.SetSchedule(t.Context(), first, ledger.Schedule{Settled: 6}); !errors.Is(err, ledger.ErrLost) {
			t.Errorf("%v", err)
		}
		if _, err := second.Held(t.Context()); err != nil {
			t.Errorf("given back by one that does not have it: %v", err)
		}
		if s, err := l.Schedule(t.Context()); s.Settled != 7 || s.Former != 5 || s.Failures != 2 || err != nil {
			t.Errorf("%+v, %v", s, err)
		}
		fold(t, l)
		equal(t, l, 1, 0)
		second.Release()
		if _, err := second.Held(t.Context()); !errors.Is(err, ledger.ErrLost) {
			t.Errorf("given back, and still held: %v", err)
		}
		if err := l.SetSchedule(t.Context(), nil, ledger.Schedule{}); !errors.Is(err, ledger.ErrLost) {
			t.Errorf("without a lease: %v", err)
		}
	})
}

// TestLeaseOfAnotherClock ends later than any lease could.
func TestLeaseOfAnotherClock(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := opened(t, d.store())
		d.must(t, "UPDATE headcount_installation SET lease_until = 9000000000000000000")
		if lease, err := l.Sender(t.Context()); lease == nil || err != nil {
			t.Errorf("%v, %v", lease, err)
		}
	})
}

func TestLeaseOfAKilledProcess(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		p := spawn(t, d, "lease")
		p.says("keep")
		p.hears("lease true <nil>")
		s := d.store()
		s.lease = 2 * time.Second
		l := opened(t, s)
		if lease, err := l.Sender(t.Context()); lease != nil || err != nil {
			t.Fatalf("two senders: %v, %v", lease, err)
		}
		p.kill()
		began := time.Now()
		for {
			lease, err := l.Sender(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if lease != nil {
				break
			}
			if time.Since(began) > time.Minute {
				t.Fatal("a killed sender is not replaced")
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Logf("a lease of 2s was free %v after its holder was killed", time.Since(began).Round(time.Millisecond))
	})
}
