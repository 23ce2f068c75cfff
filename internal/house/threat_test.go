package house

import (
	"regexp"
	"strings"
	"testing"
)

// parties are those of whom docs/threat-model.md says what they could learn.
var parties = []string{"the administrator", "a member", "another user of the machine", "the network", "a hosting provider", "the vendor's operator",
	"the vendor's analyst", "a reader of the published page", "a forger", "a cloner", "a court"}

// TestThreatModel: each party has a row, which names a test and what cannot be
// promised. TestNamedTestsExist holds the names to the code.
func TestThreatModel(t *testing.T) {
	rows, faults := threats(documents(t)["docs/threat-model.md"])
	for _, fault := range faults {
		t.Error(fault)
	}
	for _, party := range parties {
		found := false
		for _, row := range rows {
			found = found || strings.HasPrefix(row, party)
		}
		if !found {
			t.Errorf("no row is about %q", party)
		}
	}
}

// threats lists the first cell of each row of the table of parties, and what is
// missing in the others.
func threats(text string) (rows, faults []string) {
	_, text, _ = strings.Cut(text, "## Who could learn what")
	text, _, _ = strings.Cut(text, "\n## ")
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if len(cells) < 5 || cells[0] == "who" || strings.HasPrefix(cells[0], "---") {
			continue
		}
		rows = append(rows, cells[0])
		if !regexp.MustCompile("`Test[A-Z]").MatchString(cells[3]) {
			faults = append(faults, cells[0]+": no test shows what stops it")
		}
		for i, name := range []string{"who", "could learn", "what stops it", "shown by", "not promised"} {
			if cells[i] == "" || cells[i] == "–" {
				faults = append(faults, cells[0]+": nothing under "+name)
			}
		}
	}
	return rows, faults
}

// The check above can fail.
func TestThreats(t *testing.T) {
	const table = "## Who could learn what\n\n| who | could learn | what stops it | shown by | not promised |\n| --- | --- | --- | --- | --- |\n" +
		"| a friend | nothing | a door | `TestDoor` | windows |\n| a thief | – | a lock | the lock | – |\n\n## More\n"
	rows, faults := threats(table)
	if len(rows) != 2 || len(faults) != 3 {
		t.Errorf("got the rows %q and the faults %q, want 2 and 3", rows, faults)
	}
}
