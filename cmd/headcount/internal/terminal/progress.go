package terminal

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// How often the line is written, and how long work must last to get one.
const (
	progressEvery = 200 * time.Millisecond
	progressAfter = 500 * time.Millisecond
)

// A Progress is one line about long work: how much is done, how fast, and
// how long the rest takes. It shows nothing where there is no terminal. It is
// safe for concurrent use.
type Progress struct {
	w     io.Writer
	t     Terminal
	verb  string
	size  func(int64) string
	now   func() time.Time
	start time.Time

	mu    sync.Mutex
	last  time.Time // of the last line written
	shown bool
}

// NewProgress begins to measure work. verb says what is done, and size
// writes an amount of it, as [Bytes] does.
func NewProgress(w io.Writer, t Terminal, verb string, size func(int64) string, now func() time.Time) *Progress {
	return &Progress{w: w, t: t, verb: verb, size: size, now: now, start: now()}
}

// Update says how much is done of how much. A total of 0 is not known.
func (p *Progress) Update(done, total int64) {
	if !p.t.Interactive {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if now.Sub(p.start) < progressAfter || now.Sub(p.last) < progressEvery {
		return
	}
	p.last, p.shown = now, true
	fmt.Fprint(p.w, "\r\x1b[K"+shorten(p.line(done, total, now.Sub(p.start)), p.t.columns()-1))
}

func (p *Progress) line(done, total int64, took time.Duration) string {
	rate := float64(done) / took.Seconds()
	speed := p.size(int64(rate)) + "/s"
	if total <= 0 {
		return fmt.Sprintf("%s %s, %s", p.verb, p.size(done), speed)
	}
	done = min(done, total)
	rest := "remaining time " + notKnown
	if rate > 0 {
		// Bounded, so that a slow start is no overflow.
		seconds := min(float64(total-done)/rate, 1e6)
		rest = span(time.Duration(seconds*float64(time.Second))) + " left"
	}
	return fmt.Sprintf("%s %s %3d %%, %s of %s, %s, %s", p.verb, pad(bar(done, total, 12), 12),
		int64(float64(done)/float64(total)*100), p.size(done), p.size(total), speed, rest)
}

// Done takes the line away. It may be called more than once.
func (p *Progress) Done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}
