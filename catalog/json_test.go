package catalog_test

import (
	"testing"

	"headcount.example/catalog"
)

func TestJSONOfAFaultyCatalog(t *testing.T) {
	if got, err := catalog.New("Shop", 0, about).JSON(); err == nil || len(got) != 0 {
		t.Errorf("got %q, %v, want an error", got, err)
	}
}
