package receiver

import (
	"bytes"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"

	"headcount.example/cmd/headcount/internal/audit"
	"headcount.example/cmd/headcount/internal/audit/corpus"
)

var guids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`)

// search looks for canaries in bytes that should hold none, and for
// identifiers where these have no business either.
func (e *evidence) search(where string, data []byte, identifiers bool) {
	for _, m := range corpus.Canaries.FindAllIndex(data, -1) {
		carrier, name := audit.Mutation, ""
		if s := e.byID[corpus.RequestOf(data[m[0]:m[1]])]; s != nil {
			carrier, name = s.Carrier, s.Name
		}
		e.result.found(carrier, where, "a text that was hidden in a request", excerpt(data, m[0], m[1]), 1, name)
	}
	if !identifiers {
		return
	}
	for _, m := range guids.FindAllIndex(data, -1) {
		if e.byGUID[string(data[m[0]:m[1]])] != nil {
			e.result.found(audit.Identifier, where, "the identifier of an installation", excerpt(data, m[0], m[1]), 1, "")
		}
	}
}

// addresses looks for the address of the sender: as text, and as the bytes
// that a queue stores.
func (e *evidence) addresses(where string, data []byte, ip net.IP) {
	if ip == nil {
		return
	}
	four := ip.To4()
	signs := [][]byte{[]byte(ip.String()), append([]byte{16}, ip.To16()...)}
	if four != nil {
		signs = append(signs, append([]byte{4}, four...))
	}
	for _, sign := range signs {
		if n := bytes.Count(data, sign); n > 0 {
			at := bytes.Index(data, sign)
			e.result.found(audit.Header, where, "the address of the sender", excerpt(data, at, at), n, "")
		}
	}
}

// files searches a file, or all files below a directory.
func (e *evidence) files(where, path string, ip net.IP, identifiers bool) error {
	return filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(name)
		if errors.Is(err, os.ErrNotExist) {
			return nil // a queue removes what it delivered
		}
		if err != nil {
			return err
		}
		e.search(where, data, identifiers)
		e.addresses(where, data, ip)
		return nil
	})
}
