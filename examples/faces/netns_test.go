//go:build linux

package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

const hostName = "FACES_TEST_HOSTNAME"

// hide makes a process that was started in namespaces of its own ready: its
// loopback is up, and nothing else is there.
func hide() error {
	name := os.Getenv(hostName)
	if name == "" {
		return nil
	}
	if err := unix.Sethostname([]byte(name)); err != nil {
		return err
	}
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, request)
}

// alone starts the product in a network of its own, in which every packet can
// be counted, and leads a way in to it.
func alone(t *testing.T, p *product) *product {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root: to make a network")
	}
	p.env = append(p.env, hostName+"=faces-under-test")
	p.attr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWUTS}
	startProduct(t, p)
	inside := strings.TrimPrefix(p.url, "http://")
	space := fmt.Sprintf("/proc/%d/ns/net", p.cmd.Process.Pid)
	way := startWire(t, func() (conn net.Conn, err error) {
		err = within(space, func() error { conn, err = net.Dial("tcp", inside); return err })
		return conn, err
	})
	p.url, p.way = way.url, way
	return p
}

// within runs f in another network, and comes back: a thread that ended would
// take with it what was started from it, such as the browser and PostgreSQL.
func within(space string, f func() error) error {
	runtime.LockOSThread()
	here, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err == nil {
		defer unix.Close(here)
		err = enter(space)
	}
	if err == nil {
		err = f()
	}
	if back := unix.Setns(here, unix.CLONE_NEWNET); back != nil {
		return errors.Join(err, back) // and the thread is of no use to others
	}
	runtime.UnlockOSThread()
	return err
}

func enter(space string) error {
	fd, err := unix.Open(space, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Setns(fd, unix.CLONE_NEWNET)
}

// outgoing is how often the product tried to reach anything: connections it
// opened, datagrams it sent, and packets for which there was no route.
func (p *product) outgoing(t *testing.T) (n int) {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/snmp", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(data), "\n")
	for i := 0; i+1 < len(lines); i += 2 {
		names, values := strings.Fields(lines[i]), strings.Fields(lines[i+1])
		for _, name := range map[string][]string{"Tcp:": {"ActiveOpens"}, "Udp:": {"OutDatagrams"}, "Ip:": {"OutNoRoutes"}}[first(names)] {
			v, err := strconv.Atoi(values[slices.Index(names, name)])
			if err != nil {
				t.Fatal(err)
			}
			n += v
		}
	}
	return n - len(p.way.requests()) // those are ours
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// The whole product, undecided, with a no, and with a yes:
// only the yes looks for a name or opens a connection. The receiver is named,
// so that a question to a name server counts as well.
func TestNothingLeavesTheNetwork(t *testing.T) {
	p := alone(t, &product{endpoint: "https://stats.faces.example"})
	p.seed(t)
	b := openTab(t, p)
	b.signUp("Ann", false)
	everywhere := func() {
		t.Helper()
		b.work()
		for _, path := range []string{"/", "/settings", "/settings/statistics/", "/settings/statistics/?sizes&all", "/settings/statistics/api/state", "/settings/statistics/api/preview?sizes", "/nowhere"} {
			b.open(path)
		}
	}
	everywhere()
	if n := p.outgoing(t); n != 0 {
		t.Errorf("%d packets or connections while there is no decision", n)
	}
	p.leavesNothing(t)
	b.decide("denied")
	everywhere()
	if n := p.outgoing(t); n != 0 {
		t.Errorf("%d packets or connections after a no", n)
	}
	b.decide("granted")
	everywhere()
	if n := p.outgoing(t); n != 0 {
		t.Errorf("%d packets or connections before a report is due", n)
	}
	b.send()
	if n := p.outgoing(t); n == 0 {
		t.Error("a report was asked for and nothing was seen to leave: this test sees nothing")
	}
}
