package sqlstate

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// A proxy stands between the application and the server, and can cut a
// connection at its next commit: before the server hears it, or after the
// server did it and before the application hears that.
type proxy struct {
	cut atomic.Int32
	did atomic.Int32
}

const (
	cutBefore = 1
	cutAfter  = 2
)

func (p *proxy) serve(near, far net.Conn) {
	defer near.Close()
	defer far.Close()
	replies := make(chan struct{})
	var lost atomic.Bool
	go func() {
		defer close(replies)
		b := make([]byte, 64<<10)
		for {
			n, err := far.Read(b)
			if n > 0 && !lost.Load() {
				_, _ = near.Write(b[:n])
			}
			if err != nil || lost.Load() {
				_ = near.Close()
				return
			}
		}
	}()
	b := make([]byte, 64<<10)
	for {
		n, err := near.Read(b)
		if err != nil {
			return
		}
		if cut := p.cut.Load(); cut != 0 && bytes.Contains(b[:n], []byte("\x0bcommit\x00")) && p.cut.CompareAndSwap(cut, 0) {
			p.did.Add(1)
			if cut == cutBefore {
				return
			}
			lost.Store(true)
			_, _ = far.Write(b[:n])
			<-replies // it is committed
			return
		}
		if _, err := far.Write(b[:n]); err != nil {
			return
		}
	}
}

// TestCommitIsCut loses commits and their answers on a real connection.
func TestCommitIsCut(t *testing.T) {
	d := postgres(t)
	if err := d.store().CreateSchema(t.Context()); err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "hc") // short: the name of a socket is bounded
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	listener, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL.5432"))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	var p proxy
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("unix", filepath.Join(d.server.dir, ".s.PGSQL.5432"))
			if err != nil {
				_ = near.Close()
				continue
			}
			go p.serve(near, far)
		}
	}()
	through := (&database{dialect: PostgreSQL, dsn: strings.Replace(d.dsn, d.server.dir, dir, 1)}).connect(t)
	l := opened(t, through.store())
	var counted uint64
	for turn := range 40 {
		add(t, l, 0, 3)
		counted += 3
		p.cut.Store(int32(1 + turn%2))
		if err := l.Sync(t.Context()); err == nil {
			t.Fatal("the commit was not cut")
		}
		p.cut.Store(0)
		if turn%3 == 0 { // more, or only the same again
			add(t, l, 0, 1)
			counted++
		}
		fold(t, l)
		equal(t, l, counted, 0)
	}
	t.Logf("%d commits cut", p.did.Load())
}
