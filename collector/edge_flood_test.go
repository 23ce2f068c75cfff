package collector_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// A flood from one address is bounded by deploy/edge/nginx.conf, and another
// address gets through meanwhile. No address is written anywhere.
func TestEdgeBoundsAFlood(t *testing.T) {
	const requests, senders, rate, burst = 10_000, 20, 5, 20
	behind := start(t, products[0].config)
	e := startEdge(t, behind.address())
	m, err := forms[1].encode(report(products[0].catalog, newGUID()))
	if err != nil {
		t.Fatal(err)
	}
	flooder := e.process(behind, e.client(always("127.77.3.4"), true))
	flooder.http.Transport.(*http.Transport).MaxIdleConnsPerHost = senders
	began, got := time.Now(), newTally()
	var group sync.WaitGroup
	for range senders {
		group.Go(func() {
			for range requests / senders {
				got.add(flooder.send(m))
			}
		})
	}
	other, address := newTally(), e.process(behind, e.client(always("127.77.5.6"), false))
	for range burst {
		other.add(address.send(m))
	}
	group.Wait()
	elapsed := time.Since(began)
	if most := burst + 1 + int(rate*elapsed.Seconds()+1); got.n[200] > most || got.n[200] == 0 {
		t.Errorf("the flood: %d were served, want 1 to %d", got.n[200], most)
	}
	if refused := got.n[429]; refused+got.n[200] != requests {
		t.Errorf("the flood: got %s, want 200 and 429 only", got)
	}
	if other.n[200] != burst {
		t.Errorf("the other address: got %s, want %d served", other, burst)
	}
	e.checkNoAddress(t, behind, "127.77.3.")
	e.checkNoAddress(t, behind, "127.77.5.")
	t.Logf("flood of %d in %s: %s, %.2f %% refused; the other address: %s", requests, elapsed.Round(time.Millisecond), got,
		100*float64(got.n[429])/requests, other)
}

// A sender is an IPv4 address, or an IPv6 network of 64 bits.
func TestEdgeCountsNetworks(t *testing.T) {
	behind := start(t, products[0].config)
	e := startEdge(t, behind.address(), "set_real_ip_from 127.0.0.1;", "real_ip_header X-Address;")
	send := func(address string) *tally {
		got := newTally()
		p := e.process(behind, e.client(always("127.0.0.1"), true))
		for i := range 200 {
			m, err := forms[0].encode(report(products[0].catalog, newGUID()))
			if err != nil {
				t.Fatal(err)
			}
			m.header["X-Address"] = fmt.Sprintf(address, i)
			got.add(p.send(m))
		}
		return got
	}
	one, many := send("2001:db8:0:1::%x"), send("2001:db8:1:%x::1")
	if one.n[429] == 0 {
		t.Errorf("200 addresses of one network: got %s, want some refused", one)
	}
	if many.n[200] != 200 {
		t.Errorf("200 networks: got %s, want all served", many)
	}
	t.Logf("200 addresses of one network: %s; of 200 networks: %s", one, many)
}

// Slow senders of one address hold ten requests at most, and nothing of the
// Collector: another address is served meanwhile.
func TestEdgeOutlastsSlowSenders(t *testing.T) {
	behind := start(t, products[0].config)
	e := startEdge(t, behind.address())
	var slow []*tls.Conn
	defer func() {
		for _, c := range slow {
			c.Close()
		}
	}()
	refused := 0
	for range 15 {
		dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 77, 7, 8)}}
		c, err := tls.DialWithDialer(dialer, "tcp", e.address, &tls.Config{RootCAs: e.roots, ServerName: "127.0.0.1"})
		if err != nil {
			t.Fatal(err)
		}
		slow = append(slow, c)
		io.WriteString(c, "POST /v1/metrics HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
	}
	m, err := forms[0].encode(report(products[0].catalog, newGUID()))
	if err != nil {
		t.Fatal(err)
	}
	other := newTally()
	p := e.process(behind, e.client(always("127.77.9.9"), false))
	for range 20 {
		other.add(p.send(m))
	}
	if other.n[200] != 20 {
		t.Errorf("the other address: got %s, want 20 served", other)
	}
	answers := newTally()
	for _, c := range slow { // each ends by the edge's own time limit
		text, _ := io.ReadAll(c)
		status := 0
		fmt.Sscanf(string(text), "HTTP/1.1 %d", &status)
		answers.add(status, nil)
		if strings.Contains(string(text), " 429 ") {
			refused++
		}
	}
	if refused != 5 || answers.n[200] != 0 {
		t.Errorf("15 slow senders: got %s, want 5 refused and none served", answers)
	}
	e.checkNoAddress(t, behind, "127.77.7.")
	t.Logf("15 slow senders of one address: %s (0 is closed by the time limit); the other address: %s", answers, other)
}

// A tally counts answers by their status. Its methods are safe for concurrent
// use.
type tally struct {
	mu sync.Mutex
	n  map[int]int
}

func newTally() *tally { return &tally{n: map[int]int{}} }

// add counts an answer; an error counts as status -1.
func (c *tally) add(status int, err error) {
	if err != nil {
		status = -1
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n[status]++
}

func (c *tally) String() string { return fmt.Sprint(c.n)[len("map"):] }
