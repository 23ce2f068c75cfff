package main

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
)

// A forwarder stands between product and Collector and counts connections,
// so that "no request" is seen and not believed.
type forwarder struct {
	listener net.Listener
	to       string
	opened   atomic.Int64
	open     sync.WaitGroup
}

func forward(to string) (*forwarder, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &forwarder{listener: l, to: to}
	f.open.Go(f.accept)
	return f, nil
}

func (f *forwarder) address() string { return f.listener.Addr().String() }
func (f *forwarder) count() int64    { return f.opened.Load() }

func (f *forwarder) close() {
	_ = f.listener.Close()
	f.open.Wait()
}

func (f *forwarder) accept() {
	for {
		near, err := f.listener.Accept()
		if err != nil {
			return
		}
		f.opened.Add(1)
		f.open.Go(func() { f.relay(near) })
	}
}

func (f *forwarder) relay(near net.Conn) {
	defer near.Close()
	far, err := net.Dial("tcp", f.to)
	if err != nil {
		return
	}
	defer far.Close()
	go func() {
		_, _ = io.Copy(far, near)
		_ = far.(*net.TCPConn).CloseWrite()
	}()
	_, _ = io.Copy(near, far)
}
