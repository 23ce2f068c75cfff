package compreface_test

import (
	"testing"

	"headcount.example/catalog/catalogtest"
	"headcount.example/catalog/compreface"
)

func TestGolden(t *testing.T) { catalogtest.Golden(t, compreface.Catalog, ".") }
