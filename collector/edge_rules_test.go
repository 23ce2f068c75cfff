package collector_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Only POST of the two kinds to the one path passes, and what is refused
// gets a text that says nothing.
func TestEdgeRefuses(t *testing.T) {
	behind := start(t, products[0].config)
	e := startEdge(t, behind.address())
	http := e.client(somewhere(), false)
	valid, err := forms[0].encode(report(products[0].catalog, newGUID()))
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func(*message)) message {
		m := valid
		m.header = map[string]string{"Content-Type": "application/x-protobuf"}
		change(&m)
		return m
	}
	kind := func(k string) message { return with(func(m *message) { m.header["Content-Type"] = k }) }
	path := func(p string) message { return with(func(m *message) { m.path = p }) }
	method := func(p string) message { return with(func(m *message) { m.method = p; m.body = nil }) }
	coding := func(c string) message { return with(func(m *message) { m.header["Content-Encoding"] = c }) }
	const refused, taken = "refused\n", "\n\x00" // an answer of OTLP: nothing was rejected
	for name, c := range map[string]struct {
		message message
		status  int
		body    string
	}{
		"a report":                {valid, 200, taken},
		"a report with a query":   {path("/v1/metrics?name=x"), 200, taken},
		"a parameter of the kind": {kind("application/x-protobuf; charset=x"), 200, taken},
		"GET":                     {method("GET"), 405, refused},
		"PUT":                     {method("PUT"), 405, refused},
		"OPTIONS":                 {method("OPTIONS"), 405, refused},
		"another kind":            {kind("text/plain"), 415, refused},
		"a longer kind":           {kind("application/x-protobuffer"), 415, refused},
		"another coding":          {coding("zstd"), 415, refused},
		"two codings":             {coding("gzip, gzip"), 415, refused},
		"traces":                  {path("/v1/traces"), 404, refused},
		"the root":                {path("/"), 404, refused},
		"the path doubled":        {path("/v1/metrics/v1/metrics"), 404, "The path is doubled: give the library the address without /v1/metrics.\n"},
		"health":                  {path("/healthz"), 200, "ok\n"},
		"one byte too long":       {with(func(m *message) { m.body = make([]byte, 8193) }), 413, refused},
		"not a report":            {with(func(m *message) { m.body = []byte("text") }), 400, refused},
		"headers too long":        {with(func(m *message) { m.header["X-Long"] = strings.Repeat("x", 9000) }), 400, refused},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := e.fetch(t, http, c.message)
			if status != c.status || body != c.body {
				t.Errorf("got %d %q, want %d %q", status, body, c.status, c.body)
			}
		})
	}
	t.Run("the Collector is away", func(t *testing.T) {
		behind.Kill()
		if status, body := e.fetch(t, http, valid); status != 502 || body != refused {
			t.Errorf("got %d %q, want 502 %q", status, body, refused)
		}
	})
}

// The largest report of each list fits, in the longest form.
func TestEdgeTakesTheLargestReport(t *testing.T) {
	for _, p := range products {
		e := startEdge(t, start(t, p.config).address())
		m, err := forms[2].encode(report(p.catalog, newGUID()))
		if err != nil {
			t.Fatal(err)
		}
		if status, body := e.fetch(t, e.client(always("127.0.0.1"), false), m); status != 200 {
			t.Errorf("%s: got %d %q, want 200", p.name, status, body)
		}
		t.Logf("%s: the largest report has %d bytes of JSON; 8192 pass", p.name, len(m.body))
	}
}

func (e *edge) fetch(t *testing.T, client *http.Client, m message) (int, string) {
	t.Helper()
	method, path := m.method, m.path
	if method == "" {
		method = http.MethodPost
	}
	if path == "" {
		path = "/v1/metrics"
	}
	r, err := http.NewRequest(method, "https://"+e.address+path, bytes.NewReader(m.body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range m.header {
		r.Header.Set(k, v)
	}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// Of a request's headers nothing goes on but constants.
func TestEdgePassesNoHeaderOn(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got := make(chan []byte, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		var head bytes.Buffer
		for r := bufio.NewReader(io.TeeReader(c, &head)); ; {
			if line, err := r.ReadString('\n'); err != nil || line == "\r\n" {
				break
			}
		}
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n")
		got <- head.Bytes()
	}()
	e := startEdge(t, l.Addr().String())
	m := message{path: "/v1/metrics?q=" + canary, body: []byte("BODY"), header: map[string]string{
		"Content-Type": "application/json; v=" + canary, "User-Agent": canary, "X-Forwarded-For": canary, "Authorization": canary,
		"Cookie": canary, "Traceparent": canary, "Content-Encoding": "gzip"}}
	if status, _ := e.fetch(t, e.client(always("127.0.0.1"), false), m); status != 200 {
		t.Fatalf("got %d, want 200", status)
	}
	want := "POST /v1/metrics HTTP/1.1\r\nHost: collector\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nConnection: close\r\nContent-Length: 4\r\n\r\nBODY"
	if head := string(<-got); head != want {
		t.Errorf("the Collector got\n%q, want\n%q", head, want)
	}
}

// TLS 1.2 and 1.3 are spoken, and HTTP/2; older versions and plain HTTP are not.
func TestEdgeSpeaksTLS(t *testing.T) {
	e := startEdge(t, "127.0.0.1:9")
	for version, want := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		c, err := tls.Dial("tcp", e.address, &tls.Config{RootCAs: e.roots, MinVersion: version, MaxVersion: version, NextProtos: []string{"h2"}})
		if (err == nil) != want {
			t.Errorf("%s: got %v, want it spoken: %t", tls.VersionName(version), err, want)
		}
		if err != nil {
			continue
		}
		if got := c.ConnectionState().NegotiatedProtocol; got != "h2" {
			t.Errorf("%s: got protocol %q, want h2", tls.VersionName(version), got)
		}
		c.Close()
	}
	answer, err := http.Get("http://" + e.address + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode/100 == 2 {
		t.Errorf("plain HTTP: got %s", answer.Status)
	}
}

// Hostile reports through the edge do what they do at the Collector: nothing.
func TestEdgeHostileReports(t *testing.T) {
	p := products[0]
	behind := start(t, p.config)
	e := startEdge(t, behind.address())
	through := e.process(behind, e.client(somewhere(), false))
	for _, found := range attack(through, p.catalog, forms) {
		t.Error(found)
	}
	e.checkNoAddress(t, behind, "127.77.")
	t.Logf("%d hostile reports in %d forms", len(hostiles), len(forms))
}

// checkNoAddress looks for addresses that begin so, as text and as bytes, in
// every file and every line that nginx and the Collector wrote.
func (e *edge) checkNoAddress(t *testing.T, behind *process, prefix string) {
	t.Helper()
	var number []byte
	for _, part := range strings.Split(strings.Trim(prefix, "."), ".") {
		var n byte
		for _, digit := range part {
			n = n*10 + byte(digit-'0')
		}
		number = append(number, n)
	}
	files, size := 0, 0
	look := func(name string, data []byte) {
		files, size = files+1, size+len(data)
		if bytes.Contains(data, []byte(prefix)) || len(number) > 2 && bytes.Contains(data, number) {
			t.Errorf("%s has an address: %.300q", name, data)
		}
	}
	look("nginx's output", []byte(e.log.String()))
	look("the Collector's output", []byte(behind.Log.String()))
	for _, dir := range []string{e.dir, filepath.Dir(behind.File)} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			look(path, data)
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	if stored, err := os.ReadFile(behind.File); err != nil || len(stored) == 0 {
		t.Errorf("%s: got %d bytes, %v; want reports", behind.File, len(stored), err)
	}
	t.Logf("no address in %d files and outputs, %d bytes", files, size)
}

// address is where the Collector listens.
func (p *process) address() string { return strings.TrimPrefix(p.URL, "http://") }
