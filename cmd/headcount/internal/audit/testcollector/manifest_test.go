package testcollector

import (
	"os"
	"strings"
	"testing"
)

// The test's Collector has every part of the shipped one, in its version.
func TestManifestHasTheShippedParts(t *testing.T) {
	shipped, err := os.ReadFile("../../../../../collector/builder-config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	ours, err := os.ReadFile("builder-config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	parts := 0
	for line := range strings.Lines(string(shipped)) {
		if strings.Contains(line, "- gomod: ") {
			parts++
			if !strings.Contains(string(ours), line) {
				t.Errorf("builder-config.yaml lacks %q", line)
			}
		}
	}
	if parts < 8 {
		t.Errorf("got %d parts, want those of the shipped Collector", parts)
	}
}
