package panel_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"headcount.example/consent"
)

// TestEraseWhatIsKept: where the yes is to an earlier notice, what became of the request
// to erase stands at the top of the page all the same.
func TestEraseWhatIsKept(t *testing.T) {
	for sent, want := range map[string]string{"a report": "The request arrived on", "nothing sent": "No request to erase was made: nothing had been sent"} {
		receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-protobuf")
		}))
		t.Cleanup(receiver.Close)
		h := open(t, receiver.URL, nil)
		h.save(t, consent.Granted, 1)
		guid := h.stats.Status().InstallGUID[:8]
		if sent == "a report" {
			if err := h.stats.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		} else {
			guid = ""
		}
		_ = h.stats.Shutdown(t.Context())
		upgraded(h, 2)
		again(t, h)
		to := h.do(form(h.pressed(t, "erase"))).Header().Get("Location")
		_, page := h.get(t, strings.TrimPrefix(to, "."))
		top, _, _ := strings.Cut(page, `id="hc-status"`)
		if to != "./?recorded&asked="+guid || !strings.Contains(top, "The decision is recorded. ") || !strings.Contains(top, want) {
			t.Errorf("%s: got %q and %q, want %q at the top", sent, to, top[max(0, len(top)-400):], want)
		}
	}
}

// TestBannerHasNoColon: a colon needs a space before it in French, and none in English.
func TestBannerHasNoColon(t *testing.T) {
	h := open(t, "", nil)
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Accept-Language", "fr")
	banner := string(h.Banner(httptest.NewRecorder(), r, "/x/"))
	if strings.Contains(banner, "Pourquoi:") || !strings.Contains(banner, "Pourquoi") {
		t.Errorf("got %s", banner)
	}
}
