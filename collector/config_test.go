package collector_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// These tests break the configuration on purpose, one line at a time, to see
// that each line is there for a reason and that the hostile reports know it.

// A configuration is the lines of the shipped one.
type configuration []string

func readConfiguration(t *testing.T, path string) configuration {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(data), "\n")
}

// of lists the conditions or statements of a processor.
func (c configuration) of(processor string) (lines []string) {
	inside := false
	for _, l := range c {
		if strings.HasPrefix(l, "  ") && !strings.HasPrefix(l, "   ") {
			inside = strings.HasPrefix(l, "  "+processor+":")
		}
		if inside && strings.HasPrefix(l, "          - '") {
			lines = append(lines, l)
		}
	}
	return lines
}

// without is the configuration without a line, which has to be there; a
// condition becomes false, because a list must not be empty.
func (c configuration) without(t *testing.T, line string) configuration {
	i := slices.Index(c, line)
	if i < 0 {
		t.Fatalf("not in the configuration: %s", line)
	}
	got := slices.Clone(c)
	if strings.Contains(line, "set(") || strings.Contains(line, "aggregate_on_attributes") {
		return slices.Delete(got, i, i+1)
	}
	got[i] = "          - 'false'"
	return got
}

// withoutLike is without the first condition or statement that has this text.
func (c configuration) withoutLike(t *testing.T, processor, text string) configuration {
	for _, l := range c.of(processor) {
		if strings.Contains(l, text) {
			return c.without(t, l)
		}
	}
	t.Fatalf("%s has no line with %s", processor, text)
	return nil
}

// through is the configuration with other processors in the pipeline.
func (c configuration) through(processors ...string) configuration {
	got := slices.Clone(c)
	for i, l := range got {
		if strings.HasPrefix(l, "      processors: [") {
			got[i] = "      processors: [" + strings.Join(processors, ", ") + "]"
		}
	}
	return got
}

func (c configuration) edit(t *testing.T, old, new string) configuration {
	text := strings.Join(c, "\n")
	if !strings.Contains(text, old) {
		t.Fatalf("not in the configuration: %s", old)
	}
	return strings.Split(strings.ReplaceAll(text, old, new), "\n")
}

// attacked returns what the hostile reports find under a configuration.
func attacked(t *testing.T, p product, c configuration) []finding {
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(strings.Join(c, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	server := start(t, path)
	defer server.Kill()
	return attack(server, p.catalog, forms[:1])
}

// more returns the findings of kinds that are not among the known.
func more(found, known []finding) (left []finding) {
	seen := map[finding]bool{}
	for _, f := range known {
		seen[f.kind()] = true
	}
	for _, f := range found {
		if !seen[f.kind()] {
			left = append(left, f)
		}
	}
	return left
}

// leaks returns the findings that are more than a loss.
func leaks(found []finding) (left []finding) {
	for _, f := range found {
		if kind := f.kind().fault; kind != "too few" && kind != "status" {
			left = append(left, f)
		}
	}
	return left
}

const (
	allow, rebuild, regroup, fold, assert = "filter/allow", "transform/build", "groupbyattrs/new", "transform/fold", "filter/assert"
)

// A breaker is the configuration to break, and what is found by the hostile
// reports when only the first two steps are there.
type breaker struct {
	product     product
	whole, bare configuration
	known       []finding
}

func TestEachLineOfTheConfigurationIsNeeded(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a Collector for each line")
	}
	b := &breaker{product: products[0]}
	b.whole = readConfiguration(t, b.product.config)
	b.bare = b.whole.through(allow, rebuild)
	b.known = attacked(t, b.product, b.bare)
	t.Run("step", b.steps)
	t.Run("allow", b.allows)
	t.Run("rebuild", b.rebuilds)
	t.Run("assert", b.asserts)
	t.Run("part", b.parts)
}

// broken runs a test of a broken configuration, which the hostile reports
// have to notice.
func broken(t *testing.T, name any, what string, attack func(t *testing.T) []finding) {
	t.Run(fmt.Sprint(name), func(t *testing.T) {
		t.Parallel()
		if len(attack(t)) == 0 {
			t.Errorf("no hostile report notices: %s", what)
		}
	})
}

// steps leaves out a step of the pipeline. The last one is for the case that
// the others are broken: see asserts.
func (b *breaker) steps(t *testing.T) {
	for left, through := range map[string][]string{
		allow:   {rebuild, regroup, fold},
		rebuild: {allow, regroup, fold},
		fold:    {allow, rebuild, regroup},
	} {
		broken(t, left, left, func(t *testing.T) []finding { return leaks(attacked(t, b.product, b.whole.through(through...))) })
	}
	broken(t, regroup, "entity references need a new resource", func(t *testing.T) []finding {
		return slices.DeleteFunc(leaks(attacked(t, b.product, b.whole.through(allow, rebuild, fold, assert))),
			func(f finding) bool { return !strings.HasPrefix(f.report, "entity references") })
	})
}

func (b *breaker) allows(t *testing.T) {
	for i, l := range b.whole.of(allow) {
		broken(t, i, l, func(t *testing.T) []finding { return attacked(t, b.product, b.whole.without(t, l)) })
	}
}

// rebuilds leaves out a statement. The steps around it make some needless,
// so it looks without them.
func (b *breaker) rebuilds(t *testing.T) {
	for i, l := range b.whole.of(rebuild) {
		broken(t, i, l, func(t *testing.T) []finding {
			bare, known := b.bare, b.known
			if strings.Contains(l, "set(datapoint.attributes") {
				bare = bare.withoutLike(t, allow, metricOf(l)+" and not (Len(datapoint.attributes)")
				known = attacked(t, b.product, bare)
			}
			return more(attacked(t, b.product, bare.without(t, l)), known)
		})
	}
}

// asserts leaves out a condition of the last step together with the statement
// whose failure it catches.
func (b *breaker) asserts(t *testing.T) {
	for i, c := range b.whole.of(assert) {
		broken(t, i, c, func(t *testing.T) []finding {
			missed := b.whole.through(allow, rebuild, assert).without(t, b.caughtBy(t, c))
			return more(leaks(attacked(t, b.product, missed.without(t, c))), leaks(attacked(t, b.product, missed)))
		})
	}
	broken(t, "points", "the number of points", func(t *testing.T) []finding {
		missed := b.whole.through(allow, rebuild, regroup, assert)
		counted := regexp.MustCompile(`(unit != "[^"]*") or Len\(metric.data_points\) > \d+`)
		uncounted := strings.Split(counted.ReplaceAllString(strings.Join(missed, "\n"), "$1"), "\n")
		return more(leaks(attacked(t, b.product, uncounted)), leaks(attacked(t, b.product, missed)))
	})
}

// caughtBy returns the statement that sets what a condition looks at, of the
// same metric where there is one for each.
func (b *breaker) caughtBy(t *testing.T, condition string) string {
	for _, l := range b.whole.of(rebuild) {
		path := setsPath.FindStringSubmatch(l)
		if path != nil && strings.Contains(condition, path[1]) && strings.Contains(condition, metricOf(l)) {
			return l
		}
	}
	t.Fatalf("looks at nothing that is set: %s", condition)
	return ""
}

var setsPath = regexp.MustCompile(`set\(([a-z_.]+), `)

// metricOf returns the quoted name that a statement is for, or nothing.
func metricOf(statement string) string {
	_, name, _ := strings.Cut(statement, "where metric.name == ")
	return strings.TrimSuffix(name, "'")
}

// parts changes parts of lines. Two are not here, because nothing could
// notice: IsString, since the pattern refuses what is not a string too, and
// the type of a sum, since nothing else is monotonic.
func (b *breaker) parts(t *testing.T) {
	for i, e := range []struct{ old, new string }{
		{`{12}$$"`, `{12}"`},
		{`"^[0-9a-f]{8}`, `"[0-9a-f]{8}`},
		{`-4[0-9a-f]{3}`, `-[0-9a-f]{4}`},
		{`[89ab]`, `[0-9a-f]`},
		{`"^[0-9a-f]{8}`, `"(?i)^[0-9a-f]{8}`},
		{`metric.is_monotonic != true or `, ``},
		{`metric.aggregation_temporality != AGGREGATION_TEMPORALITY_CUMULATIVE or `, ``},
		{`metric.type != METRIC_DATA_TYPE_GAUGE or `, ``},
		{`CUMULATIVE or Len(metric.data_points) > 64`, `CUMULATIVE`},
		{`GAUGE or Len(metric.data_points) > 64`, `GAUGE`},
		{`datapoint.value_double != 0.0`, `datapoint.value_double > 0.0`},
		{`datapoint.value_int < 0 or `, ``},
		{` or datapoint.value_int > 1000000000000'`, `'`},
		{`> 1000000000000`, `>= 1000000000000`},
		{`Len(datapoint.attributes) == 1 and `, ``},
		{`or datapoint.attributes["compreface.service.type"] == "FACE_VERIFICATION"`, ``},
		{`metric.name == "compreface.application.created" or `, ``},
		{`Duration("24h")`, `Duration("1ns")`}, // an hour would be the same before one o'clock
		{`TruncateTime(Now(), Duration("24h"))`, `TruncateTime(datapoint.time, Duration("24h"))`},
		{`aggregate_on_attributes("max")`, `aggregate_on_attributes("sum")`},
		{`aggregate_on_attributes("max")`, `aggregate_on_attributes("min")`},
		{`aggregate_on_attributes("max")`, `aggregate_on_attributes("max", [])`},
	} {
		broken(t, i, e.old+" becomes "+e.new, func(t *testing.T) []finding {
			return attacked(t, b.product, b.whole.edit(t, e.old, e.new))
		})
	}
}
