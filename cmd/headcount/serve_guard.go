package main

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime"
	"strings"
)

// loopback is whether an address is of this machine alone. An empty host is
// every address of the machine.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}

// The limits of a token file.
const (
	leastToken = 16
	mostToken  = 4096
)

// readToken reads a token that only the owner of its file can read.
func readToken(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("--token-file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return "", fmt.Errorf("--token-file: %w", err)
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("--token-file %s is not an ordinary file", path)
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return "", fmt.Errorf("--token-file %s can be read by others (mode %04o): chmod 600 it, and make a new token", path, info.Mode().Perm())
	}
	data, err := io.ReadAll(io.LimitReader(f, mostToken+1))
	if err != nil {
		return "", fmt.Errorf("--token-file: %w", err)
	}
	token := strings.TrimSpace(string(data))
	if err := checkToken(token); err != nil {
		return "", fmt.Errorf("--token-file %s: %w", path, err)
	}
	return token, nil
}

// checkToken never names the token.
func checkToken(token string) error {
	switch {
	case len(token) < leastToken:
		return fmt.Errorf("the token has %d characters and needs %d: make one with head -c 24 /dev/urandom | base64", len(token), leastToken)
	case len(token) > mostToken:
		return fmt.Errorf("the token has more than %d characters", mostToken)
	}
	for _, c := range []byte(token) {
		if c <= ' ' || c > '~' {
			return errors.New("the token has a space, a line break or another character that a header cannot hold")
		}
	}
	return nil
}

// allowed is whether a request has the token. The time it takes does not
// depend on how much of it is right.
func (s *server) allowed(r *http.Request) bool {
	got, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		_, got, _ = r.BasicAuth()
	}
	a, b := sha256.Sum256([]byte(got)), sha256.Sum256([]byte(s.token))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// local is whether the browser's address bar says this machine. A page of
// another site whose name is made to point here has its own name there.
func local(r *http.Request) bool {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return loopback(strings.Trim(host, "[]"))
}
