package publish

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// documented asserts that docs/publishing.md has a text, wherever its lines
// are broken.
func documented(t *testing.T, text string) {
	t.Helper()
	doc, err := os.ReadFile("../../../../docs/publishing.md")
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(text, "| ") {
		if !strings.Contains(string(doc), text) {
			t.Errorf("docs/publishing.md: want the row %q", text)
		}
		return
	}
	if !strings.Contains(strings.Join(strings.Fields(string(doc)), " "), text) {
		t.Errorf("docs/publishing.md: want %q", text)
	}
}

func TestDocument(t *testing.T) {
	for _, text := range []string{
		fmt.Sprintf("**%d installations or more changed their contribution", Threshold),
		fmt.Sprintf("A figure of 1 to %d installations is hidden", Threshold-1),
		fmt.Sprintf("To the nearest %d; %d is rounded up", Rounding, Rounding/2),
		fmt.Sprintf("reported in the %d days to the as-of date", Window),
		fmt.Sprintf("A page comes every %d days at most; `--period` changes that, to %d days or more", DefaultPeriod, LeastPeriod),
		fmt.Sprintf("reports of single installations, of %d days", lookBack),
		fmt.Sprintf("three standard errors (%.2f points)", 100*tolerance),
		fmt.Sprintf("`schema_version` is %d", SchemaVersion),
		"On **every third page**",
		"Eleven ways",
		fmt.Sprintf("no leak larger than about %.0f points was found", 100*tolerance),
		"**as long as the last page is still in `--out`**", // TestLostRecord
	} {
		documented(t, text)
	}
	if gathering != 3 || len(attackers)+1 != 11 {
		t.Errorf("got %d pages and %d attackers, want 3 and 11 as in the document", gathering, len(attackers)+1)
	}
	for _, s := range []Status{Shown, NearlyAll, Suppressed, Zero, Missing} {
		documented(t, fmt.Sprintf("`%s`", s))
	}
	for _, name := range []string{statsName, schemaName, badgeName, pageName, RecordName} {
		documented(t, fmt.Sprintf("`%s`", name))
	}
}
