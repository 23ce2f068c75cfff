//go:build unix

package archive

import (
	"os"
	"path/filepath"
	"testing"
)

// Root does not change the archive of another user: its files would be
// root's, and the next run of that user would fail.
func TestArchiveOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: to give the archive to another user")
	}
	raw, dir := t.TempDir(), newDir(t)
	write(t, filepath.Join(raw, "usage.jsonl"), line(1, today, 1))
	compact(t, dir, raw)
	for uid, owner := range map[int]string{65534: "nobody (uid 65534)", 54321: "uid 54321"} {
		if err := os.Chown(dir, uid, -1); err != nil {
			t.Fatal(err)
		}
		before := tree(t, dir)
		for name, do := range commands(dir, raw) {
			if name == "open" {
				continue // it only reads
			}
			refused(t, name, do(), "archive "+dir+" belongs to "+owner+": run headcount as that user")
		}
		sameText(t, "files", tree(t, dir), before)
	}
	empty := t.TempDir()
	if err := os.Chown(empty, 54321, -1); err != nil {
		t.Fatal(err)
	}
	refused(t, "an empty directory", commands(empty, raw)["compact"](), "belongs to uid 54321")
	if err := os.Chown(dir, 0, -1); err != nil {
		t.Fatal(err)
	}
	compact(t, dir, raw)
}
