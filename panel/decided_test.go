package panel

import (
	"testing"

	"headcount.example/consent"
)

// The word by which an open question is told from one that cannot be read.
func TestNotDecided(t *testing.T) {
	if s := consent.Evaluate(t.Context(), "SHOP_TELEMETRY", 1, func(string) (string, bool) { return "", false }, nil); s.Reason != notDecided {
		t.Errorf("consent says %q", s.Reason)
	}
}
