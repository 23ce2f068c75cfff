package main

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/posthog/posthog-go"
	segment "github.com/segmentio/analytics-go/v3"
)

// receiver takes whatever is sent. It is in this process, and so its work is
// part of the price of those who send.
func receiver() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusOK)
	}))
}

// events are peers that make a message of each event.
func events() []contender {
	const note = "with sending to this machine"
	return []contender{
		{name: "segment analytics-go Enqueue", kind: peer, note: note, batch: 1, alone: true, open: openSegment},
		{name: "posthog-go Enqueue", kind: peer, note: note, batch: 1, alone: true, open: openPosthog},
		{name: "one POST per event", kind: peer, note: note, batch: 1, alone: true, open: openPost},
	}
}

func openSegment(string) (running, error) {
	s := receiver()
	c, err := segment.NewWithConfig("key", segment.Config{Endpoint: s.URL, Logger: segment.StdLogger(log.New(io.Discard, "", 0))})
	if err != nil {
		s.Close()
		return running{}, err
	}
	return running{func(n int) {
		for range n {
			_ = c.Enqueue(segment.Track{UserId: "installation", Event: "service created",
				Properties: segment.NewProperties().Set("type", "FACE_DETECTION")})
		}
	}, func() { _ = c.Close(); s.Close() }}, nil
}

func openPosthog(string) (running, error) {
	s := receiver()
	c, err := posthog.NewWithConfig("key", posthog.Config{Endpoint: s.URL, Logger: posthog.StdLogger(log.New(io.Discard, "", 0))})
	if err != nil {
		s.Close()
		return running{}, err
	}
	return running{func(n int) {
		for range n {
			_ = c.Enqueue(posthog.Capture{DistinctId: "installation", Event: "service created",
				Properties: posthog.NewProperties().Set("type", "FACE_DETECTION")})
		}
	}, func() { _ = c.Close(); s.Close() }}, nil
}

func openPost(string) (running, error) {
	s := receiver()
	return running{func(n int) {
		for range n {
			_ = post(s.Client(), s.URL)
		}
	}, s.Close}, nil
}

// post sends one event by itself.
func post(client *http.Client, url string) error {
	body := []byte(`{"install_guid":"b2f1c8f4-6a0e-4f0e-9d0b-5d6a5d1f7c11","action":"SERVICE_CREATE","type":"FACE_DETECTION"}`)
	response, err := client.Post(url, "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("status %s", response.Status)
	}
	return nil
}
