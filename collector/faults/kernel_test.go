//go:build linux

package faults

import (
	"bufio"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

const established = "01"

func itoa(n int) string { return strconv.Itoa(n) }

func addressOf(t *testing.T, address string) *syscall.SockaddrInet4 {
	t.Helper()
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return &syscall.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
}

// queued returns a connection to an address for which the kernel still has
// something to send. That it has ended is a byte, and TLS says so in
// twenty-four: they are no report.
func queued(t *testing.T, address string) string {
	t.Helper()
	a := addressOf(t, address)
	remote := fmt.Sprintf("%02X%02X%02X%02X:%04X", a.Addr[3], a.Addr[2], a.Addr[1], a.Addr[0], a.Port)
	f, err := os.Open("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 5 || fields[2] != remote {
			continue
		}
		queue, _, _ := strings.Cut(fields[4], ":")
		bytes, err := strconv.ParseUint(queue, 16, 64)
		if err != nil || bytes > 25 || bytes > 0 && fields[3] == established {
			return lines.Text()
		}
	}
	return ""
}
