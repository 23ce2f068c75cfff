package affiliate_test

import (
	"slices"
	"strings"
	"testing"

	"headcount.example/catalog"
	"headcount.example/catalog/affiliate"
	"headcount.example/catalog/catalogtest"
)

func TestGolden(t *testing.T) {
	catalogtest.Golden(t, affiliate.Catalog, ".")
	list, err := affiliate.Catalog.JSON()
	if err != nil {
		t.Fatal(err)
	}
	catalogtest.File(t, "catalog.json", list)
}

// What the platform's page on usage tracking says it collects, in its own
// words, and the statistic that does.
func TestCollectsWhatThePlatformDocuments(t *testing.T) {
	list := affiliate.Catalog.Metrics()
	if err := affiliate.Catalog.Err(); err != nil || len(list) != 4 {
		t.Fatalf("error %v and %d statistics, want 4", err, len(list))
	}
	actions, errors, features, programs := list[0], list[1], list[2], list[3]

	t.Run("Key Events: Information on significant actions or errors within the platform", func(t *testing.T) {
		closedSet(t, actions, "affiliate.action", "affiliate.action.kind",
			"PROGRAM_CREATE", "AFFILIATE_JOIN", "REFERRAL_RECORD", "PAYOUT_COMPLETE")
		closedSet(t, errors, "affiliate.error", "affiliate.error.kind",
			"PAYOUT_FAILED", "REFERRAL_REJECTED", "INTERNAL")
		for _, kind := range errors.Attributes[0].Values {
			if slices.Contains(actions.Attributes[0].Values, kind) {
				t.Errorf("%s is an action and an error", kind)
			}
		}
	})

	t.Run("General Usage Patterns: Data on how users interact with the system", func(t *testing.T) {
		closedSet(t, features, "affiliate.feature.used", "affiliate.feature.name", "DASHBOARD", "REPORTS", "COUPONS", "API")
	})

	t.Run("Program Metrics: Information on the size and number of affiliate programs", func(t *testing.T) {
		if programs.Kind != catalog.KindRangeGauge || programs.Name != "affiliate.program.count" || programs.RangeGauge != affiliate.Programs {
			t.Fatalf("programs are %+v", programs)
		}
		// Size: every number of affiliates falls in one range. Number: a
		// program without affiliates has a range too, so the ranges add up to
		// all programs.
		for affiliates, want := range map[int64]string{0: "0", 1: "1-10", 10: "1-10", 11: "11-50", 5_000: "1001-5000", 1 << 40: "100001+"} {
			if got, err := programs.Ranges.Label(affiliates); err != nil || got != want {
				t.Errorf("a program of %d affiliates is in %q, %v; want %q", affiliates, got, err, want)
			}
		}
	})
}

// closedSet asserts a counter with one label, among whose values are these,
// and which counts them and nothing that is not written down.
func closedSet(t *testing.T, m catalog.Definition, name, key string, some ...string) {
	t.Helper()
	if m.Kind != catalog.KindCounter || m.Name != name || len(m.Attributes) != 1 || m.Attributes[0].Key != key {
		t.Fatalf("%s is %+v, want a counter with the label %s", name, m, key)
	}
	for _, value := range some {
		if !slices.Contains(m.Attributes[0].Values, value) {
			t.Errorf("%s has no %s", name, value)
		}
	}
	if len(m.Series) != len(m.Attributes[0].Values) {
		t.Errorf("%s has %d series for %d values", name, len(m.Series), len(m.Attributes[0].Values))
	}
	for _, typed := range []string{"", "other", "pq: duplicate key of customer 17", "https://shop.example/?id=1"} {
		c := m.Series[0].Counter.With(typed)
		if slices.ContainsFunc(m.Series, func(s catalog.Series) bool { return s.Counter == c }) {
			t.Errorf("%s counts %q", name, typed)
		}
	}
}

func TestVariablesCountWhatTheCatalogLists(t *testing.T) {
	for i, c := range []catalog.Counter{affiliate.Actions, affiliate.Errors, affiliate.Features} {
		for _, s := range affiliate.Catalog.Metrics()[i].Series {
			if c.With(s.Values...) != s.Counter {
				t.Errorf("%s%q is not %s", c, s.Values, s.Counter)
			}
		}
	}
}

// "We do not collect any personal information such as names, email
// addresses, or other identifying details": no label is about one, and no
// amount of money is a statistic.
func TestCollectsNothingPersonal(t *testing.T) {
	for _, m := range affiliate.Catalog.Metrics() {
		for _, never := range []string{"email", "address", "user", "visitor", "amount", "currency", "message", "url", "referrer"} {
			if strings.Contains(m.Name, never) || slices.ContainsFunc(m.Attributes, func(a catalog.Attribute) bool { return strings.Contains(a.Key, never) }) {
				t.Errorf("%s is about %q", m.Name, never)
			}
		}
	}
}

func TestVariable(t *testing.T) {
	if got := affiliate.Catalog.Variable(); got != "AFFILIATE_PLATFORM_TELEMETRY" {
		t.Errorf("variable %q", got)
	}
}
