package compreface_test

import (
	"slices"
	"strings"
	"testing"

	"headcount.example/bucketing"
	"headcount.example/catalog"
	"headcount.example/catalog/catalogtest"
	"headcount.example/catalog/compreface"
)

func TestGolden(t *testing.T) {
	catalogtest.Golden(t, compreface.Catalog, ".")
	list, err := compreface.Catalog.JSON()
	if err != nil {
		t.Fatal(err)
	}
	catalogtest.File(t, "catalog.json", list)
}

// What the documentation of the face service promises to record, in its own
// words, and the statistic that records it.
func TestRecordsWhatTheServiceDocuments(t *testing.T) {
	list := compreface.Catalog.Metrics()
	for i, test := range []struct {
		promise, name, unit string
		kind                catalog.Kind
		key                 string
		values              []string
	}{
		{"Event of user registration - we record only the fact of the creation of a new user.",
			"compreface.user.created", "{user}", catalog.KindCounter, "", nil},
		{"Event of application creation - we record only the fact of the creation of a new application.",
			"compreface.application.created", "{application}", catalog.KindCounter, "", nil},
		{"Event of service creation - we record only the fact of the creation of a new service and its type.",
			"compreface.service.created", "{service}", catalog.KindCounter, "compreface.service.type",
			[]string{"FACE_DETECTION", "FACE_RECOGNITION", "FACE_VERIFICATION"}},
		{"Every day we record how many faces are saved in Collection in ranges. (0 is in the examples of saved data.)",
			"compreface.collection.count", "{collection}", catalog.KindRangeGauge, "compreface.faces.range",
			[]string{"0", "1-10", "11-50", "51-200", "201-500", "501-2000", "2001-10000", "10001-50000", "50001-200000", "200001-1000000", "1000001+"}},
	} {
		if i >= len(list) {
			t.Fatalf("nothing records %q", test.promise)
		}
		m := list[i]
		if m.Name != test.name || m.Unit != test.unit || m.Kind != test.kind {
			t.Errorf("%q is recorded as %s %s of kind %d", test.promise, m.Name, m.Unit, m.Kind)
		}
		var key string
		var values []string
		if len(m.Attributes) == 1 {
			key, values = m.Attributes[0].Key, m.Attributes[0].Values
		}
		if len(m.Attributes) > 1 || key != test.key || !slices.Equal(values, test.values) {
			t.Errorf("%q is recorded with the labels %v", test.promise, m.Attributes)
		}
	}
	if len(list) != 4 {
		t.Errorf("%d statistics, and the service documents 4", len(list))
	}
}

// "Any names you use", "any personal information", "any information about
// hardware, software, or location of the host machine": no name of a
// statistic or label says such a thing.
func TestRecordsNothingElse(t *testing.T) {
	for _, m := range compreface.Catalog.Metrics() {
		words := []string{m.Name}
		for _, a := range m.Attributes {
			words = append(words, a.Key)
		}
		for _, word := range words {
			for _, never := range []string{"name", "mail", "host", "os", "version", "ip", "guid", "id", "location", "embedding"} {
				if slices.Contains(strings.FieldsFunc(word, func(r rune) bool { return r == '.' || r == '_' }), never) {
					t.Errorf("%q is about %q", word, never)
				}
			}
		}
	}
}

func TestEveryTypeOfServiceIsCounted(t *testing.T) {
	declared := map[catalog.Counter]bool{}
	for _, m := range compreface.Catalog.Metrics() {
		for _, s := range m.Series {
			declared[s.Counter] = m.Kind == catalog.KindCounter
		}
	}
	for _, c := range []catalog.Counter{
		compreface.UserCreated, compreface.ApplicationCreated,
		compreface.ServiceCreated.With(compreface.Detection),
		compreface.ServiceCreated.With(compreface.Recognition),
		compreface.ServiceCreated.With(compreface.Verification),
	} {
		if !declared[c] {
			t.Errorf("%q is not counted", c)
		}
	}
}

// Every example of saved data that the service publishes has a range.
func TestCollectionsUseTheRangesOfFaces(t *testing.T) {
	m := compreface.Catalog.Metrics()[3]
	if m.RangeGauge != compreface.Collections || !slices.Equal(m.Ranges.Labels(), bucketing.Faces.Labels()) {
		t.Errorf("%s has the ranges %q", m.Name, m.Ranges.Labels())
	}
	for faces, want := range map[int64]string{501: "501-2000", 0: "0", 1: "1-10", 201: "201-500", 1_000_001: "1000001+"} {
		if got, err := m.Ranges.Label(faces); err != nil || got != want {
			t.Errorf("%d faces are in %q, %v; want %q", faces, got, err, want)
		}
	}
}

func TestVariable(t *testing.T) {
	if got := compreface.Catalog.Variable(); got != "COMPREFACE_TELEMETRY" {
		t.Errorf("variable %q", got)
	}
}
