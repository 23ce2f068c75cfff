//go:build unix

package erasure

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
)

// What root keeps in the directory of a service belongs to the service.
func TestRootKeepsForTheService(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: to give a directory to another user")
	}
	const service = 65534
	parent := t.TempDir()
	if err := os.Chown(parent, service, service); err != nil {
		t.Fatal(err)
	}
	s := New(filepath.Join(parent, "erasure"), "Shop")
	if err := s.Keep(uuid.New(), url, time.Now(), false); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{s.dir, s.Pending()[0].path} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Sys().(*syscall.Stat_t).Uid; got != service {
			t.Errorf("%s: got the owner %d, want %d", path, got, service)
		}
	}
}
