package telemetry

import (
	"path/filepath"
	"strings"
	"testing"

	"headcount.example/catalog"
	"headcount.example/catalog/compreface"
	"headcount.example/consent"
)

func TestInitFaults(t *testing.T) {
	for _, test := range []struct {
		name   string
		config Config
		want   []string // each in a line of its own
	}{
		{"everything", Config{}, []string{"no catalog", `endpoint ""`, "no directory"}},
		{"catalog and endpoint", Config{Catalog: catalog.New("Otel", 0, about), Endpoint: "http://stats.example", Dir: "/x"},
			[]string{`"Otel"`, "notice number 0", `endpoint "http://stats.example"`}},
		{"relative directory", Config{Catalog: compreface.Catalog, Endpoint: "https://stats.example", Dir: "data/telemetry"}, []string{`directory "data/telemetry"`}},
		{"endpoint with a password", Config{Catalog: compreface.Catalog, Endpoint: "https://user:hunter2@stats.example", Dir: "data"},
			[]string{"@stats.example", `directory "data"`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.config.Consent = always(consent.Granted, 1)
			c, err := Init(test.config)
			if c == nil || err == nil {
				t.Fatalf("%v, %v", c, err)
			}
			for _, part := range test.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in %q", part, err)
				}
			}
			for _, line := range strings.Split(err.Error(), "\n") {
				if strings.Contains(line, "hunter2") || strings.Count(line, "telemetry: ") > 1 {
					t.Errorf("line %q", line)
				}
			}
			if s := c.Status(); s.On || s.Reason != err.Error() {
				t.Errorf("%+v", s)
			}
		})
	}
}

func addClient(t testing.TB) *setup {
	s := start(t, "https://stats.vendor.invalid", nil)
	s.decide(t, consent.Granted)
	return s
}

// TestAddAllocatesNothing, whatever the state is.
func TestAddAllocatesNothing(t *testing.T) {
	on := addClient(t)
	off, err := Init(Config{Catalog: compreface.Catalog, Endpoint: "https://stats.vendor.invalid", Dir: filepath.Join(t.TempDir(), "x")})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]*Client{"granted": on.Client, "off": off, "nil": nil, "zero": {}} {
		for counter, f := range map[string]func(){
			"plain":      func() { c.Add(compreface.UserCreated, 1) },
			"labelled":   func() { c.Add(compreface.ServiceCreated.With(compreface.Detection), 1) },
			"undeclared": func() { c.Add(compreface.ServiceCreated.With("x"), 1) },
			"none":       func() { c.Add(catalog.Counter{}, 1) },
			"negative":   func() { c.Add(compreface.UserCreated, -1) },
		} {
			if n := testing.AllocsPerRun(1000, f); n != 0 {
				t.Errorf("%s, %s: %v allocations", name, counter, n)
			}
		}
	}
}

func BenchmarkAdd(b *testing.B) {
	s := addClient(b)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			s.Add(compreface.UserCreated, 1)
		}
	})
}
