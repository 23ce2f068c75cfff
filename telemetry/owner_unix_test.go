//go:build unix

package telemetry

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"headcount.example/consent"
)

const stranger = 65534

// TestNoBesideRoot: where root left a directory for requests that the service may
// not write in, the no is acted on, and says that nothing was asked to be erased
// and what helps.
func TestNoBesideRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: to leave a directory of root's")
	}
	r := receive(t)
	s := start(t, r.URL, nil)
	s.decide(t, consent.Granted)
	s.flush(t)
	finish(s.Client)
	for _, path := range files(t, s.dir) {
		if err := os.Lchown(path, stranger, stranger); err != nil {
			t.Fatal(err)
		}
	}
	public := filepath.Dir(filepath.Dir(s.dir)) // of t.TempDir, which is private
	binary := filepath.Join(public, "test")
	self, err := os.ReadFile(os.Args[0])
	if err = errors.Join(err, os.WriteFile(binary, self, 0o755), os.Chmod(public, 0o755), os.Mkdir(filepath.Join(s.dir, "erasure"), 0o700)); err != nil {
		t.Fatal(err)
	}
	child := exec.Command(binary, "-test.run=^$")
	child.Env = append(os.Environ(), fmt.Sprintf("%s=%d %s %s", decideVariable, -1, r.URL, s.dir))
	child.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: stranger, Gid: stranger}}
	out, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, part := range []string{"not erased", "permission denied", "chown its directory to the user of the application (65534)"} {
		if !strings.Contains(string(out), part) {
			t.Errorf("got %q, want %q in it", out, part)
		}
	}
	if !s.ledgerIsGone() || r.count() != 1 {
		t.Errorf("got %q and %d requests, want that the totals are destroyed and the report is the only request", files(t, s.dir), r.count())
	}
}
