//go:build unix

package telemetry

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
)

// TestBackups: a backup that reads the directory of a process that counts at
// full speed is never refused. GNU tar opens every file with O_NONBLOCK, and
// a lease on the file would make that fail.
func TestBackups(t *testing.T) {
	s := start(t, "https://stats.vendor.invalid", nil)
	s.decide(t, consent.Granted)
	stop := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				s.Add(compreface.UserCreated, 1)
			}
		}
	})
	defer all.Wait()
	defer close(stop)
	for _, command := range [][]string{
		{"sh", "-c", `tar -cf - -C "$0" . | cat >/dev/null`, s.dir},
		{"sh", "-c", `tar -cf "$1/copy.tar" -C "$0" .`, s.dir, t.TempDir()},
		{"sh", "-c", `cp -a "$0" "$1/copy" && rm -r "$1/copy"`, s.dir, t.TempDir()},
		{"sh", "-c", `dd if="$0/headcount.totals" iflag=nonblock of=/dev/null`, s.dir},
	} {
		t.Run(filepath.Base(command[2][:3]), func(t *testing.T) {
			if _, err := exec.LookPath("tar"); err != nil {
				t.Skip(err)
			}
			for i := range 100 {
				if out, err := backUp(command); err != nil {
					t.Fatalf("run %d of 100: got %v and %q, want exit 0", i+1, err, out)
				}
			}
		})
	}
}

// backUp runs a command, and repeats it where tar says that the file changed: the time of
// a mapped file is set anew whenever the kernel has written its page to the disk.
func backUp(command []string) (out []byte, err error) {
	for range 10 {
		c := exec.Command(command[0], command[1:]...)
		c.Env = append(os.Environ(), "LC_ALL=C")
		if out, err = c.CombinedOutput(); err == nil || !bytes.Contains(out, []byte("file changed as we read it")) {
			break
		}
	}
	return out, err
}
