//go:build linux

package faults

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A trouble is one way in which a network or a server can misbehave.
type trouble struct {
	name     string
	fault    fault
	refuse   bool          // nothing listens
	patience time.Duration // of the caller of Flush; 0: the library's own ten seconds
	says     string        // what Flush says: a pattern; empty: nil
	arrives  bool          // the report reached the Collector all the same
}

const impatient = 300 * time.Millisecond

// ended is what is said of a connection that the server ended: which of these,
// the kernel and net/http decide.
const ended = "reset|EOF|broken pipe|the server ended the connection"

var otlp = "Content-Type: application/x-protobuf"

var troubles = []trouble{
	{name: "none", fault: pass, arrives: true},
	{name: "connection kept open", fault: keep, arrives: true},
	{name: "refuse", refuse: true, says: "connection refused"},
	{name: "reset at once", fault: func(w *wire) { w.reset() }, says: ended},
	{name: "reset in the middle of the request", fault: func(w *wire) { w.some(100); w.reset() }, says: ended},
	{name: "reset after the request", fault: func(w *wire) { w.request(); w.reset() }, says: ended},
	{name: "reset after it was stored", fault: func(w *wire) { w.toCollector(w.request()); w.reset() }, says: ended, arrives: true},
	{name: "closed without an answer", fault: func(w *wire) { w.request() }, says: "EOF"},
	{name: "silence after the connection", fault: func(w *wire) { w.gone() }, patience: impatient, says: "deadline"},
	{name: "silence after the request", fault: func(w *wire) { w.request(); w.gone() }, patience: impatient, says: "deadline"},
	{name: "silence until the library gives up", fault: func(w *wire) { w.request(); w.gone() }, says: "no answer within 10s"},
	{name: "answer after the client gave up", fault: late, patience: 9 * time.Second, says: "deadline", arrives: true},
	{name: "answer after the library gave up", fault: late, says: "no answer within 10s", arrives: true},
	{name: "slow request", fault: slowly, arrives: true},
	{name: "slow answer", fault: drip(time.Millisecond), arrives: true},
	{name: "answer too slow", fault: drip(200 * time.Millisecond), patience: 9 * time.Second, says: "deadline", arrives: true},
	{name: "answer too slow for the library", fault: drip(200 * time.Millisecond), says: "no answer within 10s", arrives: true},
	{name: "429", fault: answer("429 Too Many Requests"), says: "429"},
	{name: "429 with Retry-After", fault: answer("429 Too Many Requests", "Retry-After: 1"), says: "429"},
	{name: "503", fault: answer("503 Service Unavailable"), says: "503"},
	{name: "503 with Retry-After", fault: answer("503 Service Unavailable", "Retry-After: 3600"), says: "503"},
	{name: "503 with a senseless Retry-After", fault: answer("503 Service Unavailable", "Retry-After: -9e99 weeks"), says: "503"},
	{name: "500", fault: answer("500 Internal Server Error"), says: "500"},
	{name: "500 though it was stored", fault: func(w *wire) {
		w.toCollector(w.request())
		_, _ = io.WriteString(w, "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
	}, says: "500", arrives: true},
	{name: "502 of a proxy", fault: raw("HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n\r\n<html>nginx</html>"), says: "502"},
	{name: "400", fault: answer("400 Bad Request"), says: "400"},
	{name: "401", fault: answer("401 Unauthorized", "WWW-Authenticate: Basic"), says: "401"},
	{name: "413", fault: answer("413 Content Too Large"), says: "413"},
	{name: "redirect", fault: answer("307 Temporary Redirect", "Location: http://127.0.0.1:1/"), says: "307"},
	{name: "a page instead", fault: raw("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello"), says: "text/html"},
	{name: "points refused", fault: raw("HTTP/1.1 200 OK\r\n" + otlp + "\r\nContent-Length: 4\r\n\r\n\x0a\x02\x08\x03"), says: "3 points were refused"},
	{name: "not OTLP", fault: raw("HTTP/1.1 200 OK\r\n" + otlp + "\r\nContent-Length: 3\r\n\r\n\xff\xff\xff"), says: "not OTLP"},
	{name: "not HTTP", fault: raw("SSH-2.0-OpenSSH_9.9\r\n"), says: "malformed|" + ended},
	{name: "greeting before the request", fault: func(w *wire) { _, _ = io.WriteString(w, "220 smtp\r\n"); w.gone() }, says: "malformed|" + ended},
	{name: "head broken off", fault: raw("HTTP/1.1 200 O"), says: "EOF"},
	{name: "answer broken off", fault: raw("HTTP/1.1 200 OK\r\n" + otlp + "\r\nContent-Length: 100\r\n\r\nabc"), says: "broke off"},
	{name: "chunk broken off", fault: raw("HTTP/1.1 200 OK\r\n" + otlp + "\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc"), says: "broke off"},
	{name: "answer of a terabyte", fault: raw("HTTP/1.1 200 OK\r\n" + otlp + "\r\nContent-Length: 1000000000000\r\n\r\n" + strings.Repeat("x", 1<<20)), says: "longer than"},
	{name: "answer without end", fault: endless("HTTP/1.1 200 OK\r\n"+otlp+"\r\n\r\n", "x"), says: "longer than"},
	{name: "head without end", fault: endless("HTTP/1.1 200 OK\r\n", "X-More: and more\r\n"), says: "exceeded|longer"},
	{name: "error without end", fault: endless("HTTP/1.1 500 No\r\nContent-Type: text/plain\r\n\r\n", "shame on you\n"), says: "500"},
	{name: "informational answers without end", fault: endless("", "HTTP/1.1 103 Early Hints\r\n\r\n"), says: "1xx|exceeded"},
}

// some reads n bytes of whatever comes.
func (w *wire) some(n int) { _, _ = io.CopyN(io.Discard, w.r, int64(n)) }

// keep answers like a server that waits for the next request.
func keep(w *wire) {
	raw := w.toCollector(w.request())
	_, _ = w.Write(bytes.Replace(raw, []byte("Connection: close\r\n"), nil, 1))
	w.gone()
}

// late answers when the client has gone.
func late(w *wire) {
	raw := w.toCollector(w.request())
	w.gone()
	_, _ = w.Write(raw)
}

// slowly takes the request a byte at a time.
func slowly(w *wire) {
	_ = w.tcp.SetReadBuffer(1)
	for begin := time.Now(); time.Since(begin) < 200*time.Millisecond; time.Sleep(time.Millisecond) {
		if _, err := w.r.Peek(1); err != nil {
			return
		}
	}
	pass(w)
}

// drip answers a byte at a time.
func drip(pause time.Duration) fault {
	return func(w *wire) {
		answer, begin := w.toCollector(w.request()), time.Now()
		for n, b := range answer {
			if _, err := w.Write([]byte{b}); err != nil {
				return
			}
			time.Sleep(time.Until(begin.Add(time.Duration(n+1) * pause))) // not longer where each sleep is longer
		}
	}
}

// endless says the same until the other side has gone.
func endless(head, more string) fault {
	return func(w *wire) {
		if w.request() == nil {
			return
		}
		_, err := io.WriteString(w, head)
		for piece := strings.Repeat(more, 1000); err == nil; {
			_, err = io.WriteString(w, piece)
		}
	}
}

// Whatever the network or the server does, Flush says so in bounded time, the
// host notices nothing, and the next report makes all good.
func TestNetwork(t *testing.T) {
	url, _ := collector(t)
	for _, x := range troubles {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			_, s := collector(t)
			p := newProxy(t, url)
			i := consenting(t, directory(t))
			a := i.start("http://" + p.address)
			x.once(t, i, a, p, s)
			i.exact(a, s)
			if !strings.Contains(x.says, "10s") {
				x.once(t, i, a, p, s) // it need not be the first time that matters
				i.exact(a, s)
			}
			if conns, _, attempts := i.counts(p); conns > attempts {
				t.Errorf("%d connections for %d reports", conns, attempts)
			}
			a.close()
		})
	}
}

// counts says how many connections came, how many requests were whole, and
// how many were asked for.
func (i *installation) counts(p *proxy) (conns, requests, attempts int) {
	_, _, attempts = i.acked.sums()
	return int(p.conns.Load()), int(p.requests.Load()), attempts
}

// once sends a report into the trouble while the application goes on
// counting, and ends the trouble.
func (x trouble) once(t *testing.T, i *installation, a *application, p *proxy, s *store) {
	t.Helper()
	a.must(order{Do: "add", N: 10})
	if x.refuse {
		p.refuse()
	} else {
		p.set(x.fault)
	}
	s.refresh(t)
	before, stored := a.began.GUID, s.lines[a.began.GUID]
	sent := a.begin(order{Do: "flush", Timeout: x.patience})
	a.must(order{Do: "add", N: 1000})
	got := a.come("Flush", sent)
	if x.says == "" && got.Err != "" || x.says != "" && !regexp.MustCompile(x.says).MatchString(got.Err) {
		t.Errorf("Flush says %q, want %q", got.Err, x.says)
	}
	if len(got.Err) > 500 || strings.ContainsAny(got.Err, "\r\n") {
		t.Errorf("Flush says too much: %q", got.Err)
	}
	if got.GUID != before || !got.On {
		t.Errorf("the installation was %s and is %q, on %v", before, got.GUID, got.On)
	}
	s.refresh(t)
	if arrived := s.lines[before] - stored; (arrived == 1) != x.arrives || arrived > 1 {
		t.Errorf("%d reports arrived", arrived)
	}
	p.set(pass)
	if x.refuse {
		p.again()
	}
}

// Adding goes on while a report is on its way to a server that does not
// answer: the report is waited for by its caller alone.
func TestAddDoesNotWait(t *testing.T) {
	t.Parallel()
	url, s := collector(t)
	p := newProxy(t, url)
	there := make(chan struct{})
	p.set(func(w *wire) { w.request(); close(there); w.gone() })
	i := consenting(t, directory(t))
	a := i.start("http://" + p.address)
	sent := a.begin(order{Do: "flush"})
	<-there
	a.must(order{Do: "add", N: 1000})
	a.must(order{Do: "status"})
	select {
	case got := <-sent:
		t.Errorf("Flush has returned: %q", got.Err)
	default:
	}
	p.set(pass)
	p.hangUp()
	if got := a.come("Flush", sent); got.Err == "" {
		t.Error("Flush says that a report arrived, and there was no answer")
	}
	i.exact(a, s)
	a.close()
}

// Shutting down while a report is on its way does not make exit wait.
func TestShutdownDoesNotWait(t *testing.T) {
	t.Parallel()
	url, s := collector(t)
	p := newProxy(t, url)
	there := make(chan struct{})
	p.set(func(w *wire) { w.request(); close(there); w.gone() })
	i := consenting(t, directory(t))
	a := i.start("http://" + p.address)
	a.must(order{Do: "add", N: 1000})
	sent := a.begin(order{Do: "flush"})
	<-there
	a.close()
	if got := a.come("Flush", sent); got.Err == "" {
		t.Error("Flush says that a report arrived, and there was no answer")
	}
	p.set(pass)
	b := i.start("http://" + p.address)
	if b.began.GUID != a.began.GUID {
		t.Errorf("the installation was %s and is %s", a.began.GUID, b.began.GUID)
	}
	i.exact(b, s)
	b.close()
}
