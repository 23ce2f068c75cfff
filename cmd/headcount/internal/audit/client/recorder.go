package client

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
)

// A recorder is a receiver that takes everything and keeps it.
type recorder struct {
	url    string
	server *http.Server

	mu   sync.Mutex
	kept []*request
}

// A request is one that arrived at the recorder.
type request struct {
	method, target, host string
	header               http.Header
	body                 []byte // decompressed
}

const mostBytes = 16 << 20

func newRecorder() (*recorder, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &recorder{url: "http://" + l.Addr().String()}
	r.server = &http.Server{Handler: http.HandlerFunc(r.take)}
	go func() { _ = r.server.Serve(l) }() // until close
	return r, nil
}

func (r *recorder) close() error { return r.server.Close() }

func (r *recorder) take(w http.ResponseWriter, from *http.Request) {
	body, err := io.ReadAll(io.LimitReader(from.Body, mostBytes))
	if err != nil {
		http.Error(w, "the request was cut", http.StatusBadRequest)
		return
	}
	if from.Header.Get("Content-Encoding") == "gzip" {
		if body, err = unzipped(body); err != nil {
			http.Error(w, "not gzip", http.StatusBadRequest)
			return
		}
	}
	r.mu.Lock()
	r.kept = append(r.kept, &request{from.Method, from.URL.RequestURI(), from.Host, from.Header.Clone(), body})
	r.mu.Unlock()
	kind := from.Header.Get("Content-Type")
	w.Header().Set("Content-Type", kind)
	if kind == "application/json" {
		fmt.Fprint(w, "{}")
	}
}

func unzipped(body []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(z, mostBytes))
}

// taken returns what arrived since it was last asked.
func (r *recorder) taken() []*request {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.kept
	r.kept = nil
	return list
}
