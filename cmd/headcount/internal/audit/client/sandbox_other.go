//go:build !linux

package client

import (
	"context"
	"errors"
	"os/exec"
)

// A watch sees connections, on Linux only.
type watch struct{}

type event struct{ protocol, to, lookup string }

func (*watch) taken(context.Context) ([]event, error) { return nil, errNotLinux }

func (*inspection) read(context.Context) error     { return errNotLinux }
func (*inspection) hindered(context.Context) error { return errNotLinux }

func (*inspection) output(*exec.Cmd) ([]byte, error) { return nil, errNotLinux }

var errNotLinux = errors.New("an application is audited in a network of its own, which only Linux has: run it in a container or a virtual machine")

// Audit is for Linux only.
func Audit(context.Context, Options, ...string) (*Result, error) { return nil, errNotLinux }

// Inside is for Linux only.
func Inside(context.Context, []byte) (*Result, error) { return nil, errNotLinux }
