package fleet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/collector/pdata/pmetric"
)

// A receiver keeps requests as the lines that a Collector would write of
// them, with the points in the order of their labels.
type receiver struct {
	mu    sync.Mutex
	lines []string
	fault string
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	md, err2 := (&pmetric.ProtoUnmarshaler{}).UnmarshalMetrics(body)
	line := ""
	if err == nil && err2 == nil {
		line, err = asWritten(md)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := errors.Join(err, err2); err != nil {
		r.fault = err.Error()
	}
	if q.Method != http.MethodPost || q.URL.Path != "/otlp/v1/metrics" || q.Header.Get("Content-Type") != "application/x-protobuf" {
		r.fault = q.Method + " " + q.URL.Path + " " + q.Header.Get("Content-Type")
	}
	r.lines = append(r.lines, line)
}

func asWritten(md pmetric.Metrics) (string, error) {
	metrics := md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics()
	for i := range metrics.Len() {
		var points pmetric.NumberDataPointSlice
		if m := metrics.At(i); m.Type() == pmetric.MetricTypeSum {
			points = m.Sum().DataPoints()
		} else {
			points = m.Gauge().DataPoints()
		}
		points.Sort(func(a, b pmetric.NumberDataPoint) bool { return label(a) < label(b) })
	}
	line, err := (&pmetric.JSONMarshaler{}).MarshalMetrics(md)
	return string(line), err
}

func label(p pmetric.NumberDataPoint) (text string) {
	for _, v := range p.Attributes().All() {
		text += v.Str()
	}
	return text
}

// What is sent are the reports that the history has of its last day.
func TestSendIsTheLastDay(t *testing.T) {
	for _, name := range []string{"compreface", "affiliate"} {
		o := Options{Schema: load(t, name), Installations: 150, Days: 40, Seed: 11, End: end, Clean: true}
		var all, before bytes.Buffer
		if _, err := writeTo(context.Background(), o, &all, nil); err != nil {
			t.Fatal(err)
		}
		o.WithoutEnd = true
		if _, err := writeTo(context.Background(), o, &before, nil); err != nil {
			t.Fatal(err)
		}
		today, found := bytes.CutPrefix(all.Bytes(), before.Bytes())
		if !found {
			t.Fatalf("%s: the history without the last day is another one", name)
		}
		r := &receiver{}
		server := httptest.NewServer(r)
		defer server.Close()
		var last Progress
		if err := Send(context.Background(), o, server.URL+"/otlp/", server.Client(), func(p Progress) { last = p }); err != nil {
			t.Fatal(err)
		}
		want := strings.Split(strings.TrimSpace(string(today)), "\n")
		for i, line := range want {
			md, err := (&pmetric.JSONUnmarshaler{}).UnmarshalMetrics([]byte(line))
			if err != nil {
				t.Fatal(err)
			}
			if want[i], err = asWritten(md); err != nil {
				t.Fatal(err)
			}
		}
		slices.Sort(want)
		slices.Sort(r.lines)
		if !slices.Equal(r.lines, want) || r.fault != "" {
			t.Errorf("%s: got %d reports (%s), want %d; or they differ", name, len(r.lines), r.fault, len(want))
		}
		if last.Reports != int64(len(want)) || last.Day != o.Days || last.Days != o.Days {
			t.Errorf("%s: got the progress %+v, want %d reports, day %d", name, last, len(want), o.Days)
		}
	}
}

// A fleet in which things go wrong sends second reports and requests to
// erase, and nothing that a product would not send.
func TestSendWithFaults(t *testing.T) {
	o := Options{Schema: load(t, "compreface"), Installations: 600, Days: 1, Seed: 2, End: end}
	truth, err := writeTo(context.Background(), o, io.Discard, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := &receiver{}
	server := httptest.NewServer(r)
	defer server.Close()
	if err := Send(context.Background(), o, server.URL+"/otlp", server.Client(), nil); err != nil || r.fault != "" {
		t.Fatal(err, r.fault)
	}
	var erasures, bad int64
	for _, line := range r.lines {
		if strings.Contains(line, `"headcount.erasure.requested","unit":"{request}"`) {
			erasures++
		}
		if strings.Contains(line, "\x00") || strings.Contains(line, "host.name") || !strings.Contains(line, `"timeUnixNano":"1795564800000000000"`) {
			bad++
		}
	}
	if erasures != truth.Installations.Erased || erasures == 0 || bad > 0 {
		t.Errorf("got %d requests to erase and %d bad reports, want %d and 0", erasures, bad, truth.Installations.Erased)
	}
	if n := int64(len(r.lines)); n < truth.Input.Reports+erasures || truth.Input.Duplicates == 0 {
		t.Errorf("got %d requests, want %d or more, with duplicates", n, truth.Input.Reports+erasures)
	}
}

func TestSendFails(t *testing.T) {
	o := Options{Schema: load(t, "compreface"), Installations: 500, Days: 1, Seed: 2, End: end, Clean: true}
	handler := func(status int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
			io.WriteString(w, "no room")
		})
	}
	for name, test := range map[string]struct {
		status int
		want   string
	}{
		"full disk": {503, `answers 503 Service Unavailable "no room"`},
		"redirect":  {307, "answers 307"},
		"accepted":  {202, "answers 202"},
	} {
		server := httptest.NewServer(handler(test.status))
		client := server.Client()
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		err := Send(context.Background(), o, server.URL, client, nil)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %s", name, err, test.want)
		}
		server.Close()
		err = Send(context.Background(), o, server.URL, client, nil)
		if err == nil || !strings.Contains(err.Error(), "is a Collector there?") {
			t.Errorf("%s, closed: got %v", name, err)
		}
	}
}

func TestSendStops(t *testing.T) {
	o := Options{Schema: load(t, "compreface"), Installations: 500, Days: 1, Seed: 2, End: end, Clean: true}
	ctx, cancel := context.WithCancel(context.Background())
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { cancel() }))
	defer server.Close()
	if err := Send(ctx, o, server.URL, server.Client(), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func TestMetricsURL(t *testing.T) {
	for endpoint, want := range map[string]string{
		"http://127.0.0.1:4318":           "http://127.0.0.1:4318/v1/metrics",
		"https://stats.example/":          "https://stats.example/v1/metrics",
		"https://stats.example/in":        "https://stats.example/in/v1/metrics",
		"http://[::1]:4318":               "http://[::1]:4318/v1/metrics",
		"":                                "",
		"127.0.0.1:4318":                  "",
		"ftp://stats.example":             "",
		"file:///tmp/usage":               "",
		"http://":                         "",
		"http://me:secret@stats.example":  "",
		"http://stats.example?x=1":        "",
		"http://stats.example#x":          "",
		"http://stats.example/v1/metrics": "",
		"http://a b":                      "",
	} {
		got, err := MetricsURL(endpoint)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", endpoint, got, err, want)
		}
		if err != nil && !strings.Contains(err.Error(), `"`+endpoint+`"`) {
			t.Errorf("%q: the error %q does not name it", endpoint, err)
		}
	}
}
