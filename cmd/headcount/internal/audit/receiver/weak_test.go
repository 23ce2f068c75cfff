package receiver

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/audit"
)

// A weak configuration is the shipped one with a change, and what must be
// found of it.
type weak struct {
	name    string
	carrier audit.Carrier
	where   string
	weaken  func(*configuration)
}

// A configuration is the text of one.
type configuration struct {
	t    *testing.T
	text string
}

func (c *configuration) replace(old, new string) {
	c.t.Helper()
	if !strings.Contains(c.text, old) {
		c.t.Fatalf("not in the configuration: %s", old)
	}
	c.text = strings.ReplaceAll(c.text, old, new)
}

// drop removes the lines with a text.
func (c *configuration) drop(with string) {
	c.t.Helper()
	c.replaceAll(`(?m)^.*`+regexp.QuoteMeta(with)+`.*\n`, "")
}

func (c *configuration) replaceAll(pattern, new string) {
	c.t.Helper()
	r := regexp.MustCompile(pattern)
	if !r.MatchString(c.text) {
		c.t.Fatalf("not in the configuration: %s", pattern)
	}
	c.text = r.ReplaceAllString(c.text, new)
}

func (c *configuration) through(processors string) {
	c.t.Helper()
	c.replaceAll(`processors: \[memory_limiter.*`, "processors: ["+processors+"]")
}

const withoutAssert = "memory_limiter, filter/allow, transform/build, groupbyattrs/new, transform/fold"

// leave leaves one thing that transform/build sets, and nothing looks again.
func leave(statement string) func(*configuration) {
	return func(c *configuration) {
		c.through(withoutAssert)
		c.drop("- 'set(" + statement)
	}
}

// ungrouped leaves one thing that groupbyattrs would lose too.
func ungrouped(statement string) func(*configuration) {
	return func(c *configuration) {
		c.through("memory_limiter, filter/allow, transform/build")
		c.drop("- 'set(" + statement)
	}
}

// queued puts a queue on disk behind the receiver.
func queued(metadata string) func(*configuration) {
	return func(c *configuration) {
		c.replace("include_metadata: false", "include_metadata: "+metadata)
		c.replace("exporters:\n  file:", "exporters:\n  otlp_http:\n    endpoint: http://127.0.0.1:4319\n    sending_queue: {enabled: true, storage: file_storage}\n  file:")
		c.replace("receivers:\n  otlp:", "receivers:\n  otlp/behind: {protocols: {http: {endpoint: 127.0.0.1:4319}}}\n  otlp:")
		c.replace("extensions:\n  health_check:", "extensions:\n  file_storage: {directory: /var/lib/otelcol/queue}\n  health_check:")
		c.replace("extensions: [health_check]", "extensions: [health_check, file_storage]")
		c.replace("      exporters: [file]", "      exporters: [otlp_http]\n    metrics/behind: {receivers: [otlp/behind], exporters: [file]}")
	}
}

var weaknesses = []weak{
	{"no filter", audit.MetricName, "output", func(c *configuration) { c.through("memory_limiter") }},
	{"keep_keys instead of a rebuilt map", audit.ResourceAttribute, "output", func(c *configuration) {
		c.through(withoutAssert)
		c.replaceAll(`- 'set\(resource.attributes, .*`, `- 'keep_keys(resource.attributes, ["install_guid"])'`)
	}},
	{"error_mode: ignore", audit.Configuration, "configuration", func(c *configuration) { c.replaceAll(`error_mode: propagate`, "error_mode: ignore") }},
	{"no groupbyattrs", audit.EntityRef, "output", func(c *configuration) {
		c.replace("groupbyattrs/new, transform/fold, filter", "transform/fold, filter")
	}},
	{"a pipeline for logs", audit.Signal, "output", func(c *configuration) {
		c.replace("  pipelines:\n", "  pipelines:\n    logs: {receivers: [otlp], exporters: [file]}\n")
	}},
	{"a queue without the hop", audit.Header, "queue", queued("false")},
	{"include_metadata with a queue", audit.Header, "queue", queued("true")},
	{"include_metadata", audit.Configuration, "configuration", func(c *configuration) { c.replace("include_metadata: false", "include_metadata: true") }},
	{"detailed telemetry", audit.Header, "own metrics", func(c *configuration) { c.replace("metrics: {level: none}", "metrics: {level: detailed}") }},
	{"a missing range", audit.Valid, "output", func(c *configuration) {
		c.replace(` or datapoint.attributes["compreface.faces.range"] == "501-2000"`, "")
	}},
	{"a missing metric", audit.Valid, "output", func(c *configuration) { c.replace(`metric.name == "compreface.application.created" or `, "") }},
	{"description left", audit.Description, "output", leave("metric.description")},
	{"metadata left", audit.Metadata, "output", ungrouped("metric.metadata")},
	{"unit left", audit.Unit, "output", leave(`metric.unit, "{user}"`)},
	{"exemplars left", audit.Exemplar, "output", leave("datapoint.exemplars")},
	{"start time left", audit.StartTime, "output", leave("datapoint.start_time_unix_nano")},
	{"time left", audit.Time, "output", leave("datapoint.time")},
	{"schema URL of the scope left", audit.ScopeSchema, "output", ungrouped("scope.schema_url")},
	{"scope attributes left", audit.ScopeAttribute, "output", leave("scope.attributes")},
	{"scope version left", audit.ScopeVersion, "output", leave("scope.version")},
	{"scope name left", audit.ScopeName, "output", leave("scope.name")},
	{"schema URL of the resource left", audit.ResourceSchema, "output", ungrouped("resource.schema_url")},
	{"doubles allowed", audit.Value, "output", func(c *configuration) {
		c.through(withoutAssert)
		c.drop("datapoint.value_double != 0.0")
		c.drop("set(datapoint.value_int")
	}},
	{"no largest value", audit.Value, "output", func(c *configuration) { c.replace(" or datapoint.value_int > 1000000000000", "") }},
	{"flags allowed", audit.Flags, "output", func(c *configuration) { c.drop("datapoint.flags != 0") }},
	{"labels with more", audit.Label, "output", func(c *configuration) {
		c.through(withoutAssert)
		c.drop("set(datapoint.attributes, {}) where metric.name == \"compreface.user.created\"")
		c.drop("'metric.name == \"compreface.user.created\" and not (Len(datapoint.attributes) == 0)'")
	}},
	{"any text as identifier", audit.Identifier, "output", func(c *configuration) {
		c.replaceAll(`- 'not IsString\(resource.*`, `- 'resource.attributes["install_guid"] == nil'`)
	}},
	{"the sum of two instead of the larger", audit.Twice, "output", func(c *configuration) { c.replace(`aggregate_on_attributes("max")`, `aggregate_on_attributes("sum")`) }},
	{"delta allowed", audit.Temporality, "output", func(c *configuration) {
		c.replace("metric.aggregation_temporality != AGGREGATION_TEMPORALITY_CUMULATIVE or ", "")
	}},
	{"a file that is emptied at every start", audit.Delivery, "output", func(c *configuration) { c.drop("rotation: {max_megabytes") }},
	{"batches in memory", audit.Delivery, "output", func(c *configuration) {
		c.replace("processors:\n  memory_limiter", "processors:\n  batch: {timeout: 5s}\n  memory_limiter")
		c.replace("transform/fold, filter/assert]", "transform/fold, filter/assert, batch]")
	}},
}

// Each weakness is found, named by its carrier, with bytes that prove it.
func TestWeakConfigurations(t *testing.T) {
	shipped := readFile(t, "../../../../../collector-config.yaml")
	for _, w := range weaknesses {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			c := &configuration{t, shipped}
			w.weaken(c)
			mustFind(t, c.text, w.carrier, w.where)
		})
	}
}

// So are those of configurations that people write by hand.
func TestConfigurationsWrittenByHand(t *testing.T) {
	for name, want := range map[string][]audit.Carrier{
		"redaction":         {audit.Description, audit.MetricName, audit.Exemplar, audit.ScopeVersion, audit.Time},
		"byhand-quickstart": {audit.Signal, audit.ResourceAttribute, audit.MetricName, audit.Description, audit.Delivery, audit.Exemplar, audit.Configuration},
		"byhand-delete":     {audit.ResourceAttribute, audit.Description, audit.Exemplar, audit.EntityRef, audit.Label, audit.Configuration},
		"byhand-keep":       {audit.ResourceAttribute, audit.Description, audit.Exemplar, audit.EntityRef, audit.MetricName, audit.Value},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := auditText(t, readFile(t, filepath.Join("testdata", name+".yaml")), false)
			for _, carrier := range want {
				if r.counts[carrier].Found == 0 {
					t.Errorf("nothing was found in the carrier %q", carrier)
				}
			}
			proven(t, r)
		})
	}
}

func mustFind(t *testing.T, config string, carrier audit.Carrier, where string) {
	t.Helper()
	// A kill starts the Collector twice more, and finds what is lost.
	r := auditText(t, config, carrier != audit.Delivery && where != "queue")
	found := false
	for _, f := range r.Findings {
		t.Logf("%s, %s: %s: %.100q", f.Carrier, f.Where, f.What, f.Proof)
		found = found || f.Carrier == carrier && f.Where == where
	}
	if !found || r.Verdict != Findings {
		t.Errorf("the verdict is %q, without a finding in the carrier %q, in the %s", r.Verdict, carrier, where)
	}
	proven(t, r)
}

// proven asserts that each finding says what proves it.
func proven(t *testing.T, r *Result) {
	t.Helper()
	for _, f := range r.Findings {
		if f.Proof == "" || f.What == "" || f.Times < 1 {
			t.Errorf("a finding without proof: %+v", *f)
		}
	}
}

// auditText audits the text of a configuration.
func auditText(t *testing.T, text string, unkilled bool) *Result {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Audit(t.Context(), Options{Schema: catalogOf(t, "compreface"), Config: path, Binary: program(t), Seed: 7, unkilled: unkilled})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
