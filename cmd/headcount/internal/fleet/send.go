package fleet

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"headcount.example/cmd/headcount/internal/day"
)

// senders is how many requests are under way at once.
const senders = 4

// MetricsURL is where OTLP/HTTP takes metrics below an endpoint.
func MetricsURL(endpoint string) (string, error) {
	u, err := url.Parse(endpoint)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return "", fmt.Errorf("endpoint %q is not an address like http://127.0.0.1:4318", endpoint)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", fmt.Errorf("endpoint %q has more than an address and a path; leave it out", endpoint)
	case strings.HasSuffix(strings.TrimRight(u.Path, "/"), "/v1/metrics"):
		return "", fmt.Errorf("endpoint %q ends with /v1/metrics, which is added to it; leave it out", endpoint)
	}
	return u.JoinPath("v1", "metrics").String(), nil
}

// Send sends the reports of a fleet's last day to a Collector, one request
// each, as the product does: also second reports and requests to erase, but
// nothing that a product would not send. The Collector stamps its own day.
// The days before are lived through and not sent. An answer that is not 200
// is an error and ends it.
func Send(ctx context.Context, o Options, endpoint string, client *http.Client, progress func(Progress)) error {
	if err := o.check(); err != nil {
		return err
	}
	to, err := MetricsURL(endpoint)
	if err != nil {
		return fmt.Errorf("fleet: %w", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s := &sender{f: newFleet(o), url: to, client: client, progress: progress, ctx: ctx, cancel: cancel}
	s.start()
	err = s.f.run(ctx, o.End, s)
	s.stop()
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("fleet: %w", cause)
	}
	return err
}

// A sender is a sink that sends the last day. The requests of one identifier
// go one after the other.
type sender struct {
	f        *fleet
	url      string
	client   *http.Client
	progress func(Progress)
	ctx      context.Context
	cancel   context.CancelCauseFunc
	queues   [senders]chan []byte
	running  sync.WaitGroup

	mu   sync.Mutex
	sent int64
	days int
}

func (s *sender) start() {
	for i := range s.queues {
		queue := make(chan []byte, 16)
		s.queues[i] = queue
		s.running.Go(func() {
			for body := range queue {
				if s.ctx.Err() != nil {
					continue // the queue is emptied, so that run does not wait
				}
				if err := s.post(body); err != nil {
					s.cancel(err)
					continue
				}
				s.tell(1, 0)
			}
		})
	}
}

func (s *sender) stop() {
	for _, queue := range s.queues {
		close(queue)
	}
	s.running.Wait()
}

// tell reports progress. Only one call at a time is under way.
func (s *sender) tell(reports int64, days int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent += reports
	s.days += days
	if s.progress != nil {
		s.progress(Progress{Day: s.days, Days: s.f.o.Days, Reports: s.sent})
	}
}

func (s *sender) event(e *event) error {
	if e.day != s.f.o.End {
		return nil
	}
	body, err := encode(s.f, e)
	if err != nil {
		return err
	}
	s.queues[e.of%senders] <- body
	return nil
}

func (s *sender) endDay(day.Day) error {
	s.tell(0, 1)
	return nil
}

func (s *sender) post(body []byte) error {
	r, err := http.NewRequestWithContext(s.ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-protobuf")
	r.Header.Set("User-Agent", "headcount")
	answer, err := s.client.Do(r)
	if err != nil {
		return fmt.Errorf("%w; is a Collector there?", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<10))
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s %.100q; a Collector answers 200", s.url, answer.Status, text)
	}
	return err
}
