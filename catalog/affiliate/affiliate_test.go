package affiliate_test

import (
	"testing"

	"headcount.example/catalog/affiliate"
	"headcount.example/catalog/catalogtest"
)

func TestGolden(t *testing.T) { catalogtest.Golden(t, affiliate.Catalog, ".") }
