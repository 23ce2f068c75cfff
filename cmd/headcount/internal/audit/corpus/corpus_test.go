package corpus

import (
	"bytes"
	"testing"

	"headcount.example/cmd/headcount/internal/audit"
	"headcount.example/cmd/headcount/internal/schema"
)

func newCorpus(t *testing.T, name string, seed uint64) *Corpus {
	t.Helper()
	s, err := schema.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(s, seed)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The same seed makes the same requests, another one others.
func TestSeed(t *testing.T) {
	a, b, other := newCorpus(t, "compreface", 3), newCorpus(t, "compreface", 3), newCorpus(t, "compreface", 4)
	differ := 0
	for i := range 3 * a.Targeted() {
		x, y, z := a.Next(), b.Next(), other.Next()
		if x.Name != y.Name || x.GUID != y.GUID || !bytes.Equal(x.Body, y.Body) {
			t.Fatalf("request %d differs: %s and %s", i, x.Name, y.Name)
		}
		if !bytes.Equal(x.Body, z.Body) {
			differ++
		}
	}
	if differ < 2*a.Targeted() {
		t.Errorf("another seed makes %d other requests of %d", differ, 3*a.Targeted())
	}
}

// Every carrier of a request is tried, by requests that differ from valid
// ones; and a canary names its request.
func TestEveryCarrierIsTried(t *testing.T) {
	for _, name := range schema.Names {
		c := newCorpus(t, name, 1)
		tried := map[audit.Carrier]int{}
		for range c.Targeted() + 100 {
			r := c.Next()
			tried[r.Carrier]++
			if r.Valid && len(r.Rows) == 0 {
				t.Errorf("%s: the valid report %q has no rows", name, r.Name)
			}
			if m := Canaries.Find(r.Body); m != nil && RequestOf(m) >= 0 && RequestOf(m) != r.ID {
				t.Errorf("%s: request %d has the canary of %d", name, r.ID, RequestOf(m))
			}
		}
		for _, carrier := range audit.Carriers {
			if tried[carrier] == 0 && carrier != audit.Delivery && carrier != audit.Configuration {
				t.Errorf("%s: the carrier %q is not tried", name, carrier)
			}
		}
	}
}

// A catalog of counters only has requests too.
func TestCatalogWithoutGauges(t *testing.T) {
	s, err := schema.Parse([]byte(`{"product":"P","metrics":[{"name":"a","kind":"counter","unit":"1"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(s, 1)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 * c.Targeted() {
		if r := c.Next(); r.Method == "" && r.Header == nil {
			t.Fatalf("%q is no request", r.Name)
		}
	}
}
