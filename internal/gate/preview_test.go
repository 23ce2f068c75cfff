package gate

import (
	"bytes"
	"context"
	"errors"
	"net"
	"sync"
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
				if err := send(t.Context(), g, report(c)); err != nil {
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

// TestOneConnection: there is one however it fails, and none where the time is over.
func TestOneConnection(t *testing.T) {
	for _, answer := range []string{"", "HTTP/1.1 503 x\r\nRetry-After: 0\r\n\r\n", "HTTP/1.1 308 x\r\nLocation: /\r\n\r\n", "garbage"} {
		r := receive(t, func(c net.Conn) { says(answer)(c); c.Close() })
		if err := send(t.Context(), gateTo(t, compreface.Catalog, r.url()), report(compreface.Catalog)); err == nil {
			t.Errorf("%q: delivered", answer)
		}
		r.only(t)
	}
	noLookups(t)
	elsewhere := listenDeaf(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, endpoint := range []string{"http://" + elsewhere.Addr().String(), "https://stats.vendor.example"} {
		err := send(ctx, gateTo(t, compreface.Catalog, endpoint), report(compreface.Catalog))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want context.Canceled", endpoint, err)
		}
	}
	elsewhere.untouched(t)
}

func TestSendConcurrently(t *testing.T) {
	r := receive(t, says(taken))
	g := gateTo(t, compreface.Catalog, r.url())
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if err := send(t.Context(), g, report(compreface.Catalog)); err != nil {
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
