package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"golang.org/x/sys/unix"
)

// An event is a connection, or a lookup, that something tried.
type event struct {
	protocol, to, lookup string
}

// A watch sees every packet of the network. All addresses are on its one
// interface, so that none is lost because there is no way to it.
type watch struct {
	socket int
	mark   *net.UDPConn

	mu    sync.Mutex
	list  []event
	seen  map[string]bool // a connection that is tried again
	marks int
	err   error
}

// markPort is where the watch sends to itself, to know that it has seen all
// that came before.
const markPort = 9

func newWatch() (*watch, error) {
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		return nil, err
	}
	s, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, int(htons(unix.ETH_P_ALL)))
	if err != nil {
		return nil, fmt.Errorf("a socket for packets: %w", err)
	}
	if err := unix.Bind(s, &unix.SockaddrLinklayer{Protocol: htons(unix.ETH_P_ALL), Ifindex: lo.Index}); err != nil {
		return nil, errors.Join(err, unix.Close(s))
	}
	mark, err := net.DialUDP("udp", nil, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: markPort})
	if err != nil {
		return nil, errors.Join(err, unix.Close(s))
	}
	w := &watch{socket: s, mark: mark, seen: map[string]bool{}}
	go w.read()
	return w, nil
}

func htons(n uint16) uint16 { return n<<8 | n>>8 }

func (w *watch) read() {
	packet := make([]byte, 1<<16)
	for {
		n, from, err := unix.Recvfrom(w.socket, packet, 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		w.mu.Lock()
		if err != nil {
			w.err = err
			w.mu.Unlock()
			return
		}
		// Each packet of loopback is seen as it goes, and as it comes.
		if ll, ok := from.(*unix.SockaddrLinklayer); ok && ll.Pkttype == unix.PACKET_OUTGOING {
			w.packet(gopacket.NewPacket(packet[:n], layers.LayerTypeEthernet, gopacket.NoCopy))
		}
		w.mu.Unlock()
	}
}

func (w *watch) packet(p gopacket.Packet) {
	if p.NetworkLayer() == nil {
		return
	}
	to := p.NetworkLayer().NetworkFlow().Dst().String()
	switch l := p.TransportLayer().(type) {
	case *layers.TCP:
		if l.SYN && !l.ACK {
			w.add(event{protocol: "TCP", to: net.JoinHostPort(to, fmt.Sprint(uint16(l.DstPort)))}, fmt.Sprint(uint16(l.SrcPort)))
		}
	case *layers.UDP:
		at := net.JoinHostPort(to, fmt.Sprint(uint16(l.DstPort)))
		if l.DstPort == markPort && int(l.SrcPort) == w.mark.LocalAddr().(*net.UDPAddr).Port {
			w.marks++
			return
		}
		if dns, ok := p.Layer(layers.LayerTypeDNS).(*layers.DNS); ok && !dns.QR {
			for _, q := range dns.Questions {
				w.add(event{protocol: "UDP", to: at, lookup: string(q.Name)}, "")
			}
			return
		}
		w.add(event{protocol: "UDP", to: at}, fmt.Sprint(uint16(l.SrcPort)))
	}
}

func (w *watch) add(e event, from string) {
	key := fmt.Sprint(e, from)
	if !w.seen[key] {
		w.seen[key] = true
		w.list = append(w.list, e)
	}
}

// taken returns what was tried since it was last asked. It waits until the
// watch has seen a packet of its own, which comes after all others.
func (w *watch) taken(ctx context.Context) ([]event, error) {
	w.mu.Lock()
	before := w.marks
	w.mu.Unlock()
	for {
		_, _ = w.mark.Write([]byte("mark")) // nothing listens there, and that is answered
		w.mu.Lock()
		if w.err != nil || w.marks > before {
			list, err := w.list, w.err
			w.list, w.seen = nil, map[string]bool{}
			w.mu.Unlock()
			return list, err
		}
		w.mu.Unlock()
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}
