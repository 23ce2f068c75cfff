package collector_test

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// A letter is a request that is wrong, or odd, as bytes rather than as a
// report.
type letter struct {
	name    string
	make    func(valid, validJSON []byte) message
	arrives bool // whether the valid report in it arrives; otherwise nothing does
	status  int
}

// refused is any status of 400 or more; either is any status.
const (
	refused = -1
	either  = 0
)

const (
	protobufType = "application/x-protobuf"
	jsonType     = "application/json"
)

func as(contentType string, body []byte, more ...string) message {
	m := message{body: body, header: map[string]string{"Content-Type": contentType}}
	for i := 0; i < len(more); i += 2 {
		m.header[more[i]] = more[i+1]
	}
	return m
}

// edit changes the text of the JSON form.
func edit(old, new string) func(_, text []byte) message {
	return func(_, text []byte) message {
		if !bytes.Contains(text, []byte(old)) {
			panic(old + " is not in the report")
		}
		return as(jsonType, bytes.Replace(text, []byte(old), []byte(new), 1))
	}
}

var letters = []letter{
	// Size and compression.
	{"a large body", func(valid, _ []byte) message { return as(protobufType, padded(valid, 1<<20)) }, false, 400},
	{"a body one byte too large", func(valid, _ []byte) message { return as(protobufType, padded(valid, 8<<10+1)) }, false, 400},
	{"a body as large as allowed", func(valid, _ []byte) message { return as(protobufType, padded(valid, 8<<10)) }, true, 200},
	{"a large body in chunks", func(valid, _ []byte) message {
		m := as(protobufType, padded(valid, 1<<20))
		m.chunked = true
		return m
	}, false, 400},
	{"chunks", func(valid, _ []byte) message {
		m := as(protobufType, valid)
		m.chunked = true
		return m
	}, true, 200},
	{"a gzip bomb", func(valid, _ []byte) message {
		return as(protobufType, gzipped(padded(valid, 20<<20)), "Content-Encoding", "gzip")
	}, false, 400},
	{"gzip in gzip", func(valid, _ []byte) message {
		return as(protobufType, gzipped(gzipped(valid)), "Content-Encoding", "gzip")
	}, false, 400},
	{"gzip in gzip, as said", func(valid, _ []byte) message {
		return as(protobufType, gzipped(gzipped(valid)), "Content-Encoding", "gzip, gzip")
	}, false, 400},
	{"two gzip parts", func(valid, _ []byte) message {
		return as(protobufType, slices.Concat(gzipped(valid[:20]), gzipped(valid[20:])), "Content-Encoding", "gzip")
	}, true, 200},
	{"gzip cut short", func(valid, _ []byte) message {
		b := gzipped(valid)
		return as(protobufType, b[:len(b)-9], "Content-Encoding", "gzip")
	}, false, 400},
	{"gzip that is none", func(valid, _ []byte) message { return as(protobufType, valid, "Content-Encoding", "gzip") }, false, 400},
	{"gzip not said", func(valid, _ []byte) message { return as(protobufType, gzipped(valid)) }, false, 400},
	{"deflate", func(valid, _ []byte) message {
		var b bytes.Buffer
		w, _ := flate.NewWriter(&b, 6)
		w.Write(valid)
		w.Close()
		return as(protobufType, b.Bytes(), "Content-Encoding", "deflate")
	}, false, 400},
	{"zstd", encoded("zstd"), false, 400},
	{"snappy", encoded("snappy"), false, 400},
	{"framed snappy", encoded("x-snappy-framed"), false, 400},
	{"lz4", encoded("lz4"), false, 400},
	{"zlib", encoded("zlib"), false, 400},
	{"br", encoded("br"), false, 400},
	{"an invented encoding", encoded(canary), false, 400},

	// Type, path and method.
	{"text", func(valid, _ []byte) message { return as("text/plain", valid) }, false, 415},
	{"a form", func(valid, _ []byte) message { return as("application/x-www-form-urlencoded", valid) }, false, 415},
	{"an invented type", func(valid, _ []byte) message { return as("application/"+canary, valid) }, false, 415},
	{"no type", func(valid, _ []byte) message { return as("", valid) }, false, 415},
	{"JSON as protobuf", func(_, text []byte) message { return as(protobufType, text) }, false, 400},
	{"protobuf as JSON", func(valid, _ []byte) message { return as(jsonType, valid) }, false, refused},
	{"to the path of traces", to("POST", "/v1/traces"), false, 404},
	{"to the path of logs", to("POST", "/v1/logs"), false, 404},
	{"to the path of profiles", to("POST", "/v1development/profiles"), false, 404},
	{"to another path", to("POST", "/"+canary), false, 404},
	{"to the root", to("POST", "/"), false, 404},
	{"GET", to("GET", "/v1/metrics"), false, 405},
	{"PUT", to("PUT", "/v1/metrics"), false, 405},
	{"DELETE", to("DELETE", "/v1/metrics"), false, 405},
	{"OPTIONS", to("OPTIONS", "/v1/metrics"), false, 405},

	// Headers and the URL go no further.
	{"secrets in headers", func(valid, _ []byte) message {
		m := as(protobufType, valid, "Authorization", "Bearer "+canary, "Cookie", "session="+canary, "X-Forwarded-For", canary,
			"Forwarded", "for="+canary, "X-Real-Ip", canary, "User-Agent", canary, "Referer", canary, "X-Api-Key", canary,
			"X-Scope-OrgID", canary, "Baggage", "user="+canary, "Tracestate", "a="+canary,
			"Traceparent", "00-63616e6172792d7477656574792d6964-63616e6172792d74-01")
		m.host = canary + ".example"
		return m
	}, true, 200},
	{"secrets in the URL", func(valid, _ []byte) message {
		m := as(protobufType, valid)
		m.path = "/v1/metrics?token=" + canary + "&a;b=" + canary
		return m
	}, true, 200},
	{"secrets and a fault", func(valid, _ []byte) message {
		m := as(protobufType, valid[:len(valid)-3], "Authorization", "Bearer "+canary, "User-Agent", canary)
		m.path = "/v1/metrics?token=" + canary
		return m
	}, false, 400},

	// Broken protobuf.
	{"nothing", func(_, _ []byte) message { return as(protobufType, nil) }, false, 200},
	{"cut short", func(valid, _ []byte) message { return as(protobufType, valid[:len(valid)/2]) }, false, 400},
	{"text at the end", func(valid, _ []byte) message { return as(protobufType, append(slices.Clone(valid), canary...)) }, false, 400},
	{"a field of the wrong type", func(valid, _ []byte) message {
		return as(protobufType, protowire.AppendVarint(protowire.AppendTag(slices.Clone(valid), 1, protowire.VarintType), canaryNumber))
	}, false, 400},
	{"a length beyond the end", func(valid, _ []byte) message {
		return as(protobufType, protowire.AppendVarint(protowire.AppendTag(slices.Clone(valid), 1, protowire.BytesType), 1<<40))
	}, false, 400},
	{"text that is not UTF-8", func(valid, _ []byte) message {
		return as(protobufType, bytes.Replace(valid, []byte("{"), []byte{0xff}, 1))
	}, true, 200},
	{"100,000 statistics", func(_, _ []byte) message { return as(protobufType, manyMetrics(100_000)) }, false, 400},
	{"100,000 statistics compressed", func(_, _ []byte) message {
		return as(protobufType, gzipped(manyMetrics(100_000)), "Content-Encoding", "gzip")
	}, false, 400},
	{"2,000 empty statistics", func(_, _ []byte) message { return as(protobufType, manyMetrics(2_000)) }, false, 200},
	{"2,000 empty resources", func(valid, _ []byte) message {
		return as(protobufType, append(bytes.Repeat([]byte{10, 0}, 2_000), valid...))
	}, true, 200},
	{"maps 3,000 deep", func(_, _ []byte) message { return as(protobufType, deepProtobuf(3_000)) }, false, either},

	// JSON as the Collector may or may not read it.
	{"JSON cut short", func(_, text []byte) message { return as(jsonType, text[:len(text)-2]) }, false, 400},
	{"JSON that is a list", func(_, text []byte) message { return as(jsonType, []byte("["+string(text)+"]")) }, false, 400},
	{"JSON null", func(_, _ []byte) message { return as(jsonType, []byte("null")) }, false, either},
	{"empty JSON", func(_, _ []byte) message { return as(jsonType, []byte("{}")) }, false, 200},
	{"no JSON", func(_, _ []byte) message { return as(jsonType, nil) }, false, either},
	{"text before JSON", func(_, text []byte) message { return as(jsonType, []byte(canary+string(text))) }, false, 400},
	{"JSON in UTF-16", func(_, text []byte) message {
		return as(jsonType, bytes.Join(bytes.Split(append([]byte{0xff}, text...), nil), []byte{0}))
	}, false, refused},
	{"unknown JSON keys, which make it too large", func(_, text []byte) message { return as(jsonType, withKeys(text)) }, false, 400},
	{"a list 10,000 deep", func(_, _ []byte) message {
		return as(jsonType, []byte(`{"x":`+strings.Repeat("[", 2_000)+strings.Repeat("]", 2_000)+"}"))
	}, false, either},
	{"values 50 deep", edit(`"attributes":[`, `"attributes":[{"key":"`+canary+`","value":`+
		strings.Repeat(`{"arrayValue":{"values":[`, 50)+`{"stringValue":"`+canary+`"}`+strings.Repeat(`]}}`, 50)+`},`), true, 200},
	{"a JSON key twice", edit(`"metrics":[`, `"metrics":[{"name":"`+canary+`"}],"metrics":[`), true, 200},
	{"identifier's value twice", edit(`"value":{"stringValue":`, `"value":{"stringValue":"`+canary+`"},"value":{"stringValue":`), true, 200},
	{"names of protobuf", edit(`"resourceMetrics"`, `"resource_metrics"`), true, 200},
	{"keys in upper case", edit(`"resourceMetrics"`, `"RESOURCEMETRICS"`), false, 200},
	{"enumeration by its name", edit(`"aggregationTemporality":2`, `"aggregationTemporality":"AGGREGATION_TEMPORALITY_CUMULATIVE"`), true, 200},
	{"integer as a number", edit(`"asInt":"100"`, `"asInt":100`), true, 200},
	{"text for an integer", edit(`"asInt":"100"`, `"asInt":"`+canary+`"`), false, 400},
	{"an integer too large", edit(`"asInt":"100"`, `"asInt":"99999999999999999999999"`), false, 400},
}

func encoded(name string) func(valid, _ []byte) message {
	return func(valid, _ []byte) message { return as(protobufType, valid, "Content-Encoding", name) }
}

func to(method, path string) func(valid, _ []byte) message {
	return func(valid, _ []byte) message {
		m := as(protobufType, valid)
		m.method, m.path = method, path
		return m
	}
}

// padded is the report with an unknown field that makes it so large.
func padded(valid []byte, size int) []byte {
	b := protowire.AppendTag(slices.Clone(valid), 99, protowire.BytesType)
	for n := size - len(b); ; n-- {
		if got := protowire.AppendBytes(slices.Clone(b), bytes.Repeat([]byte("C"), n)); len(got) <= size {
			return got
		}
	}
}

func manyMetrics(n int) []byte {
	scope := bytes.Repeat(protowire.AppendBytes(protowire.AppendTag(nil, 2, protowire.BytesType), nil), n)
	resource := protowire.AppendBytes(protowire.AppendTag(nil, 2, protowire.BytesType), scope)
	return protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), resource)
}

// deepProtobuf is a resource whose attribute is a list in a list and so on.
func deepProtobuf(depth int) []byte {
	value := protowire.AppendString([]byte{10}, canary)
	for range depth {
		value = protowire.AppendBytes([]byte{10}, value) // values of a list
		value = protowire.AppendBytes([]byte{5<<3 | 2}, value)
	}
	attribute := append(protowire.AppendString([]byte{10}, "deep"), protowire.AppendBytes([]byte{2<<3 | 2}, value)...)
	resource := protowire.AppendBytes([]byte{10}, protowire.AppendBytes([]byte{10}, attribute))
	return protowire.AppendBytes([]byte{10}, resource)
}

// withKeys adds an unknown key to every object.
func withKeys(text []byte) []byte {
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		panic(err)
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
			v[canary] = map[string]any{canary: canary}
			v["labels"] = []any{map[string]any{"key": canary, "value": canary}}
		}
	}
	add(v)
	got, _ := json.Marshal(v)
	return got
}

// Requests that are wrong as bytes leave nothing, and nothing in the log; odd
// ones leave the valid report that is in them.
func TestHostileLetters(t *testing.T) {
	for _, product := range products {
		t.Run(product.name, func(t *testing.T) {
			t.Parallel()
			p := start(t, product.config)
			rules := rulesOf(product.catalog)
			for _, l := range letters {
				guid := newGUID()
				valid, err := proto.Marshal(report(product.catalog, guid))
				if err != nil {
					t.Fatal(err)
				}
				text, err := forms[2].wrap(valid)
				if err != nil {
					t.Fatal(err)
				}
				var want []row
				if l.arrives {
					want = rowsOf(product.catalog, guid)
				}
				status, rows, faults := p.deliver(rules, l.make(valid, text.body))
				if l.status > 0 && status != l.status || l.status == refused && status < 400 {
					faults = append(faults, fmt.Sprintf("status %d, want %d", status, l.status))
				}
				for _, fault := range append(faults, compare(rows, want)...) {
					t.Errorf("%s: %s", l.name, fault)
				}
				guid = newGUID()
				if faults := one(p, rules, forms[0], report(product.catalog, guid), rowsOf(product.catalog, guid)); len(faults) > 0 {
					t.Errorf("valid report after %s: %s", l.name, joined(faults))
				}
			}
			if log := p.Log.String(); log != "" {
				t.Errorf("the Collector logged: %s", log)
			}
		})
	}
}
