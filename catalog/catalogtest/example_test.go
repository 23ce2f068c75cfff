package catalogtest_test

import (
	"testing"

	"headcount.example/catalog/catalogtest"
	"headcount.example/catalog/compreface"
)

// The test of an application's own catalog.
func ExampleGolden() {
	_ = func(t *testing.T) { // func TestGolden(t *testing.T) {
		catalogtest.Golden(t, compreface.Catalog, ".")
	}
}

// Any file that is rendered from the catalog can be kept beside it.
func ExampleFile() {
	_ = func(t *testing.T) { // func TestCollectorConfig(t *testing.T) {
		config, err := compreface.Catalog.CollectorConfig()
		if err != nil {
			t.Fatal(err)
		}
		catalogtest.File(t, "collector-config.yaml", config)
	}
}
