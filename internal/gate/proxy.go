package gate

import (
	"bufio"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
)

// A proxy leads to the receiver where no other way does. It learns the
// receiver's name and port, and what is sent is behind TLS that ends at the
// receiver.
type proxy struct {
	address string // host and port
	secure  bool   // TLS to the proxy itself
	user    *url.Userinfo
}

// Through has every report go through a proxy, an http or https URL that may
// hold a user name and a password. Call it before the first Send. An error
// never holds a part of the URL that may be a password; the gate is not to be
// used then.
func (g *Gate) Through(text string) error {
	p, err := parseProxy(text)
	if err == nil && g.url.Scheme != "https" {
		err = fmt.Errorf("a proxy is used for an https endpoint alone, and the endpoint is %q: use https, or no proxy", g.url.Scheme+"://"+g.url.Host)
	}
	g.proxy = p
	return err
}

// Direct says whether reports could go through a proxy, and do not.
func (g *Gate) Direct() bool { return g.proxy == nil && g.url.Scheme == "https" }

func parseProxy(text string) (*proxy, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Opaque != "" || u.Hostname() == "":
		return nil, errors.New("this is not the URL of a proxy, such as http://proxy.example:3128 (it is not shown: it may hold a password)")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("the scheme %q is not supported: use a proxy with http or https that allows CONNECT", clip(u.Scheme))
	case badPort(u):
		return nil, errors.New("the port of the proxy is not from 1 to 65535")
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New("the URL of the proxy has a path, query or fragment: give scheme, host and port alone")
	}
	port := cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	return &proxy{address: net.JoinHostPort(u.Hostname(), port), secure: u.Scheme == "https", user: u.User}, nil
}

// dial opens a tunnel to address. The proxy looks the name up, and not we.
func (p *proxy) dial(ctx context.Context, network, address string) (net.Conn, error) {
	open := new(net.Dialer).DialContext
	if p.secure {
		open = secured(open)
	}
	conn, err := open(ctx, network, p.address)
	if err != nil {
		return nil, fmt.Errorf("no connection to the proxy: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	err = p.connect(conn, address)
	if !stop() {
		err = context.Cause(ctx)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// connect writes one request with no header but Host, and credentials where
// the URL has them.
func (p *proxy) connect(conn net.Conn, address string) error {
	request := &http.Request{
		Method: http.MethodConnect,
		URL:    &url.URL{Opaque: address},
		Host:   address,
		Header: http.Header{"User-Agent": {""}}, // empty: none is written
	}
	if p.user != nil {
		password, _ := p.user.Password()
		request.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(p.user.Username()+":"+password)))
	}
	if err := request.Write(conn); err != nil {
		return fmt.Errorf("the proxy %s ended the connection: %w", p.address, err)
	}
	// What is buffered beyond the answer is nothing: a TLS server waits for us.
	reply, err := http.ReadResponse(bufio.NewReader(io.LimitReader(conn, maxHeader)), request)
	switch {
	case err != nil: // its text may repeat what the proxy heard
		return fmt.Errorf("the proxy %s gives no answer in HTTP", p.address)
	case reply.StatusCode == http.StatusProxyAuthRequired:
		return fmt.Errorf("the proxy %s wants a user name and a password: put them into its URL", p.address)
	case reply.StatusCode < 200 || reply.StatusCode > 299:
		return fmt.Errorf("the proxy %s answers %d %s to CONNECT %s", p.address, reply.StatusCode, http.StatusText(reply.StatusCode), address)
	}
	return nil
}
