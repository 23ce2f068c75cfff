package gate

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"headcount.example/catalog/compreface"
)

// TestTooLate writes nothing once the time to send is over, by either clock,
// whether or not a timer had the chance to say so.
func TestTooLate(t *testing.T) {
	asleep := time.Now().Add(-time.Minute).Round(0) // of the wall only: the machine slept
	for name, c := range map[string]struct {
		until time.Time
		late  bool
	}{
		"no bound":                {time.Time{}, false},
		"in time":                 {time.Now().Add(time.Minute), false},
		"too late":                {time.Now().Add(-time.Millisecond), true},
		"too late, after a sleep": {asleep, true},
	} {
		t.Run(name, func(t *testing.T) {
			near, far := net.Pipe()
			defer near.Close()
			go func() {
				defer far.Close()
				_, _ = far.Read(make([]byte, 10))
			}()
			p := deadlineConn{near, c.until}
			n, err := p.Write([]byte("report"))
			if c.late != errors.Is(err, errLate) || (n == 0) != c.late {
				t.Errorf("%d bytes, %v", n, err)
			}
		})
	}
}

// stopped is the context of a process that stood still: its time is over, and its
// timer has not run.
type stopped struct {
	context.Context
	until time.Time
}

func (s stopped) Deadline() (time.Time, bool) { return s.until, true }

// TestTimeOfTheCaller: a process that stood still writes nothing later than the
// caller's time, and says that this time is over.
func TestTimeOfTheCaller(t *testing.T) {
	for _, scheme := range []string{"http://", "https://"} {
		r := receive(t, says(taken))
		ctx := stopped{t.Context(), time.Now().Add(-time.Second)}
		err := send(ctx, gateTo(t, compreface.Catalog, scheme+r.Addr().String()), report(compreface.Catalog))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: got %v, want the caller's time", scheme, err)
		}
		if sent := r.only(t); len(sent) != 0 {
			t.Errorf("%s: sent %q", scheme, sent)
		}
	}
}
