package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"headcount.example/cmd/headcount/internal/audit"
)

// Audit runs the audit in a process with a network and a host name of its
// own. The arguments make this program call [Inside].
func Audit(ctx context.Context, o Options, inside ...string) (*Result, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	options, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	c := exec.CommandContext(ctx, self, inside...)
	c.Stdin = bytes.NewReader(options)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWUTS, Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() != 0 { // an ordinary user is root of a namespace
		c.SysProcAttr.Cloneflags |= unix.CLONE_NEWUSER
		c.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		c.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	out, err := c.Output()
	if err != nil && stderr.Len() > 0 {
		return nil, errors.New(strings.TrimPrefix(strings.TrimSpace(stderr.String()), "headcount: "))
	}
	if err != nil {
		return nil, fmt.Errorf("a network of its own cannot be made: %w; run it as root, or where users may make namespaces", err)
	}
	r := &Result{}
	return r, json.Unmarshal(out, r)
}

// Inside is the audit, in the network that Audit made.
func Inside(ctx context.Context, options []byte) (r *Result, err error) {
	i := &inspection{result: &Result{States: []*State{}, Findings: []*Finding{}, Notes: []string{}}}
	if err := json.Unmarshal(options, &i.Options); err != nil {
		return nil, err
	}
	if i.list, err = audit.NewList(i.Schema); err != nil {
		return nil, err
	}
	i.result.Product = i.Schema.Product
	if err := network(); err != nil {
		return nil, err
	}
	if i.watch, err = newWatch(); err != nil {
		return nil, err
	}
	if i.receiver, err = newRecorder(); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, i.receiver.close()) }()
	if i.base, err = os.MkdirTemp("", "headcount-audit-"); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(i.base)) }()
	if err := i.states(ctx); err != nil {
		return nil, err
	}
	i.result.Verdict = "clean"
	if len(i.result.Findings) > 0 {
		i.result.Verdict = "findings"
	}
	return i.result, nil
}

// network brings loopback up, and leads every address there: a connection to
// anywhere becomes a packet that the watch sees, and is refused.
func network() error {
	if err := unix.Sethostname([]byte(canary)); err != nil {
		return fmt.Errorf("the host name: %w", err)
	}
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return err
	}
	for _, everything := range []string{"0.0.0.0/0", "::/0"} {
		_, all, err := net.ParseCIDR(everything)
		if err != nil {
			return err
		}
		err = netlink.RouteAdd(&netlink.Route{LinkIndex: lo.Attrs().Index, Dst: all, Type: unix.RTN_LOCAL, Table: unix.RT_TABLE_LOCAL, Scope: netlink.SCOPE_HOST})
		if err != nil && !strings.HasPrefix(everything, "::") { // a kernel without IPv6 has no way out by it either
			return fmt.Errorf("a route for %s: %w", everything, err)
		}
	}
	return nil
}
