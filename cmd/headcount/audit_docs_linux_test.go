package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"headcount.example/cmd/headcount/internal/audit/testcollector"
)

var auditorsBlock = regexp.MustCompile("(?s)(<!-- run(: exit 1)? -->\n)?```sh\n(.*?)```")

// The commands of docs/auditors.md run, in their order, with the exit codes
// that it says. make is not run: the programs that it builds are put there.
func TestDocumentForAuditors(t *testing.T) {
	lonely := noNetworks(t)
	text, err := os.ReadFile("../../docs/auditors.md")
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	if err := os.CopyFS(filepath.Join(root, "catalog"), os.DirFS("../../catalog")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(root, "collector-config.yaml"), read(t, "../../collector-config.yaml"))
	binary, err := testcollector.Program()
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(root, ".cache"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, program := range map[string]string{"otelcol": binary, "headcount": self, "quickstart": built(t, "../../examples", "./quickstart")} {
		if err := os.Symlink(program, filepath.Join(root, ".cache", name)); err != nil {
			t.Fatal(err)
		}
	}
	blocks := auditorsBlock.FindAllStringSubmatch(string(text), -1)
	if len(blocks) != 6 {
		t.Errorf("got %d blocks, want 6", len(blocks))
	}
	for _, b := range blocks {
		if b[1] == "" {
			t.Errorf("a block is not marked to be run:\n%s", b[3])
		}
		if lonely != "" && strings.Contains(b[3], "audit client") {
			t.Log("not run: " + lonely) // TestAuditClientOfOurProducts is, as root
			continue
		}
		began := time.Now()
		c := exec.Command("sh", "-euc", strings.ReplaceAll(b[3], "make .cache/", "ls .cache/"))
		c.Dir = root
		c.Env = append(os.Environ(), asCommand+"=1")
		out, err := c.CombinedOutput()
		t.Logf("%s\n%s\n%s", b[3], out, time.Since(began))
		if weak := b[2] != ""; weak != (err != nil) || weak && (c.ProcessState.ExitCode() != exitFailure || !strings.Contains(string(out), "entity reference, in the output")) {
			t.Errorf("%v\n%s\n%s", err, b[3], out)
		}
	}
	entries, err := os.ReadDir(root)
	if err != nil || len(entries) != 3 { // .cache, catalog, collector-config.yaml
		t.Errorf("the commands leave %v, %v: what they make belongs into .cache", entries, err)
	}
}
