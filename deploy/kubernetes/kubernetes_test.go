// Package kubernetes_test has kustomize render the files of this directory and
// kubeconform look at every field of them. make kubernetes asks a real
// kube-apiserver as well.
package kubernetes_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	kustomize   = "sigs.k8s.io/kustomize/kustomize/v5@v5.8.0" // later ones want Go 1.27
	kubeconform = "github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0"
	api         = "k8s.io/kubernetes@v1.37.2"
)

// Kubernetes knows every kind and field that is used, and no other is used.
func TestKubernetesKnowsEveryField(t *testing.T) {
	bin := t.TempDir()
	for _, program := range []string{kubeconform, kustomize} {
		c := exec.Command("go", "install", program)
		c.Env = append(os.Environ(), "GOBIN="+bin, "GOWORK=off", "GOFLAGS=")
		run(t, c)
	}
	schemas := writeSchemas(t)
	check := func(text string) ([]byte, error) {
		c := exec.Command(filepath.Join(bin, "kubeconform"), "-strict", "-summary", "-schema-location", schemas+"/{{ .ResourceKind }}{{ .KindSuffix }}.json")
		c.Stdin = strings.NewReader(text)
		return c.CombinedOutput()
	}
	for dir, kinds := range map[string]int{".": 15, "host": 2} {
		rendered := run(t, exec.Command(filepath.Join(bin, "kustomize"), "build", "--load-restrictor", "LoadRestrictionsNone", dir))
		if got := strings.Count(rendered, "\nkind: "); got != kinds {
			t.Errorf("%s: got %d objects, want %d:\n%s", dir, got, kinds, rendered)
		}
		out, err := check(rendered)
		if err != nil {
			t.Errorf("%s: %v\n%s", dir, err, out)
		}
		t.Logf("%s: %s", dir, strings.TrimSpace(string(out)))
		for from, to := range map[string]string{"runAsNonRoot": "runAsNotRoot", "storage: ": "storage: true #"} {
			if out, err := check(strings.Replace(rendered, from, to, 1)); err == nil {
				t.Errorf("%s: %q in place of %q is not found:\n%s", dir, to, from, out)
			}
		}
	}
}

// writeSchemas makes a strict schema of each kind from the description of the
// API in Kubernetes' own module, and returns their directory.
func writeSchemas(t *testing.T) string {
	t.Helper()
	var module struct{ Dir string }
	c := exec.Command("go", "mod", "download", "-json", api)
	c.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	c.Dir = t.TempDir() // outside of every module
	decode(t, []byte(run(t, c)), &module)
	data, err := os.ReadFile(filepath.Join(module.Dir, "api/openapi-spec/swagger.json"))
	if err != nil {
		t.Fatal(err)
	}
	var description struct{ Definitions map[string]map[string]any }
	decode(t, data, &description)
	dir := t.TempDir()
	for name, schema := range description.Definitions {
		if _, ok := schema["properties"]; ok {
			schema["additionalProperties"] = false
		}
		if strings.HasSuffix(name, ".IntOrString") || strings.HasSuffix(name, ".Quantity") {
			schema["type"] = []string{"string", "number"}
			delete(schema, "format")
		}
		kinds, _ := schema["x-kubernetes-group-version-kind"].([]any)
		for _, k := range kinds {
			kind := k.(map[string]any)
			file := strings.ToLower(kind["kind"].(string))
			if group, _, _ := strings.Cut(kind["group"].(string), "."); group != "" {
				file += "-" + group
			}
			write(t, filepath.Join(dir, file+"-"+kind["version"].(string)+".json"), map[string]string{"$ref": "definitions.json#/definitions/" + name})
		}
	}
	write(t, filepath.Join(dir, "definitions.json"), map[string]any{"definitions": description.Definitions})
	return dir
}

func run(t *testing.T, c *exec.Cmd) string {
	t.Helper()
	var faults strings.Builder
	c.Stderr = &faults
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", c, err, out, faults.String())
	}
	return string(out)
}

func decode(t *testing.T, data []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path string, value any) {
	t.Helper()
	data, err := json.Marshal(value)
	if err == nil {
		err = os.WriteFile(path, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
