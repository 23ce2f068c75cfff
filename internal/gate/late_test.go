package gate

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"
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
			p := &lazyConn{Conn: near, written: make(chan struct{}), until: c.until}
			n, err := p.Write([]byte("report"))
			if c.late != errors.Is(err, context.DeadlineExceeded) || (n == 0) != c.late {
				t.Errorf("%d bytes, %v", n, err)
			}
		})
	}
}
