//go:build linux

package faults

import (
	"bytes"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"headcount.example/consent"
)

// A phase is a moment of a report at which a person says no. Hold stops the
// report there and says so; go on when let is closed.
type phase struct {
	name   string
	secure bool
	hold   func(w *wire, there chan<- struct{}, let <-chan struct{})
	sent   bool // the Collector may have it: it was on the wire before the no
}

var phases = []phase{
	{name: "in the handshake", secure: true, hold: func(w *wire, there chan<- struct{}, let <-chan struct{}) {
		_, _ = io.ReadFull(w.tcp, make([]byte, 5)) // the beginning of the client's hello
		close(there)
		<-let
	}},
	{name: "sending", hold: func(w *wire, there chan<- struct{}, let <-chan struct{}) {
		w.some(1)
		close(there)
		<-let
	}},
	{name: "sending over TLS", secure: true, hold: func(w *wire, there chan<- struct{}, let <-chan struct{}) {
		w.some(1)
		close(there)
		<-let
	}},
	{name: "waiting for the answer", hold: func(w *wire, there chan<- struct{}, let <-chan struct{}) {
		w.request()
		close(there)
		<-let
	}},
	{name: "waiting for the answer, and it is stored", sent: true, hold: func(w *wire, there chan<- struct{}, let <-chan struct{}) {
		raw := w.toCollector(w.request())
		close(there)
		<-let
		_, _ = w.Write(raw)
	}},
	{name: "in the middle of the answer", sent: true, hold: func(w *wire, there chan<- struct{}, let <-chan struct{}) {
		raw := w.toCollector(w.request())
		_, _ = w.Write(raw[:len(raw)/2])
		close(there)
		<-let
		_, _ = w.Write(raw[len(raw)/2:])
	}},
}

// A no in any phase of a report takes effect before the call returns: no
// connection is open and none is opened any more, nothing is counted, no
// total and no identifier is left; and a yes later begins anew.
func TestRevoked(t *testing.T) {
	url, _ := collector(t)
	for _, x := range phases {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			r := newRevocation(t, url, x.secure)
			there, let := make(chan struct{}), make(chan struct{})
			goOn := sync.OnceFunc(func() { close(let) })
			defer goOn() // or the proxy would wait for ever
			r.p.set(func(w *wire) { x.hold(w, there, let); w.gone() })
			sent := r.a.begin(order{Do: "flush"})
			<-there
			r.no(t)
			goOn()
			r.ended(t, sent, false)
			r.yes(t, x.sent)
		})
	}
}

// The last look for consent is the application's code, and may take its time
// with a yes that is none any more when it comes.
func TestRevokedBeforeTheConnection(t *testing.T) {
	t.Parallel()
	url, _ := collector(t)
	r := newRevocation(t, url, false)
	r.a.must(order{Do: "hesitate"})
	sent := r.a.begin(order{Do: "flush"})
	<-r.a.asked
	r.no(t)
	r.a.must(order{Do: "go on"})
	r.ended(t, sent, false)
	r.yes(t, false)
}

// A server whose queue is full lets a connection wait, without a word.
func TestRevokedWhileConnecting(t *testing.T) {
	t.Parallel()
	url, _ := collector(t)
	r := newRevocation(t, url, false)
	r.p.refuse()
	full := fullQueue(t, r.p.address)
	sent := r.a.begin(order{Do: "flush"})
	for len(sockets(t, r.a)) == 0 { // until it is on its way
		time.Sleep(time.Millisecond)
	}
	r.no(t)
	r.ended(t, sent, false)
	full()
	r.p.again()
	r.yes(t, false)
}

// The answer and the no arrive at once, in every order, the moment at which
// the answer is noted among them.
func TestRevokedWhileTheAnswerArrives(t *testing.T) {
	t.Parallel()
	url, _ := collector(t)
	random := rand.New(rand.NewPCG(*seed, 2))
	rounds := 12
	if *long > 0 {
		rounds = 200
	}
	for range rounds {
		pause := time.Duration(random.IntN(1500)) * time.Microsecond
		r := newRevocation(t, url, false)
		there := make(chan struct{})
		r.p.set(func(w *wire) {
			raw := w.toCollector(w.request())
			_, _ = w.Write(raw)
			close(there)
		})
		sent := r.a.begin(order{Do: "flush"})
		<-there
		<-time.After(pause) // any moment will do
		r.no(t)
		r.ended(t, sent, true)
		r.yes(t, true)
		if t.Failed() {
			t.Fatalf("seed %d, %v after the answer", *seed, pause)
		}
	}
}

// A revocation is an installation of two processes that has reported once,
// and whose owner is about to say no.
type revocation struct {
	p     *proxy
	s     *store
	i     *installation
	a, b  *application
	conns int64
	lines int
	kept  int // in the journal
}

func newRevocation(t *testing.T, url string, secure bool) *revocation {
	t.Helper()
	return newRevocationIn(t, url, directory(t), secure)
}

func newRevocationIn(t *testing.T, url, dir string, secure bool) *revocation {
	t.Helper()
	_, s := collector(t)
	r := &revocation{s: s, i: consenting(t, dir)}
	var endpoint string
	if !secure {
		r.p = newProxy(t, url)
		endpoint = "http://" + r.p.address
	} else {
		c := newCertificates(t)
		r.p = newProxyAt(t, url, "127.0.0.1:0") // as the certificates say
		r.p.tls.Store(c.good)
		r.i.env = c.env
		endpoint = "https://" + r.p.address
	}
	r.a, r.b = r.i.start(endpoint), r.i.start(endpoint)
	r.a.must(order{Do: "add", N: 100})
	r.b.must(order{Do: "add", N: 100})
	r.b.must(order{Do: "flush"}) // or what it counted is not shared yet, where the file is not mapped
	r.i.exact(r.a, s)
	r.a.must(order{Do: "add", N: 100})
	r.lines = s.lines[r.a.began.GUID]
	return r
}

// no takes the yes back, and looks around as soon as that has returned.
func (r *revocation) no(t *testing.T) {
	t.Helper()
	got := r.a.must(order{Do: "decide", Decision: consent.Denied})
	list := sockets(t, r.a)
	// A no waits for a report to end, two seconds and no longer, however slow the machine is.
	for end := time.Now().Add(bound); got.Took >= 2*time.Second && len(list) > 0 && time.Now().Before(end); list = sockets(t, r.a) {
		time.Sleep(time.Millisecond)
	}
	if len(list) > 0 {
		t.Errorf("after the no there is still %q", list)
	}
	if queue := queued(t, r.p.address); queue != "" {
		t.Errorf("after the no the kernel still has something to send: %s", queue)
	}
	if list := r.i.left(); len(list) > 0 {
		t.Errorf("after the no there is still %q", list)
	}
	if found := r.i.mentions(r.a.began.GUID); found != "" {
		t.Errorf("after the no the identifier is in %s", found)
	}
	if got.On || got.GUID != "" {
		t.Errorf("after the no it is on: %v %q", got.On, got.GUID)
	}
	r.conns, r.kept = r.p.conns.Load(), r.i.journal()
	for _, a := range []*application{r.a, r.b} { // in both of them, at once
		a.must(order{Do: "add", N: 100})
		if got := a.do(order{Do: "flush"}); got.Err == "" {
			t.Error("after the no a report was sent")
		}
	}
}

// ended waits for the report that was on its way.
func (r *revocation) ended(t *testing.T, sent <-chan answerTo, either bool) {
	t.Helper()
	if got := r.a.come("Flush", sent); got.Err == "" && !either {
		t.Error("Flush says that the report arrived")
	}
	if n := r.p.conns.Load(); n != r.conns {
		t.Errorf("%d connections after the no", n-r.conns)
	}
	if n := r.i.journal(); n != r.kept {
		t.Errorf("%d reports in the journal after the no", n-r.kept)
	}
	if list := r.i.left(); len(list) > 0 {
		t.Errorf("after the report ended there is %q", list)
	}
}

// yes says yes again: another installation, that begins at zero.
func (r *revocation) yes(t *testing.T, sent bool) {
	t.Helper()
	old := r.a.began.GUID
	r.s.refresh(t)
	if n := r.s.lines[old] - r.lines; n > 0 && !sent || n > 1 {
		t.Errorf("%d reports arrived in spite of the no", n)
	}
	lines := r.s.lines[old]
	r.p.set(pass)
	r.i.acked.settleAll()
	got := r.a.must(order{Do: "decide", Decision: consent.Granted})
	if got.GUID == "" || got.GUID == old {
		t.Errorf("the installation was %s and is %q", old, got.GUID)
	}
	if other := r.b.must(order{Do: "refresh"}); other.GUID != got.GUID {
		t.Errorf("one process is %s, the other %s", got.GUID, other.GUID)
	}
	r.a.must(order{Do: "add", N: 7})
	r.b.must(order{Do: "add", N: 7})
	r.a.must(order{Do: "flush"})
	r.i.exact(r.b, r.s)
	if n := r.s.lines[old]; n != lines {
		t.Errorf("%d more reports of the installation that is no more", n-lines)
	}
	r.a.close()
	r.b.close()
}

// settleAll begins to acknowledge anew.
func (a *acked) settleAll() {
	for p := range mostProcesses {
		for g := range mostGoroutines + 1 {
			a.begun(p, g).Store(0)
			a.done(p, g).Store(0)
		}
	}
}

// mentions returns a file in which an identifier is, as text or as bytes.
func (i *installation) mentions(guid string) (found string) {
	bits, _ := hex.DecodeString(strings.ReplaceAll(guid, "-", ""))
	_ = filepath.WalkDir(i.dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if data, err := os.ReadFile(path); err == nil && (bytes.Contains(data, bits) || strings.Contains(string(data), guid)) {
				found = path
			}
		}
		return nil
	})
	return found
}

// sockets lists the open sockets of an application.
func sockets(t *testing.T, a *application) (list []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/" + itoa(a.cmd.Process.Pid) + "/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if to, err := os.Readlink(file); err == nil && strings.HasPrefix(to, "socket:") {
			list = append(list, to)
		}
	}
	return list
}

// fullQueue listens at an address and never accepts, with no place left for
// another connection to wait.
func fullQueue(t *testing.T, address string) (end func()) {
	t.Helper()
	to := addressOf(t, address)
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	_ = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
	if err := syscall.Bind(fd, to); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	waiting, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Connect(waiting, to); err != nil {
		t.Fatal(err)
	}
	return func() { syscall.Close(waiting); syscall.Close(fd) }
}
