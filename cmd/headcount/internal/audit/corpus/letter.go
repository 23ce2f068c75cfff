package corpus

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"headcount.example/cmd/headcount/internal/audit"
)

// A letter is a request that is odd as HTTP or as bytes.
type letter struct {
	carrier audit.Carrier
	name    string
	change  func(to *Request, mark string) // of a valid report in protobuf
	valid   bool                           // the report in it must arrive
}

func (l letter) write(r *report, to *Request) bool {
	if !r.finish(to, form{}) {
		return false
	}
	l.change(to, r.mark)
	to.Valid = l.valid
	return true
}

// body is a letter that replaces the body.
func body(c audit.Carrier, name string, of func(valid []byte, mark string) []byte, headers ...string) letter {
	return letter{carrier: c, name: name, change: func(to *Request, mark string) {
		to.Body = of(to.Body, mark)
		for i := 0; i < len(headers); i += 2 {
			to.Header[headers[i]] = headers[i+1]
		}
	}}
}

// jsonBody is a letter that replaces the body in JSON.
func jsonBody(name string, of func(text []byte, mark string) []byte) letter {
	return letter{carrier: audit.UnknownField, name: name, change: func(to *Request, mark string) {
		if text, err := asJSON(to.Body); err == nil {
			to.Body, to.Header["Content-Type"] = of(text, mark), jsonType
		}
	}}
}

// otherSignal sends logs, traces or profiles, in JSON.
func otherSignal(path, text string) letter {
	return letter{carrier: audit.Signal, name: "to " + path, change: func(to *Request, mark string) {
		to.Path, to.Rows = path, map[audit.Row]bool{}
		to.Header["Content-Type"] = jsonType
		to.Body = []byte(strings.ReplaceAll(text, "MARK", mark))
	}}
}

func toPath(path string) letter {
	return letter{carrier: audit.Path, name: "to " + path, change: func(to *Request, mark string) { to.Path = strings.ReplaceAll(path, "MARK", mark) }}
}

func withMethod(method string) letter {
	return letter{carrier: audit.Path, name: method, change: func(to *Request, _ string) { to.Method = method }}
}

// secrets are headers that browsers, proxies and SDKs send.
func secrets(to *Request, mark string) {
	for _, name := range []string{"Cookie", "X-Forwarded-For", "Forwarded", "X-Real-Ip", "User-Agent", "Referer", "X-Api-Key",
		"X-Scope-Orgid", "Baggage", "Tracestate", "Accept-Language", "From"} {
		to.Header[name] = mark
	}
	to.Header["Authorization"] = "Bearer " + mark
	to.Header["Traceparent"] = "00-636e7279636e7279636e7279636e7279-636e7279636e7279-01"
	to.Host = mark + ".example"
}

const (
	someLogs = `{"resourceLogs":[{"resource":{"attributes":[{"key":"install_guid","value":{"stringValue":"3f2b8c1e-9a4d-4e6f-8b7a-0c1d2e3f4a5b"}}]},` +
		`"scopeLogs":[{"logRecords":[{"body":{"stringValue":"MARK"}}]}]}]}`
	someSpans = `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"636e7279636e7279636e7279636e7279","spanId":"636e7279636e7279","name":"MARK"}]}]}]}`
)

var letters = []letter{
	{audit.Header, "secrets in headers", secrets, true},
	{audit.Header, "secrets in headers, and a fault", func(to *Request, mark string) {
		secrets(to, mark)
		to.Body = to.Body[:len(to.Body)-3]
	}, false},
	{audit.Path, "secrets in the query", func(to *Request, mark string) { to.Path = "/v1/metrics?token=" + mark + "&a;b=" + mark }, true},
	toPath("/"), toPath("/MARK"), toPath("/v1/metrics/MARK"), toPath("/metrics"),
	withMethod(http.MethodGet), withMethod(http.MethodPut), withMethod(http.MethodDelete), withMethod(http.MethodOptions),
	otherSignal("/v1/logs", someLogs),
	otherSignal("/v1/traces", someSpans),
	otherSignal("/v1development/profiles", `{"resourceProfiles":[{"resource":{"attributes":[{"key":"MARK","value":{"stringValue":"MARK"}}]}}]}`),

	body(audit.Size, "1 MiB", func(valid []byte, _ string) []byte { return padded(valid, 1<<20) }),
	body(audit.Size, "a gzip bomb of 20 MiB", func(valid []byte, _ string) []byte { return gzipped(padded(valid, 20<<20)) }, "Content-Encoding", "gzip"),
	{audit.Size, "chunks", func(to *Request, _ string) { to.Chunked = true }, true},
	{audit.Size, "1 MiB in chunks", func(to *Request, _ string) { to.Body, to.Chunked = padded(to.Body, 1<<20), true }, false},
	body(audit.Size, "nothing", func([]byte, string) []byte { return nil }),
	body(audit.Size, "maps 1,000 deep", func(_ []byte, mark string) []byte { return deep(1000, mark) }),

	body(audit.Encoding, "gzip in gzip", func(valid []byte, _ string) []byte { return gzipped(gzipped(valid)) }, "Content-Encoding", "gzip"),
	body(audit.Encoding, "gzip twice, as said", func(valid []byte, _ string) []byte { return gzipped(gzipped(valid)) }, "Content-Encoding", "gzip, gzip"),
	body(audit.Encoding, "gzip cut short", func(valid []byte, _ string) []byte { b := gzipped(valid); return b[:len(b)-9] }, "Content-Encoding", "gzip"),
	body(audit.Encoding, "gzip that is none", func(valid []byte, _ string) []byte { return valid }, "Content-Encoding", "gzip"),
	body(audit.Encoding, "gzip not said", func(valid []byte, _ string) []byte { return gzipped(valid) }),
	body(audit.Encoding, "deflate", func(valid []byte, _ string) []byte { return deflated(valid) }, "Content-Encoding", "deflate"),
	body(audit.Encoding, "zstd that is none", func(valid []byte, _ string) []byte { return valid }, "Content-Encoding", "zstd"),
	{audit.Encoding, "an invented encoding", func(to *Request, mark string) { to.Header["Content-Encoding"] = mark }, false},
	{audit.Encoding, "an invented type", func(to *Request, mark string) { to.Header["Content-Type"] = "application/" + mark }, false},
	body(audit.Encoding, "no type", func(valid []byte, _ string) []byte { return valid }, "Content-Type", ""),
	body(audit.Encoding, "protobuf as JSON", func(valid []byte, _ string) []byte { return valid }, "Content-Type", jsonType),
	body(audit.Encoding, "cut short", func(valid []byte, _ string) []byte { return valid[:len(valid)/2] }),
	body(audit.Encoding, "text at the end", func(valid []byte, mark string) []byte { return append(slices.Clone(valid), mark...) }),
	body(audit.Encoding, "text that is not UTF-8", func(valid []byte, _ string) []byte { return bytes.Replace(valid, []byte("{"), []byte{0xff}, 1) }),
	body(audit.Encoding, "a length beyond the end", func(valid []byte, _ string) []byte {
		return protowire.AppendVarint(protowire.AppendTag(slices.Clone(valid), 1, protowire.BytesType), 1<<40)
	}),
	body(audit.Encoding, "the report of another sender behind it, cut", func(valid []byte, _ string) []byte {
		return slices.Concat(valid, valid[:len(valid)-5])
	}),

	jsonBody("in every object of JSON", withKeys),
	jsonBody("a key of JSON twice", func(text []byte, mark string) []byte {
		return bytes.Replace(text, []byte(`"metrics":[`), []byte(`"metrics":[{"name":"`+mark+`"}],"metrics":[`), 1)
	}),
	jsonBody("text before JSON", func(text []byte, mark string) []byte { return append([]byte(mark), text...) }),
	jsonBody("JSON that is a list", func(text []byte, _ string) []byte { return slices.Concat([]byte("["), text, []byte("]")) }),
	jsonBody("text for a number", func(text []byte, mark string) []byte {
		return bytes.ReplaceAll(text, []byte(`"asInt":"`), []byte(`"asInt":"`+mark))
	}),
	jsonBody("keys as protobuf writes them", func(text []byte, mark string) []byte {
		text = bytes.ReplaceAll(text, []byte(`"metrics":[`), []byte(`"schema_url":"`+mark+`","metrics":[`))
		return bytes.Replace(text, []byte(`"resourceMetrics"`), []byte(`"resource_metrics"`), 1)
	}),
}

// padded is the report with an unknown field that makes it that large.
func padded(valid []byte, size int) []byte {
	b := protowire.AppendTag(slices.Clone(valid), 99, protowire.BytesType)
	return protowire.AppendBytes(b, bytes.Repeat([]byte("C"), size-len(b)))
}

func deflated(b []byte) []byte {
	var to bytes.Buffer
	if w, err := flate.NewWriter(&to, flate.DefaultCompression); err == nil {
		_, _ = w.Write(b) // a buffer takes everything
		_ = w.Close()
	}
	return to.Bytes()
}

// deep is a resource whose attribute is a list in a list and so on.
func deep(depth int, mark string) []byte {
	nested := func(number protowire.Number, b []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), b)
	}
	v := nested(1, []byte(mark))
	for range depth {
		v = nested(5, nested(1, v)) // a value that is a list of one
	}
	return nested(1, nested(1, nested(1, slices.Concat(nested(1, []byte("deep")), nested(2, v)))))
}

// withKeys adds an unknown key to every object.
func withKeys(text []byte, mark string) []byte {
	var tree any
	if json.Unmarshal(text, &tree) != nil {
		return text
	}
	var add func(any)
	add = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				add(e)
			}
		case map[string]any:
			for _, e := range v {
				add(e)
			}
			v[mark], v["labels"] = mark, []any{map[string]any{"key": mark, "value": mark}}
		}
	}
	add(tree)
	if more, err := json.Marshal(tree); err == nil {
		return more
	}
	return text
}
