package receiver

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/audit/testcollector"
	"headcount.example/cmd/headcount/internal/schema"
)

var hostileRequests = flag.Int("requests", 3_200, "requests to each shipped configuration; make audit sends more")

// beside is how many audits run at the same time. Most of an audit is waiting:
// for a Collector to start, and for its file to be quiet.
const beside = "8"

func TestMain(m *testing.M) {
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		if err := parallel.Value.Set(beside); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
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
				if c.Tried == 0 {
					t.Errorf("the carrier %q was not tried", c.Carrier)
				}
			}
			for name, loses := range map[string]bool{"the file is moved": false, "the file is removed": true} {
				if m := mistake(r, name); m == nil || m.Sent == 0 || m.Lost > 0 != loses {
					t.Errorf("%s: got %+v, want it tried, and reports lost: %t", name, m, loses)
				}
			}
			if m := mistake(r, "two Collectors write to one file"); m == nil || m.Sent == 0 { // it loses by chance
				t.Errorf("two writers: got %+v, want it tried", m)
			}
			t.Logf("%+v", r.Requests)
		})
	}
}

func mistake(r *Result, name string) *Mistake {
	for n := range r.Mistakes {
		if r.Mistakes[n].Name == name {
			return &r.Mistakes[n]
		}
	}
	return nil
}

// A full disk loses nothing that was acknowledged. Only root can make one.
func TestShippedConfigurationOnAFullDisk(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: to mount a small file system")
	}
	t.Parallel()
	r, err := Audit(t.Context(), Options{Schema: catalogOf(t, "compreface"), Config: "../../../../../collector-config.yaml", Binary: program(t), Seed: 3, Mistakes: true})
	if err != nil {
		t.Fatal(err)
	}
	m := mistake(r, "the disk is full, and then freed")
	if m == nil || m.Sent == 0 || m.Lost > 0 || strings.Contains(m.Outcome, "refused 0 reports") || strings.Contains(m.Outcome, "took 0 of") {
		t.Errorf("got %+v and %q, want reports refused, none lost, and some taken after it was freed", m, r.Notes)
	}
}
