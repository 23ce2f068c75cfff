//lint:file-ignore SA1019 the form that Grafana 12 reads from files; the newer one is for later versions

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/alerting"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"headcount.example/catalog/affiliate"
	"headcount.example/catalog/compreface"
)

// The committed files are the rendered ones. go run . writes them.
func TestRendered(t *testing.T) {
	list, err := files(compreface.Catalog)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range list {
		got, err := os.ReadFile(name)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what is rendered (%v): go run . in deploy/grafana", name, err)
		}
	}
	var there []string
	for _, dir := range []string{"dashboards", filepath.Join("provisioning", "alerting")} {
		found, _ := filepath.Glob(filepath.Join(dir, "*"))
		there = append(there, found...)
	}
	if len(there) != len(list) {
		t.Errorf("got %d files %q, want %d", len(there), there, len(list))
	}
}

// The SDK reads back what is rendered, and knows every field.
func TestStrict(t *testing.T) {
	plugins.RegisterDefaultPlugins()
	for _, path := range []string{"dashboards/installations.json", "dashboards/pipeline.json"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var d dashboard.Dashboard
		if f := fault(d.UnmarshalJSONStrict(text)); f != "" {
			t.Errorf("%s: %s", path, f)
		}
		if fault(d.UnmarshalJSONStrict(bytes.Replace(text, []byte(`"gridPos"`), []byte(`"gridpos"`), 1))) == "" {
			t.Errorf("%s: a field that does not exist was taken", path)
		}
	}
	if fault((&alerting.Query{}).UnmarshalJSONStrict([]byte(`{"refid": "A"}`))) == "" {
		t.Error("a field that does not exist was taken")
	}
	text, err := os.ReadFile("provisioning/alerting/headcount.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Rules []struct{ Data []json.RawMessage }
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	for _, rule := range file.Groups[0].Rules {
		for _, raw := range rule.Data {
			var q alerting.Query
			if f := fault(q.UnmarshalJSONStrict(raw)); f != "" {
				t.Errorf("%s: %s", f, raw)
			}
		}
	}
}

// fault is what is wrong. Where nothing is, v0.0.22 of the SDK returns an error
// that lists no fault.
func fault(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// Every counter and every range gauge of a catalog has its place, also where
// there is no range gauge.
func TestOtherCatalog(t *testing.T) {
	list, err := files(affiliate.Catalog)
	if err != nil {
		t.Fatal(err)
	}
	all := string(slices.Concat(list["dashboards/installations.json"]))
	for _, d := range affiliate.Catalog.Metrics() {
		for _, s := range d.Series {
			if !strings.Contains(all, "`"+series(d, s)+"`") {
				t.Errorf("no question asks for %s", series(d, s))
			}
		}
	}
}
