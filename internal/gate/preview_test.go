package gate

import (
	"bytes"
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"headcount.example/catalog/compreface"
)

// noLookups fails the test when a name is looked up.
func noLookups(t *testing.T) {
	t.Helper()
	resolver := net.DefaultResolver
	t.Cleanup(func() { net.DefaultResolver = resolver })
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(_ context.Context, network, address string) (net.Conn, error) {
		t.Errorf("a lookup through %s %s", network, address)
		return nil, errors.New("no lookups here")
	}}
}

// TestPreviewIsWhatIsSent: byte for byte, over plain HTTP; TestTLS does the
// same for https.
func TestPreviewIsWhatIsSent(t *testing.T) {
	for name, c := range catalogs {
		for _, path := range []string{"", "/", "/a/b", "/a%2Fb/%C3%BC/"} {
			t.Run(name+path, func(t *testing.T) {
				r := receive(t, says(taken))
				g := gateTo(t, c, r.url()+path)
				shown, err := preview(g, report(c))
				if err != nil {
					t.Fatal(err)
				}
				if err := send(t.Context(), g, report(c), yes); err != nil {
					t.Fatal(err)
				}
				if sent := r.only(t); !bytes.Equal(shown, sent) {
					t.Errorf("previewed %q\nsent %q", shown, sent)
				}
			})
		}
	}
}

func TestPreviewOpensNothing(t *testing.T) {
	noLookups(t)
	elsewhere := listenDeaf(t)
	for _, endpoint := range []string{"http://" + elsewhere.Addr().String(), "https://" + elsewhere.Addr().String(), "https://stats.vendor.example"} {
		g := gateTo(t, compreface.Catalog, endpoint)
		for range 10 {
			raw, err := preview(g, report(compreface.Catalog))
			if err != nil {
				t.Fatal(err)
			}
			request, otlp, err := Decode(raw)
			if err != nil || request.Host == "" {
				t.Fatal(err, request)
			}
			checkBody(t, compreface.Catalog, otlp)
		}
	}
	elsewhere.untouched(t)
}

// TestPreviewLeavesNothing: in the bubble, a goroutine or an open pipe that
// stayed would fail the test, and time that passed would be seen.
func TestPreviewLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		g := gateTo(t, compreface.Catalog, "https://stats.vendor.example")
		var shown [64][]byte
		var all sync.WaitGroup
		for i := range shown {
			all.Go(func() {
				var err error
				if shown[i], err = preview(g, report(compreface.Catalog)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for i := range shown {
			if !bytes.Equal(shown[i], shown[0]) {
				t.Errorf("preview %d is another: %q", i, shown[i])
			}
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("waited %v", took)
		}
	})
}

// TestLastLook: allowed is asked once, and after it the first thing is the
// lookup or the dial.
func TestLastLook(t *testing.T) {
	refused := errors.New("consent was taken back")
	t.Run("no: neither lookup nor dial", func(t *testing.T) {
		noLookups(t)
		elsewhere := listenDeaf(t)
		for _, endpoint := range []string{"http://" + elsewhere.Addr().String(), "https://stats.vendor.example"} {
			asked := 0
			err := send(t.Context(), gateTo(t, compreface.Catalog, endpoint), report(compreface.Catalog), func() error { asked++; return refused })
			if !errors.Is(err, refused) || err.Error() != refused.Error() {
				t.Errorf("%s: %v, want exactly the error of the look", endpoint, err)
			}
			if asked != 1 {
				t.Errorf("%s: asked %d times", endpoint, asked)
			}
		}
		elsewhere.untouched(t)
	})
	t.Run("yes: once, before the dial", func(t *testing.T) {
		var asked, dialed atomic.Int64
		r := receive(t, func(c net.Conn) { says(taken)(c) })
		err := send(t.Context(), gateTo(t, compreface.Catalog, r.url()), report(compreface.Catalog), func() error {
			dialed.Store(int64(r.connections()))
			asked.Add(1)
			return nil
		})
		if err != nil || asked.Load() != 1 || dialed.Load() != 0 {
			t.Errorf("%v, asked %d times, connected %d times before", err, asked.Load(), dialed.Load())
		}
		r.only(t)
	})
	t.Run("once however it fails", func(t *testing.T) {
		for _, answer := range []string{"", "HTTP/1.1 503 x\r\nRetry-After: 0\r\n\r\n", "HTTP/1.1 308 x\r\nLocation: /\r\n\r\n", "garbage"} {
			asked := 0
			r := receive(t, func(c net.Conn) { says(answer)(c); c.Close() })
			if err := send(t.Context(), gateTo(t, compreface.Catalog, r.url()), report(compreface.Catalog), func() error { asked++; return nil }); err == nil {
				t.Errorf("%q: delivered", answer)
			}
			r.only(t)
			if asked != 1 {
				t.Errorf("%q: asked %d times", answer, asked)
			}
		}
	})
	t.Run("ended before", func(t *testing.T) {
		elsewhere := listenDeaf(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := send(ctx, gateTo(t, compreface.Catalog, "http://"+elsewhere.Addr().String()), report(compreface.Catalog), yes)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want context.Canceled", err)
		}
		elsewhere.untouched(t)
	})
	t.Run("ended during the look", func(t *testing.T) {
		elsewhere := listenDeaf(t)
		ctx, cancel := context.WithCancel(t.Context())
		err := send(ctx, gateTo(t, compreface.Catalog, "http://"+elsewhere.Addr().String()), report(compreface.Catalog), func() error { cancel(); return nil })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want context.Canceled", err)
		}
		elsewhere.untouched(t)
	})
}

func TestSendConcurrently(t *testing.T) {
	r := receive(t, says(taken))
	g := gateTo(t, compreface.Catalog, r.url())
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if err := send(t.Context(), g, report(compreface.Catalog), yes); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	r.Close()
	r.all.Wait()
	if len(r.got) != 16 {
		t.Errorf("%d connections for 16 reports", len(r.got))
	}
}
