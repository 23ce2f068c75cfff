package receiver

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"headcount.example/cmd/headcount/internal/audit/corpus"
)

// workers send at the same time.
const workers = 4

// A sender sends requests from an address that nothing else has, so that the
// address can be searched for.
type sender struct {
	client *http.Client
	base   string

	mu sync.Mutex
	ip net.IP // nil where it cannot be told apart
}

// address is where the requests came from, or nil.
func (s *sender) address() net.IP {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ip
}

func (s *sender) cameFrom(ip net.IP) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ip = ip
}

// ownAddress is one of loopback's that no program uses by itself.
var ownAddress = net.IPv4(127, 83, 201, 147)

func newSender(base string, loopback bool) *sender {
	s := &sender{base: base}
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	if loopback && canBind(ownAddress) {
		s.ip = ownAddress
		dialer.LocalAddr = &net.TCPAddr{IP: ownAddress}
	}
	s.client = &http.Client{
		Timeout: 30 * time.Second,
		Transport: &http.Transport{
			DisableCompression:  true,
			MaxIdleConnsPerHost: workers,
			DialContext: func(ctx context.Context, network, to string) (net.Conn, error) {
				c, err := dialer.DialContext(ctx, network, to)
				if err != nil {
					return nil, err
				}
				if a, ok := c.LocalAddr().(*net.TCPAddr); ok && !loopback {
					s.cameFrom(a.IP)
				}
				return c, nil
			},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return s
}

func canBind(ip net.IP) bool {
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: ip})
	if err != nil {
		return false
	}
	_ = l.Close() // nothing was written
	return true
}

// send returns the status of the answer, 0 without one. A report is the same
// when it is sent again, and a receiver may close a connection in the moment of
// its next request, so a second and third attempt are made.
func (s *sender) send(ctx context.Context, r *corpus.Request) (status int) {
	for range 3 {
		if status = s.attempt(ctx, r); status != 0 || ctx.Err() != nil {
			break
		}
	}
	return status
}

func (s *sender) attempt(ctx context.Context, r *corpus.Request) int {
	method, path := r.Method, r.Path
	if method == "" {
		method = http.MethodPost
	}
	if path == "" {
		path = "/v1/metrics"
	}
	to, err := http.NewRequestWithContext(ctx, method, s.base+path, bytes.NewReader(r.Body))
	if err != nil {
		return 0
	}
	if to.Host = r.Host; r.Chunked {
		to.ContentLength = -1
	}
	for k, v := range r.Header {
		to.Header.Set(k, v)
	}
	answer, err := s.client.Do(to)
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<20)); err != nil {
		return 0
	}
	return answer.StatusCode
}

// A sent request, without its body.
type sent struct {
	corpus.Request
	status int
}

func (s *sent) accepted() bool { return s.status >= 200 && s.status < 300 }

// fire sends what next returns until it returns nothing. Done is called after
// each request.
func (s *sender) fire(ctx context.Context, next func() *corpus.Request, done func()) (list []*sent) {
	requests := make(chan *corpus.Request)
	var mu sync.Mutex
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			for r := range requests {
				status := s.send(ctx, r)
				x := &sent{*r, status}
				x.Body, x.Header = nil, nil
				mu.Lock()
				list = append(list, x)
				done()
				mu.Unlock()
			}
		})
	}
	for r := next(); r != nil && ctx.Err() == nil; r = next() {
		requests <- r
	}
	close(requests)
	running.Wait()
	return list
}
