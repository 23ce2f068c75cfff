package collector_test

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	collectorpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/protobuf/proto"
)

// A message is an HTTP request to the Collector.
type message struct {
	method, path string // POST and /v1/metrics when empty
	body         []byte
	header       map[string]string
	host         string
	chunked      bool // the length is not said
}

// A form is one of the ways to put a report on the wire.
type form struct {
	name       string
	json, gzip bool
}

var forms = []form{{"protobuf", false, false}, {"protobuf+gzip", false, true}, {"json", true, false}, {"json+gzip", true, true}}

// encode writes a request in a form. JSON is written by the Collector's own
// library, because OTLP has its own JSON for ids and enumerations; a request
// that it cannot read has no JSON form.
func (f form) encode(request *collectorpb.ExportMetricsServiceRequest) (message, error) {
	body, err := proto.MarshalOptions{AllowPartial: true}.Marshal(request)
	if err != nil {
		return message{}, err
	}
	return f.wrap(body)
}

func (f form) wrap(body []byte) (message, error) {
	m := message{body: body, header: map[string]string{"Content-Type": "application/x-protobuf"}}
	if f.json {
		r := pmetricotlp.NewExportRequest()
		if err := r.UnmarshalProto(body); err != nil {
			return message{}, err
		}
		var err error
		if m.body, err = r.MarshalJSON(); err != nil {
			return message{}, err
		}
		m.header["Content-Type"] = "application/json"
	}
	if f.gzip {
		m.body = gzipped(m.body)
		m.header["Content-Encoding"] = "gzip"
	}
	return m, nil
}

func gzipped(body []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(body)
	w.Close()
	return b.Bytes()
}

var client = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableCompression: true}}

// send returns the status of the answer.
func (p *process) send(m message) (int, error) {
	method, path := m.method, m.path
	if method == "" {
		method = http.MethodPost
	}
	if path == "" {
		path = "/v1/metrics"
	}
	r, err := http.NewRequest(method, p.URL+path, bytes.NewReader(m.body))
	if err != nil {
		return 0, err
	}
	r.Host = m.host
	if m.chunked {
		r.ContentLength = -1
	}
	for k, v := range m.header {
		r.Header.Set(k, v)
	}
	answer, err := cmp.Or(p.http, client).Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, err
}

// deliver sends a report and returns the rows that it left in the file, with
// every fault of them.
func (p *process) deliver(rules rules, m message) (status int, rows []row, faults []string) {
	status, err := p.send(m)
	if err != nil {
		faults = append(faults, err.Error())
	}
	data, err := p.Lines()
	if err != nil {
		faults = append(faults, err.Error())
	}
	rows, wrong := rules.check(data)
	return status, rows, append(faults, wrong...)
}

// compare says how rows differ from those that are wanted.
func compare(got, want []row) []string {
	count := map[row]int{}
	for _, r := range got {
		count[r]++
	}
	for _, r := range want {
		count[r]--
	}
	var faults []string
	for r, n := range count {
		switch {
		case n > 0:
			faults = append(faults, fmt.Sprintf("arrived %d times too often: %s", n, r))
		case n < 0:
			faults = append(faults, fmt.Sprintf("arrived %d times too few: %s", -n, r))
		}
	}
	if len(faults) > 4 {
		faults = append(faults[:4], fmt.Sprintf("and %d more", len(faults)-4))
	}
	return faults
}

func joined(faults []string) string { return strings.Join(faults, "\n\t") }
