//go:build linux

package faults

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"headcount.example/consent"
)

// mounted is a directory on a small file system of its own.
func mounted(t *testing.T, kind, options string) string {
	t.Helper()
	dir := directory(t)
	if err := syscall.Mount("faults", dir, kind, 0, options); err != nil {
		t.Skipf("needs root: to mount a small %s: %v", kind, err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill leaves no room, and returns what makes room again.
func fill(t *testing.T, dir string) (empty func()) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "another program's"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := io.Copy(f, zeros{}); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk is not full: %v", err)
	}
	return func() {
		if err := os.Remove(f.Name()); err != nil {
			t.Fatal(err)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

const small = "size=256k,mode=0700"

// On a full disk Init says so and the client is off: nothing is counted that
// could not be kept, and no half of an installation is left behind. When there
// is room it begins.
func TestDiskFullAtTheStart(t *testing.T) {
	t.Parallel()
	url, s := collector(t)
	dir := mounted(t, "tmpfs", small)
	empty := fill(t, dir)
	i := consenting(t, dir)
	a := i.start(url)
	if !strings.Contains(a.began.Err, "no space left on device") || a.began.On || a.began.GUID != "" {
		t.Errorf("Init on a full disk says %q, on %v, %q", a.began.Err, a.began.On, a.began.GUID)
	}
	a.must(order{Do: "add", N: 100})
	if got := a.do(order{Do: "flush"}); !strings.Contains(got.Err, "no space left on device") {
		t.Errorf("Flush without totals says %q", got.Err)
	}
	if list := i.left(); len(list) != 1 { // another program's
		t.Errorf("left behind: %q", list)
	}
	i.acked.settleAll()
	empty()
	if got := a.must(order{Do: "refresh"}); !got.On {
		t.Error("there is room, and it is off")
	}
	a.must(order{Do: "add", N: 100})
	i.exact(a, s)
	a.close()
}

// A disk that fills up while the product runs does not touch what is counted:
// the totals have their room. Nor does a kill -9 and a start while it is full.
// No report leaves that could not be written in the journal before.
func TestDiskFullWhileCounting(t *testing.T) {
	t.Parallel()
	url, s := collector(t)
	dir := mounted(t, "tmpfs", small)
	i := consenting(t, dir)
	a := i.start(url)
	a.must(order{Do: "add", N: 100})
	i.exact(a, s)
	empty := fill(t, dir)
	full := func(a *application) {
		t.Helper()
		a.must(order{Do: "add", N: 1000})
		if got := a.do(order{Do: "flush"}); !strings.Contains(got.Err, "no space left on device") || !got.On {
			t.Errorf("Flush on a full disk says %q, on %v", got.Err, got.On)
		}
	}
	full(a)
	a.kill()
	a.silent()
	b := i.start(url)
	if b.began.Err != "" || b.began.GUID != a.began.GUID {
		t.Errorf("on a full disk the installation was %s and is %q: %s", a.began.GUID, b.began.GUID, b.began.Err)
	}
	full(b)
	s.refresh(t)
	if n := s.lines[a.began.GUID]; n != 1 {
		t.Errorf("%d reports arrived", n)
	}
	empty()
	b.must(order{Do: "add", N: 1000})
	i.exact(b, s)
	b.close()
}

// A no needs no room.
func TestDiskFullAndRevoked(t *testing.T) {
	t.Parallel()
	url, s := collector(t)
	dir := mounted(t, "tmpfs", small)
	i := consenting(t, dir)
	a := i.start(url)
	a.must(order{Do: "add", N: 100})
	i.exact(a, s)
	empty := fill(t, dir)
	a.must(order{Do: "decide", Decision: consent.Denied})
	if list := i.left(); len(list) != 1 { // another program's
		t.Errorf("after the no there is still %q", list)
	}
	empty()
	i.acked.settleAll()
	if got := a.must(order{Do: "decide", Decision: consent.Granted}); got.GUID == a.began.GUID || !got.On {
		t.Errorf("the installation was %s and is %q", a.began.GUID, got.GUID)
	}
	a.must(order{Do: "add", N: 10})
	i.exact(a, s)
	a.close()
}

// Where a file cannot be mapped soundly, the answer is noted under a lock: a
// moment that can be held. A no at that moment is a no as at any other.
func TestRevokedWhileTheAnswerIsNoted(t *testing.T) {
	t.Parallel()
	url, _ := collector(t)
	dir := mounted(t, "ramfs", "mode=0700")
	r := newRevocationIn(t, url, dir, false)
	there, let := make(chan struct{}), make(chan struct{})
	goOn := sync.OnceFunc(func() { close(let) })
	defer goOn() // or the proxy would wait for ever
	r.p.set(func(w *wire) {
		raw := w.toCollector(w.request())
		close(there)
		<-let
		_, _ = w.Write(raw)
	})
	sent := r.a.begin(order{Do: "flush"})
	<-there
	unlock := lock(t, filepath.Join(dir, "headcount.lock"))
	goOn()
	for len(sockets(t, r.a)) > 0 { // until the answer is there, and there is nothing left but to note it
		time.Sleep(time.Millisecond)
	}
	denied := r.a.begin(order{Do: "decide", Decision: consent.Denied})
	r.a.come("Flush", sent) // it gave up waiting for the lock: consent has ended
	unlock()
	if got := r.a.come("the no", denied); got.Err != "" {
		t.Errorf("the no says %q", got.Err)
	}
	r.no(t)
	r.yes(t, true)
}

// lock takes a kernel's lock, as another process of the installation does.
func lock(t *testing.T, path string) (unlock func()) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	return func() { f.Close() }
}
