package gate

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"headcount.example/catalog/compreface"
)

// gateThrough is a gate whose connections are pipes, to be driven in a bubble.
func gateThrough(t *testing.T, far func(net.Conn)) *Gate {
	g := gateTo(t, compreface.Catalog, "https://stats.vendor.example")
	g.connect = func(context.Context, time.Time) (net.Conn, error) {
		near, end := net.Pipe()
		go far(end)
		return near, nil
	}
	return g
}

// TestEndsByItself: whatever the server does, ten seconds are the end.
func TestEndsByItself(t *testing.T) {
	swallow := func(c net.Conn) { go func() { _, _ = io.Copy(io.Discard, c) }() }
	drip := func(begin, drop string) func(net.Conn) {
		return func(c net.Conn) {
			swallow(c)
			_, err := io.WriteString(c, begin)
			for err == nil {
				time.Sleep(time.Second)
				_, err = io.WriteString(c, drop)
			}
		}
	}
	for _, test := range []struct {
		name string
		far  func(net.Conn)
	}{
		{"never answers", swallow},
		{"never reads", func(net.Conn) {}},
		{"headers drip", drip("HTTP/1.1 200 OK\r\nX: ", "x")},
		{"1xx drip", drip("", "HTTP/1.1 102 Processing\r\n\r\n")},
		{"body drips", drip("HTTP/1.1 200 OK\r\n"+otlpType+"\r\n", "x")},
		{"body of a known length drips", drip("HTTP/1.1 200 OK\r\n"+otlpType+"Content-Length: 1000\r\n\r\n", "x")},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				err := send(t.Context(), gateThrough(t, test.far), report(compreface.Catalog))
				if took := time.Since(begin); took > timeout {
					t.Errorf("took %v", took)
				}
				var e *Error
				if !errors.As(err, &e) || e.Final || !errors.Is(err, ErrUnanswered) {
					t.Errorf("%v, want an Error that lets us try again, and that it may have arrived", err)
				}
				presentable(t, err)
				time.Sleep(2 * time.Second) // of the bubble: the far end finds out; what is left would fail the test
			})
		})
	}
}

// TestEndsWithContext: the caller's end is the connection's end, in each
// phase, and it is no fault of the server. The listener sees the connection
// close.
func TestEndsWithContext(t *testing.T) {
	for _, test := range []struct {
		name   string
		secure bool
		begin  string // what the server says before it falls silent
	}{
		{"in the handshake", true, ""},
		{"in the answer", false, ""},
		{"in the headers", false, "HTTP/1.1 200 OK\r\n"},
		{"in the body", false, "HTTP/1.1 200 OK\r\n" + otlpType + "\r\nx"},
	} {
		t.Run(test.name, func(t *testing.T) {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer ln.Close()
			reached, closed := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(closed)
				conn, err := ln.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				_, _ = conn.Read(make([]byte, 1)) // the request, or the handshake, has begun
				_, _ = io.WriteString(conn, test.begin)
				close(reached)
				_, _ = io.Copy(io.Discard, conn)
			}()
			endpoint := "http://" + ln.Addr().String()
			if test.secure {
				endpoint = "https://" + ln.Addr().String()
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			go func() { <-reached; cancel(errors.New("consent was taken back")) }()
			err = send(ctx, gateTo(t, compreface.Catalog, endpoint), report(compreface.Catalog))
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%v, want context.Canceled", err)
			}
			select {
			case <-closed:
			case <-time.After(2 * timeout): // below what net/http would wait for a dial
				t.Error("the connection is still open after Send has returned")
			}
		})
	}
}

// TestLookupEndsWithContext: net/http lets a lookup go on after the request
// was cancelled. Here it must end.
func TestLookupEndsWithContext(t *testing.T) {
	asked, ended := make(chan struct{}), make(chan error, 1)
	resolver := net.DefaultResolver
	defer func() { net.DefaultResolver = resolver }()
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		first := false
		select {
		case <-asked:
		default:
			first = true
			close(asked)
		}
		<-ctx.Done()
		if first {
			ended <- ctx.Err()
		}
		return nil, ctx.Err()
	}}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	err := send(ctx, gateTo(t, compreface.Catalog, "https://stats.vendor.invalid"), report(compreface.Catalog))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) { // and not that a name server has so much time
		t.Errorf("the lookup ended with %v, want context.Canceled", err)
	}
}

func TestLookupFails(t *testing.T) {
	resolver := net.DefaultResolver
	defer func() { net.DefaultResolver = resolver }()
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no network")
	}}
	err := send(t.Context(), gateTo(t, compreface.Catalog, "https://stats.vendor.invalid"), report(compreface.Catalog))
	var e *Error
	if !errors.As(err, &e) || e.Status != 0 || e.Final || !strings.Contains(e.Reason, "stats.vendor.invalid") {
		t.Errorf("%#v, want an Error without status that names the host", err)
	}
	presentable(t, err)
}

// TestServerSpeaksFirst: the server is heard only after it was asked, and nothing
// of it is on the standard logger, which is the host's.
func TestServerSpeaksFirst(t *testing.T) {
	var logged bytes.Buffer
	before := log.Writer()
	log.SetOutput(&logged)
	defer log.SetOutput(before)
	hello := "SSH-2.0-" + strings.Repeat("canary", 500) + "\r\n"
	synctest.Test(t, func(t *testing.T) {
		heard := 0
		err := send(t.Context(), gateThrough(t, func(c net.Conn) {
			defer c.Close()
			_ = c.SetWriteDeadline(time.Now().Add(time.Second))
			heard, _ = io.WriteString(c, hello)
			_ = c.SetWriteDeadline(time.Time{})
			go func() { _, _ = io.WriteString(c, hello) }()
			_, _ = io.Copy(io.Discard, c)
		}), report(compreface.Catalog))
		if err == nil || heard != 0 {
			t.Errorf("error %v, and %d bytes were heard before the server was asked", err, heard)
		}
		presentable(t, err)
	})
	address := answering(t, func(c net.Conn) { _, _ = io.WriteString(c, hello) })
	for range 20 {
		err := send(t.Context(), gateTo(t, compreface.Catalog, "http://"+address), report(compreface.Catalog))
		if err == nil {
			t.Error("delivered to an SSH server")
		}
		presentable(t, err)
	}
	if logged.Len() > 0 {
		t.Errorf("on the host's logger: %.200q", logged.String())
	}
}

// TestExporterSendsNothing: the exporter's own request goes nowhere, wherever it
// is addressed to.
func TestExporterSendsNothing(t *testing.T) {
	elsewhere := listenDeaf(t)
	request, err := http.NewRequest(http.MethodPost, "http://"+elsewhere.Addr().String(), strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	var e encoder
	if _, err := e.RoundTrip(request); err != nil || string(e.body) != "x" {
		t.Errorf("got %q and %v, want the body", e.body, err)
	}
	elsewhere.untouched(t)
}

// TestEncoderKeepsNothing: where the exporter fails, no earlier report is taken for
// this one.
func TestEncoderKeepsNothing(t *testing.T) {
	g := gateTo(t, compreface.Catalog, "https://stats.vendor.example")
	if _, err := preview(g, report(compreface.Catalog)); err != nil {
		t.Fatal(err)
	}
	if err := g.encoder.exporter.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if raw, err := preview(g, report(compreface.Catalog)); err == nil || raw != nil {
		t.Errorf("got %q and %v, want an error alone", raw, err)
	}
	if body, err := g.encoder.encode(g.metricData(report(compreface.Catalog))); err == nil || body != nil {
		t.Errorf("got %q and %v, want an error alone", body, err)
	}
}
