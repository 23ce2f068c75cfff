package ledger

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"headcount.example/internal/durable"
)

// TestSending: one process at a time has the right to send, and it ends by
// itself.
func TestSending(t *testing.T) {
	for kind, empty := range kinds {
		t.Run(kind, func(t *testing.T) {
			dir := empty(t)
			l, other := open(t, dir, abc...), open(t, dir, abc...)
			begin := func(l *Ledger, now time.Time, failures int) (Sending, error) {
				return l.Begin(ctx, now, now.Add(10*time.Second), func(s Schedule) (Schedule, error) {
					s.Failures, s.Reported = failures, true
					return s, nil
				})
			}
			first, err := begin(l, noon, 1)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := begin(other, noon, 2); !errors.Is(err, ErrBusy) {
				t.Errorf("two senders: got %v, want ErrBusy", err)
			}
			if err := l.Confirm(ctx, first); err != nil || first.Attempt.Failures != 1 {
				t.Errorf("got %v and the attempt %+v, want what was stored", err, first.Attempt)
			}
			// Its time is over, as after a pause: another one sends, and the first
			// can write nothing any more.
			second, err := begin(other, noon.Add(11*time.Second), 3)
			if err != nil {
				t.Fatal(err)
			}
			if err := l.Confirm(ctx, first); !errors.Is(err, ErrLost) {
				t.Errorf("got %v, want ErrLost", err)
			}
			if err := l.End(ctx, first, Schedule{Failures: 9}); !errors.Is(err, ErrLost) {
				t.Errorf("got %v, want ErrLost", err)
			}
			if err := other.End(ctx, second, Schedule{Failures: 4, Reported: true}); err != nil {
				t.Error(err)
			}
			if err := l.Sync(ctx); err != nil {
				t.Error(err)
			}
			if s := l.Schedule(); s.Failures != 4 || !s.Reported {
				t.Errorf("got %+v, want what the second wrote", s)
			}
			// A right that ends later than any could was taken under another clock.
			if _, err := begin(l, noon.AddDate(3, 0, 0), 5); err != nil {
				t.Fatal(err)
			}
			if _, err := begin(other, noon, 6); err != nil {
				t.Errorf("another clock: got %v", err)
			}
		})
	}
}

// TestKilledSender: another process cannot send until the right of a killed one
// ends, and can then.
func TestKilledSender(t *testing.T) {
	for kind, empty := range kinds {
		t.Run(kind, func(t *testing.T) {
			dir := empty(t)
			l := open(t, dir, abc...)
			other := start(t, "send", dir)
			other.hears("<nil>")
			other.kill()
			now, keep := time.Now(), func(s Schedule) (Schedule, error) { return s, nil }
			if _, err := l.Begin(ctx, now, now.Add(time.Second), keep); !errors.Is(err, ErrBusy) {
				t.Errorf("at once: got %v, want %v", err, ErrBusy)
			}
			now = now.Add(longest)
			s, err := l.Begin(ctx, now, now.Add(time.Second), keep)
			if err = errors.Join(err, l.End(ctx, s, Schedule{})); err != nil {
				t.Errorf("when its right has ended: got %v, want the right to send", err)
			}
		})
	}
}

func TestOneSenderInAProcess(t *testing.T) {
	dir := directory(t)
	var holders, turns atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		l := open(t, dir, abc...)
		all.Go(func() {
			for range 20 {
				s, err := l.Begin(ctx, noon, noon.Add(time.Second), func(s Schedule) (Schedule, error) { return s, nil })
				if err != nil && !errors.Is(err, ErrBusy) {
					t.Error(err)
				}
				if err == nil {
					if holders.Add(1) != 1 {
						t.Error("two senders")
					}
					turns.Add(1)
					holders.Add(-1)
					if err := l.End(ctx, s, Schedule{}); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	if turns.Load() == 0 {
		t.Error("no goroutine ever sent")
	}
}

// TestSendingIsOnTheDisk: that a report is sent is known after a power loss.
func TestSendingIsOnTheDisk(t *testing.T) {
	l := openMapped(t)
	var last string
	durable.Step = func(step string) { last = step }
	defer func() { durable.Step = func(string) {} }()
	s, err := l.Begin(ctx, noon, noon.Add(time.Second), func(s Schedule) (Schedule, error) { return s, nil })
	if err != nil || last != "sync "+fileName {
		t.Errorf("got %v and %q last, want the file synced", err, last)
	}
	last = ""
	if err := l.End(ctx, s, Schedule{}); err != nil || last != "sync "+fileName {
		t.Errorf("got %v and %q last, want the file synced", err, last)
	}
}
