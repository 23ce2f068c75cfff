package gate

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// A child is this test binary again, in surroundings of its own. Proxies,
// certificates and OpenTelemetry's settings are read once a process.
type child struct {
	Catalog, Endpoint string
	Host              bool // set up the host's own OpenTelemetry first
	Preview           bool // no Send
	Proxy             string
}

type childResult struct {
	Request    []byte // of Preview
	Error      string
	Status     int
	Final      bool
	Hooked     int64 // how often the host's transports and hooks were used
	Lookups    int64 // how often a name server was asked
	Observable bool  // the host's own telemetry worked
}

const childVariable = "GATE_TEST_CHILD"

func TestMain(m *testing.M) {
	if task := os.Getenv(childVariable); task != "" {
		runChild(task)
		return
	}
	os.Exit(m.Run())
}

func runChild(task string) {
	var c child
	if err := json.Unmarshal([]byte(task), &c); err != nil {
		panic(err)
	}
	var result childResult
	var hooked atomic.Int64
	ctx := context.Background()
	if c.Host {
		ctx, result.Observable = host(&hooked)
	}
	g, err := New(catalogs[c.Catalog], c.Endpoint)
	if err != nil {
		panic(err)
	}
	if c.Proxy != "" {
		if err := g.Through(c.Proxy); err != nil {
			panic(err)
		}
	}
	var lookups atomic.Int64
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		lookups.Add(1)
		return nil, errors.New("no lookups here")
	}}
	if !c.Preview {
		err = send(ctx, g, report(catalogs[c.Catalog]))
	}
	if err != nil {
		result.Error = err.Error()
		if e, ok := err.(*Error); ok {
			result.Status, result.Final = e.Status, e.Final
		}
	}
	if result.Request, err = preview(g, report(catalogs[c.Catalog])); err != nil {
		panic(err)
	}
	result.Hooked, result.Lookups = hooked.Load(), lookups.Load()
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		panic(err)
	}
}

type wrapped func(*http.Request) (*http.Response, error)

func (f wrapped) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// host sets up everything a host may have: a global MeterProvider with
// instruments, a trace, baggage, wrapped default transports, hooks.
func host(hooked *atomic.Int64) (ctx context.Context, ok bool) {
	reader := sdkmetric.NewManualReader()
	otel.SetMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)))
	tracing := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.AlwaysSample()))
	otel.SetTracerProvider(tracing)
	otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}))
	ctx, span := tracing.Tracer("host").Start(context.Background(), "request of a person")
	member, _ := baggage.NewMember("user", "somebody")
	bag, _ := baggage.New(member)
	ctx = baggage.ContextWithBaggage(ctx, bag)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:              func(string) { hooked.Add(1) },
		DNSStart:             func(httptrace.DNSStartInfo) { hooked.Add(1) },
		ConnectStart:         func(string, string) { hooked.Add(1) },
		WroteHeaderField:     func(string, []string) { hooked.Add(1) },
		GotFirstResponseByte: func() { hooked.Add(1) },
	})
	original := http.DefaultTransport
	http.DefaultTransport = wrapped(func(r *http.Request) (*http.Response, error) {
		hooked.Add(1)
		r = r.Clone(r.Context())
		r.Header.Set("Traceparent", "00-"+span.SpanContext().TraceID().String()+"-"+span.SpanContext().SpanID().String()+"-01")
		return original.RoundTrip(r)
	})
	http.DefaultClient = &http.Client{Transport: http.DefaultTransport}
	counter, err := otel.Meter("third.party").Int64Counter("third.party.requests")
	if err != nil {
		return ctx, false
	}
	counter.Add(ctx, 1)
	var seen metricdata.ResourceMetrics
	err = reader.Collect(ctx, &seen)
	return ctx, err == nil && len(seen.ScopeMetrics) > 0 && seen.Resource.Set().HasValue(attribute.Key("host.name"))
}

func run(t *testing.T, c child, environment ...string) (result childResult, stderr string) {
	t.Helper()
	task, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(within(t, time.Minute), os.Args[0])
	cmd.Env = append(append(os.Environ(), childVariable+"="+string(task)), environment...)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("child: %v\n%s", err, said.String())
	}
	if err := json.Unmarshal(out, &result); err != nil {
		t.Fatalf("child said %q: %v", out, err)
	}
	return result, said.String()
}

// hostile is what an operator may have set for telemetry of their own, with
// the addresses of listeners that must see nothing.
func hostile(t *testing.T, elsewhere, proxy net.Listener) []string {
	dir := t.TempDir()
	ca := newAuthority(t)
	mine, key := filepath.Join(dir, "client.pem"), filepath.Join(dir, "client.key")
	ca.writeLeaf(t, mine, key)
	root := filepath.Join(dir, "ca.pem")
	ca.write(t, root)
	other := "http://" + elsewhere.Addr().String()
	through := "http://" + proxy.Addr().String()
	return []string{
		"OTEL_RESOURCE_ATTRIBUTES=host.name=canary-host,service.instance.id=canary,install_guid=canary",
		"OTEL_SERVICE_NAME=canary-service",
		"OTEL_EXPORTER_OTLP_HEADERS=api-key=canary-key,authorization=Bearer%20canary",
		"OTEL_EXPORTER_OTLP_METRICS_HEADERS=x-canary=canary,User-Agent=canary,Host=canary,Content-Type=text/canary",
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + other,
		"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=" + other + "/canary/v1/metrics",
		"OTEL_EXPORTER_OTLP_CERTIFICATE=" + root,
		"OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE=" + root,
		"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE=" + mine, "OTEL_EXPORTER_OTLP_CLIENT_KEY=" + key,
		"OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE=" + mine, "OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY=" + key,
		"OTEL_EXPORTER_OTLP_TIMEOUT=1", "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT=1",
		"OTEL_EXPORTER_OTLP_COMPRESSION=none", "OTEL_EXPORTER_OTLP_METRICS_COMPRESSION=none",
		"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=delta",
		"OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION=base2_exponential_bucket_histogram",
		"OTEL_EXPORTER_OTLP_INSECURE=true", "OTEL_EXPORTER_OTLP_METRICS_INSECURE=true",
		"OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL=http/json",
		"OTEL_METRICS_EXPORTER=console", "OTEL_METRIC_EXPORT_INTERVAL=1", "OTEL_METRIC_EXPORT_TIMEOUT=1",
		"OTEL_METRICS_EXEMPLAR_FILTER=always_on", "OTEL_ATTRIBUTE_COUNT_LIMIT=1",
		"OTEL_GO_X_EXEMPLAR=true", "OTEL_GO_X_OBSERVABILITY=true", "OTEL_GO_X_CARDINALITY_LIMIT=1",
		"OTEL_GO_X_SELF_OBSERVABILITY=true", "OTEL_GO_X_RESOURCE=true",
		"HTTP_PROXY=" + through, "HTTPS_PROXY=" + through, "ALL_PROXY=" + through, "NO_PROXY=",
		"http_proxy=" + through, "https_proxy=" + through, "all_proxy=" + through, "no_proxy=",
	}
}

func TestHostileSurroundings(t *testing.T) {
	for name := range catalogs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			elsewhere, proxy := listenDeaf(t), listenDeaf(t)
			r := receive(t, says(taken))
			result, stderr := run(t, child{Catalog: name, Endpoint: r.url() + "/base/", Host: true}, hostile(t, elsewhere, proxy)...)
			if result.Error != "" || stderr != "" {
				t.Fatalf("error %q, on stderr %q", result.Error, stderr)
			}
			raw := r.only(t)
			checkWire(t, name, r.Addr().String(), "/base/v1/metrics", raw)
			if string(result.Request) != string(raw) {
				t.Errorf("previewed %q\nsent %q", result.Request, raw)
			}
			if result.Hooked != 0 {
				t.Errorf("the host's transport or hooks were used %d times", result.Hooked)
			}
			if !result.Observable {
				t.Error("the host's own telemetry should have had its resource and instrument: the test proves nothing")
			}
			elsewhere.untouched(t)
			proxy.untouched(t)
		})
	}
}

// TestProxyIsNotUsed needs a name that is not loopback, to which Go applies
// proxies.
func TestProxyIsNotUsed(t *testing.T) {
	t.Parallel()
	elsewhere, proxy := listenDeaf(t), listenDeaf(t)
	result, _ := run(t, child{Catalog: "compreface", Endpoint: "https://receiver.invalid"}, hostile(t, elsewhere, proxy)...)
	if result.Error == "" || result.Status != 0 {
		t.Errorf("a name under .invalid answered: %+v", result)
	}
	elsewhere.untouched(t)
	proxy.untouched(t)
}

// TestBrokenSurroundings: what cannot be read is not ours and does not stop a
// report. (OpenTelemetry says so on the host's logger; that is its own line.)
func TestBrokenSurroundings(t *testing.T) {
	t.Parallel()
	garbage := filepath.Join(t.TempDir(), "garbage.pem")
	if err := os.WriteFile(garbage, []byte("-----BEGIN CERTIFICATE-----\ncanary"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := receive(t, says(taken))
	result, stderr := run(t, child{Catalog: "compreface", Endpoint: r.url()},
		"OTEL_EXPORTER_OTLP_CERTIFICATE="+garbage, "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE="+garbage, "OTEL_EXPORTER_OTLP_CLIENT_KEY=/nowhere",
		"OTEL_EXPORTER_OTLP_ENDPOINT=:// not a URL", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=%zz", "OTEL_EXPORTER_OTLP_HEADERS=%zz",
		"OTEL_EXPORTER_OTLP_TIMEOUT=soon", "OTEL_EXPORTER_OTLP_COMPRESSION=zip", "OTEL_EXPORTER_OTLP_INSECURE=perhaps",
		"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=sideways", "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION=none",
		"HTTP_PROXY=:garbage", "HTTPS_PROXY=%zz", "OTEL_GO_X_OBSERVABILITY=perhaps")
	if result.Error != "" {
		t.Error(result.Error)
	}
	checkWire(t, "compreface", r.Addr().String(), "/v1/metrics", r.only(t))
	t.Logf("OpenTelemetry said: %s", stderr)
}
