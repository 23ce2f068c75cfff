package terminal

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// A clock that a test moves.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

func (c *clock) pass(d time.Duration) { c.Time = c.Add(d) }

func TestProgress(t *testing.T) {
	c := &clock{time.Unix(1_800_000_000, 0)}
	var out bytes.Buffer
	p := NewProgress(&out, Terminal{Interactive: true}, "compact", Bytes, c.now)
	update := func(after time.Duration, done, total int64, want string) {
		t.Helper()
		c.pass(after)
		out.Reset()
		p.Update(done, total)
		if got := strings.TrimPrefix(out.String(), "\r\x1b[K"); got != want {
			t.Errorf("after %s: got %q, want %q", after, got, want)
		}
	}
	update(499*time.Millisecond, 1, 100, "") // short work shows nothing
	update(501*time.Millisecond, 10_000_000, 40_000_000, "compact ███           25 %, 10.0 MB of 40.0 MB, 10.0 MB/s, 3 s left")
	update(199*time.Millisecond, 11_000_000, 40_000_000, "") // too early again
	update(801*time.Millisecond, 40_000_000, 40_000_000, "compact ████████████ 100 %, 40.0 MB of 40.0 MB, 20.0 MB/s, 0 s left")
	update(time.Second, 90_000_000, 40_000_000, "compact ████████████ 100 %, 40.0 MB of 40.0 MB, 30.0 MB/s, 0 s left")
	update(time.Second, 0, 40_000_000, "compact                0 %, 0 B of 40.0 MB, 0 B/s, remaining time not known")
	update(time.Second, 50_000, 0, "compact 50.0 kB, 10.0 kB/s")
	out.Reset()
	p.Done()
	p.Done()
	if out.String() != "\r\x1b[K" {
		t.Errorf("Done: got %q, want the line away, once", out.String())
	}
}

// A very slow start is a long time and no overflow.
func TestProgressOfASlowStart(t *testing.T) {
	c := &clock{time.Unix(1_800_000_000, 0)}
	var out bytes.Buffer
	p := NewProgress(&out, Terminal{Interactive: true}, "compact", Bytes, c.now)
	c.pass(time.Minute)
	p.Update(1, 1<<62)
	if !strings.Contains(out.String(), "277 h 46 min left") {
		t.Errorf("got %q, want a bounded time", out.String())
	}
}

func TestProgressIsForTerminals(t *testing.T) {
	c := &clock{time.Unix(1_800_000_000, 0)}
	var out bytes.Buffer
	p := NewProgress(&out, Terminal{}, "compact", Bytes, c.now)
	c.pass(time.Hour)
	p.Update(1, 2)
	p.Done()
	if out.Len() != 0 {
		t.Errorf("got %q, want nothing", out.String())
	}
}
