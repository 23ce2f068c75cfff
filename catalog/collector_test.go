package catalog_test

import (
	"regexp"
	"strings"
	"testing"

	"headcount.example/bucketing"
	"headcount.example/catalog"
	"headcount.example/catalog/affiliate"
	"headcount.example/catalog/catalogtest"
	"headcount.example/catalog/compreface"
)

// The committed configurations are what the catalogs say. Whether a real
// Collector obeys them is tested in the module collector.
func TestCollectorConfig(t *testing.T) {
	for path, c := range map[string]*catalog.Catalog{
		"../collector-config.yaml":        compreface.Catalog,
		"affiliate/collector-config.yaml": affiliate.Catalog,
	} {
		got, err := c.CollectorConfig()
		if err != nil {
			t.Fatal(err)
		}
		catalogtest.File(t, path, got)
	}
}

func TestCollectorConfigOfFaultyCatalog(t *testing.T) {
	var none *catalog.Catalog
	for name, c := range map[string]*catalog.Catalog{
		"nil":     none,
		"zero":    {},
		"faulty":  catalog.New("Shop", 0, about, catalog.NewCounter("shop.user.created", "{user}", says("A user was created."))),
		"unnamed": catalog.New("Shop", 1, about, catalog.NewCounter("", "{user}", says("A user was created."))),
	} {
		if got, err := c.CollectorConfig(); err == nil || got != nil {
			t.Errorf("%s: got %d bytes and error %v, want none and an error", name, len(got), err)
		}
	}
}

func TestCollectorConfigChangesOnlyAddressesAndPath(t *testing.T) {
	got, err := compreface.Catalog.CollectorConfig()
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`\$\{[^}]*\}`).FindAllString(string(got), -1)
	want := "${env:HEADCOUNT_LISTEN:-127.0.0.1:4318} ${env:HEADCOUNT_FILE:-usage.jsonl} ${env:HEADCOUNT_HEALTH:-127.0.0.1:13133}"
	if strings.Join(names, " ") != want {
		t.Errorf("variables %q, want %q", names, want)
	}
}

// What YAML, the expansion of variables or OTTL would read as their own is
// refused in a unit, and no configuration is rendered.
func TestCollectorConfigRefusesQuotes(t *testing.T) {
	for _, unit := range []string{`{it's}`, `{"}`, `{$HOME}`, `{${env:HOME}}`, `{\}`} {
		c := catalog.New("Shop", 1, about, catalog.NewCounter("shop.user.created", unit, says("A user was created.")))
		if got, err := c.CollectorConfig(); err == nil || !strings.Contains(err.Error(), "unit") || len(got) != 0 {
			t.Errorf("unit %s: got %d bytes, %v; want an error about the unit", unit, len(got), err)
		}
	}
}

func TestCollectorConfigMakesRoomForLargeReports(t *testing.T) {
	long := strings.Repeat("x", 200)
	var metrics []catalog.Metric
	for _, n := range []string{"a", "b", "c", "d"} {
		metrics = append(metrics, catalog.NewRangeGauge("shop."+n+"."+long, "{x}", says("Things."), "shop."+long, bucketing.New(
			1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30)))
	}
	got, err := catalog.New("Shop", 1, about, metrics...).CollectorConfig()
	if err != nil {
		t.Fatal(err)
	}
	if want := "max_request_body_size: 65536 "; !strings.Contains(string(got), want) {
		t.Errorf("no %q", want)
	}
}
