package archive

import (
	"path/filepath"
	"testing"

	"headcount.example/cmd/headcount/internal/fleet"
)

// What the simulation rotates, erase and prune take for a file that the
// Collector rotated for its size. Its last file may be live.
func TestSimulatedNames(t *testing.T) {
	files := small(t, 1)
	if len(files) < 3 {
		t.Fatalf("got the files %q, want some that were rotated", files)
	}
	for i, path := range files {
		name := filepath.Base(path)
		found := rotatedFile.FindStringSubmatch(name)
		if i == len(files)-1 {
			if name != fleet.LiveFile || found != nil {
				t.Errorf("the last file is %s, want %s, which is not taken for a rotated one", name, fleet.LiveFile)
			}
		} else if found == nil || found[2] != "-size" {
			t.Errorf("%s: got %q, want the name of a file that was rotated for its size", name, found)
		}
	}
}
