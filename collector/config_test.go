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
	defer server.kill()
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

var setsPath = regexp.MustCompile(`set\(([a-z_.]+), `)

func TestEachLineOfTheConfigurationIsNeeded(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a Collector for each line")
	}
	product := products[0]
	whole := readConfiguration(t, product.config)
	bare := whole.through(allow, rebuild)
	known := attacked(t, product, bare)

	red := func(t *testing.T, found []finding) {
		t.Helper()
		if len(found) == 0 {
			t.Error("no hostile report notices")
		}
	}
	each := func(name string, f func(t *testing.T)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t)
		})
	}

	// Without a step, or a condition of the first, something arrives.
	each("step/"+allow, func(t *testing.T) { red(t, attacked(t, product, whole.through(rebuild, regroup, fold))) })
	each("step/"+rebuild, func(t *testing.T) { red(t, leaks(attacked(t, product, whole.through(allow, regroup, fold)))) })
	each("step/"+fold, func(t *testing.T) { red(t, attacked(t, product, whole.through(allow, rebuild, regroup))) })
	each("step/"+regroup, func(t *testing.T) {
		found := attacked(t, product, whole.through(allow, rebuild, fold, assert))
		if !slices.ContainsFunc(leaks(found), func(f finding) bool { return strings.HasPrefix(f.report, "entity references") }) {
			t.Error("entity references do not pass without it")
		}
	})
	for i, l := range whole.of(allow) {
		each(fmt.Sprintf("allow/%d", i), func(t *testing.T) {
			t.Log(l)
			red(t, attacked(t, product, whole.without(t, l)))
		})
	}

	// The later steps make some statements of the second needless, and the
	// first step others: so look without them.
	for i, l := range whole.of(rebuild) {
		each(fmt.Sprintf("rebuild/%d", i), func(t *testing.T) {
			t.Log(l)
			if _, name, labelled := strings.Cut(l, "where metric.name == "); labelled && strings.Contains(l, "set(datapoint.attributes") {
				unchecked := bare.withoutLike(t, allow, strings.TrimSuffix(name, "'")+" and not (Len(datapoint.attributes)")
				red(t, more(attacked(t, product, unchecked.without(t, l)), attacked(t, product, unchecked)))
				return
			}
			red(t, more(attacked(t, product, bare.without(t, l)), known))
		})
	}

	// A condition of the last step catches what a statement of the second has
	// missed: the loss is then complete, and without the condition it is not.
	for i, c := range whole.of(assert) {
		each(fmt.Sprintf("assert/%d", i), func(t *testing.T) {
			t.Log(c)
			for _, l := range whole.of(rebuild) {
				path := setsPath.FindStringSubmatch(l)
				if path == nil || !strings.Contains(c, path[1]) {
					continue
				}
				if _, name, unit := strings.Cut(l, "where metric.name == "); unit && !strings.Contains(c, strings.TrimSuffix(name, "'")) {
					continue
				}
				missed := whole.through(allow, rebuild, assert).without(t, l)
				kept := leaks(attacked(t, product, missed.without(t, c)))
				caught := leaks(attacked(t, product, missed))
				red(t, more(kept, caught))
				return
			}
			t.Error("belongs to no statement")
		})
	}

	// It also catches a series that the step before left twice.
	each("assert/points", func(t *testing.T) {
		missed := whole.through(allow, rebuild, regroup, assert)
		counted := regexp.MustCompile(`(unit != "[^"]*") or Len\(metric.data_points\) > \d+`)
		text := counted.ReplaceAllString(strings.Join(missed, "\n"), "$1")
		kept := attacked(t, product, strings.Split(text, "\n"))
		red(t, more(leaks(kept), leaks(attacked(t, product, missed))))
	})

	// The same for parts of lines. Two are not here, because nothing could
	// notice: IsString, since the pattern refuses what is not a string too, and
	// the type of a sum, since nothing else is monotonic.
	for i, e := range []struct{ old, new string }{
		{`{12}$$"`, `{12}"`},
		{`"^[0-9a-f]{8}`, `"[0-9a-f]{8}`},
		{`-4[0-9a-f]{3}`, `-[0-9a-f]{4}`},
		{`[89ab]`, `[0-9a-f]`},
		{`"^[0-9a-f]{8}`, `"(?i)^[0-9a-f]{8}`},
		{"metric.is_monotonic != true or ", ""},
		{"metric.aggregation_temporality != AGGREGATION_TEMPORALITY_CUMULATIVE or ", ""},
		{"metric.type != METRIC_DATA_TYPE_GAUGE or ", ""},
		{"datapoint.value_double != 0.0", "datapoint.value_double > 0.0"},
		{"datapoint.value_int < 0 or ", ""},
		{" or datapoint.value_int > 1000000000000'", "'"},
		{"> 1000000000000", ">= 1000000000000"},
		{"Len(datapoint.attributes) == 1 and ", ""},
		{"AGGREGATION_TEMPORALITY_CUMULATIVE or Len(metric.data_points) > 3", "AGGREGATION_TEMPORALITY_CUMULATIVE"},
		{"METRIC_DATA_TYPE_GAUGE or Len(metric.data_points) > 11", "METRIC_DATA_TYPE_GAUGE"},
		{`or datapoint.attributes["compreface.service.type"] == "FACE_VERIFICATION"`, ""},
		{`metric.name == "compreface.application.created" or `, ""},
		{`Duration("24h")`, `Duration("1h")`},
		{`TruncateTime(Now(), Duration("24h"))`, `TruncateTime(datapoint.time, Duration("24h"))`},
		{`aggregate_on_attributes("max")`, `aggregate_on_attributes("sum")`},
		{`aggregate_on_attributes("max")`, `aggregate_on_attributes("min")`},
		{`aggregate_on_attributes("max")`, `aggregate_on_attributes("max", [])`},
	} {
		each(fmt.Sprintf("part/%d", i), func(t *testing.T) {
			t.Logf("%s becomes %s", e.old, e.new)
			red(t, attacked(t, product, whole.edit(t, e.old, e.new)))
		})
	}
}
