package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
)

// Wire is what a day costs the network.
type Wire struct {
	Days []Day `json:"days"`
	Post int   `json:"post"` // bytes of one POST for one event
}

// A Day is the one request of a day on which so many events were counted.
type Day struct {
	Events  int `json:"events"`
	Request int `json:"request"` // bytes on the socket: head and body
	Body    int `json:"body"`    // of those, gzipped body
}

func wire(dir string) (w Wire, err error) {
	for _, events := range []int{0, 10, 1000, 1_000_000} {
		day, err := oneDay(filepath.Join(dir, fmt.Sprint(events)), events)
		if err != nil {
			return w, err
		}
		w.Days = append(w.Days, day)
	}
	w.Post, _, err = captured(func(url string) error {
		return post(&http.Client{Transport: &http.Transport{}}, url)
	})
	return w, err
}

// oneDay counts events one by one over all series of the catalog, observes
// four collections, and sends the report.
func oneDay(dir string, events int) (Day, error) {
	request, body, err := captured(func(url string) error {
		stats, err := client(dir, url, consent.Granted)
		if err != nil {
			return err
		}
		defer stats.Shutdown(context.Background())
		stats.Observe(compreface.Collections, func(context.Context) ([]int64, error) { return []int64{700, 0, 5, 300}, nil })
		for i := range events {
			switch i % 5 {
			case 0:
				stats.Add(compreface.UserCreated, 1)
			case 1:
				stats.Add(compreface.ApplicationCreated, 1)
			case 2:
				stats.Add(compreface.ServiceCreated.With(compreface.Detection), 1)
			case 3:
				stats.Add(compreface.ServiceCreated.With(compreface.Recognition), 1)
			case 4:
				stats.Add(compreface.ServiceCreated.With(compreface.Verification), 1)
			}
		}
		return stats.Flush(context.Background())
	})
	return Day{Events: events, Request: request, Body: body}, err
}

// captured takes one request from a socket of this machine, and returns how
// many bytes came and how many of them were its body.
func captured(send func(url string) error) (request, body int, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, 0, err
	}
	taken := make(chan error, 1)
	go func() { taken <- take(l, &request, &body) }()
	err = send("http://" + l.Addr().String())
	_ = l.Close() // ends take if nothing came
	if fault := <-taken; err == nil {
		err = fault
	}
	return request, body, err
}

func take(l net.Listener, request, body *int) error {
	c, err := l.Accept()
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	counted := &tally{from: c}
	r, err := http.ReadRequest(bufio.NewReader(counted))
	if err != nil {
		return err
	}
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		return err
	}
	*request, *body = counted.n, int(n)
	_, err = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	return err
}

// tally counts what is read through it.
type tally struct {
	from io.Reader
	n    int
}

func (t *tally) Read(p []byte) (int, error) {
	n, err := t.from.Read(p)
	t.n += n
	return n, err
}
