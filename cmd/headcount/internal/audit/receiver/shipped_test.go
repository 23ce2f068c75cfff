package receiver

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"headcount.example/cmd/headcount/internal/audit"
	"headcount.example/cmd/headcount/internal/audit/testcollector"
	"headcount.example/cmd/headcount/internal/schema"
)

var hostileRequests = flag.Int("requests", 3_200, "requests to each shipped configuration; make audit sends more")

func TestMain(m *testing.M) {
	code := m.Run()
	if err := testcollector.Remove(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

func program(t *testing.T) string {
	t.Helper()
	binary, err := testcollector.Program()
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

func catalogOf(t *testing.T, name string) *schema.Schema {
	t.Helper()
	s, err := schema.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The shipped configurations are clean, whatever is sent.
func TestShippedConfigurations(t *testing.T) {
	for name, config := range map[string]string{
		"compreface": "../../../../../collector-config.yaml",
		"affiliate":  "../../../../../catalog/affiliate/collector-config.yaml",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := Audit(t.Context(), Options{Schema: catalogOf(t, name), Config: config, Binary: program(t),
				Requests: *hostileRequests, Seed: uint64(*hostileRequests), Mistakes: true})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range r.Findings {
				t.Errorf("%+v", *f)
			}
			if r.Verdict != Clean || r.Requests.Hostile < *hostileRequests*5/6 || r.Requests.Rows == 0 {
				t.Errorf("the verdict is %q after %+v", r.Verdict, r.Requests)
			}
			for _, c := range r.Carriers {
				if c.Tried == 0 && c.Carrier != audit.Delivery && c.Carrier != audit.Configuration {
					t.Errorf("the carrier %q was not tried", c.Carrier)
				}
			}
			if len(r.Mistakes) < 3 {
				t.Errorf("got %d mistakes, want all that can be tried here", len(r.Mistakes))
			}
			t.Logf("%+v", r.Requests)
		})
	}
}
