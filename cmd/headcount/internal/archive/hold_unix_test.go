//go:build unix

package archive

import (
	"io/fs"
	"os/exec"
	"syscall"
	"testing"
)

// hold has another program hold a file open until the test ends or end is
// called.
func hold(t *testing.T, path string) (end func()) {
	t.Helper()
	cmd := exec.Command("sh", "-c", `exec 3>>"$1"; echo open; read end`, "sh", path)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	ended := false
	end = func() {
		if !ended {
			ended = true
			in.Close()
			cmd.Wait()
		}
	}
	t.Cleanup(end)
	return end
}

// ownerOf is the user and group of a file.
func ownerOf(info fs.FileInfo) [2]uint32 {
	s := info.Sys().(*syscall.Stat_t)
	return [2]uint32{s.Uid, s.Gid}
}
