package telemetry

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
)

// TestByStays: who decided is in the file of decisions and nowhere else. It is
// not in a report, a request to erase, what a proxy hears, the journal, the
// log, the status, an error or any other file.
func TestByStays(t *testing.T) {
	const by = "canary-account"
	var mu sync.Mutex
	var sent bytes.Buffer
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		_ = r.Header.Write(&sent)
		body, err := gzip.NewReader(r.Body)
		if err == nil {
			_, err = io.Copy(&sent, body)
		}
		if err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	proxy, heard := listenClosing(t)

	var log lines
	s := start(t, server.URL, func(c *Config) { c.Logger = log.logger() })
	decide := func(s *setup, d consent.Decision) {
		r := consent.Record{Decision: d, Notice: s.config.Catalog.NoticeNumber(), Where: "settings", By: by, Erase: d == consent.Denied}
		if err := s.Decide(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	decide(s, consent.Granted)
	s.Add(compreface.UserCreated, 3)
	s.flush(t)
	found := s.Status().Reason + fmt.Sprint(s.Status().LastError)
	decide(s, consent.Denied)
	found += s.Status().Reason
	bad := consent.Record{Decision: consent.Granted, Notice: 1, By: by + "\n"}
	found += fmt.Sprint(s.Decide(t.Context(), bad))
	entries, err := s.Journal()
	if err != nil || len(entries) != 2 {
		t.Fatalf("got %d entries, %v; want a report and a request to erase", len(entries), err)
	}
	for _, e := range entries {
		found += e.Report.URL + e.Outcome + string(e.Report.Request) + string(e.Report.JSON)
	}

	far := start(t, "https://stats.vendor.invalid", func(c *Config) { c.Proxy, c.Logger = "http://"+proxy, log.logger() })
	decide(far, consent.Granted)
	found += fmt.Sprint(far.Flush(t.Context())) + <-heard

	mu.Lock()
	found += sent.String()
	mu.Unlock()
	for _, want := range []string{"Content-Length", "compreface.user.created", "headcount.erasure.requested", "CONNECT stats.vendor.invalid:443", "by is not printable"} {
		if !strings.Contains(found, want) {
			t.Errorf("got no %q: this test looks at too little", want)
		}
	}
	for _, text := range []string{found, log.String()} {
		if strings.Contains(text, by) {
			t.Errorf("got %q in %q, want it nowhere", by, text)
		}
	}
	for _, dir := range []string{s.dir, far.dir} {
		for _, path := range files(t, dir) {
			text, err := os.ReadFile(path)
			if decisions := filepath.Base(path) == "consent.json"; err == nil && bytes.Contains(text, []byte(by)) != decisions {
				t.Errorf("got %s that holds %q: %v, want %v", path, by, !decisions, decisions)
			}
		}
	}
}
