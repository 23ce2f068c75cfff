package main

import (
	"os/exec"
	"syscall"
)

// dieWithParent ends the Collector even when the demo is killed outright.
func dieWithParent(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
