//go:build unix

package sqlstate

import (
	"os"
	"os/user"
	"syscall"
)

func lookup(name string) (uid, gid string, err error) {
	u, err := user.Lookup(name)
	if err != nil {
		return "", "", err
	}
	return u.Uid, u.Gid, nil
}

// unprivileged makes a command of root's somebody else's.
func unprivileged() *syscall.SysProcAttr {
	if os.Getuid() != 0 {
		return nil
	}
	uid, gid, ok := someone(lookup)
	if !ok {
		return nil
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

func own(dir string) error {
	if uid, gid, ok := someone(lookup); ok && os.Getuid() == 0 {
		return os.Chown(dir, uid, gid)
	}
	return nil
}

var pause, proceed os.Signal = syscall.SIGSTOP, syscall.SIGCONT
