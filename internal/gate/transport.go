package gate

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"time"
)

// call is what one Send or Preview shares with the transport.
type call struct {
	allowed func() error
	capture bool

	captured []byte // what was written, when capture is set
	replied  bool   // the server took the request
	status   int
	err      error // why the request failed, in our words
}

type callKey struct{}

// transport turns whatever the exporter made into the request that leaves:
// the same body, and headers from constants.
type transport struct {
	url  *url.URL
	base http.RoundTripper // nil when only previewing
}

func (t *transport) RoundTrip(made *http.Request) (*http.Response, error) {
	c, ok := made.Context().Value(callKey{}).(*call)
	if !ok {
		return nil, errors.New("gate: a request that no Send or Preview began")
	}
	reply, err := t.roundTrip(made, c)
	c.err = err
	return reply, err
}

func (t *transport) roundTrip(made *http.Request, c *call) (*http.Response, error) {
	body, err := io.ReadAll(io.LimitReader(made.Body, maxBody+1))
	_ = made.Body.Close()
	if err != nil || len(body) > maxBody {
		return nil, fmt.Errorf("report of %d bytes or more is too large to send: %w", len(body), err)
	}
	request, err := http.NewRequestWithContext(made.Context(), http.MethodPost, t.url.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", userAgent)
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Content-Encoding", "gzip")

	base := t.base
	if c.capture {
		base = recorder(c)
	}
	// The last look: after this line the name is looked up.
	if err := c.allowed(); err != nil {
		return nil, err
	}
	reply, err := base.RoundTrip(request)
	if err != nil {
		return nil, &Error{Reason: clip(err.Error())}
	}
	defer reply.Body.Close()
	return c.judge(reply)
}

const contentType = "application/x-protobuf"

// judge lets a reply pass only when it can come from an OTLP receiver that
// took the report. A captive portal says 200 too, with a page.
func (c *call) judge(reply *http.Response) (*http.Response, error) {
	c.status = reply.StatusCode
	if reply.StatusCode < 200 || reply.StatusCode > 299 {
		return nil, refusal(reply)
	}
	said, _, _ := mime.ParseMediaType(reply.Header.Get("Content-Type"))
	if said != contentType {
		return nil, &Error{Status: reply.StatusCode, Reason: fmt.Sprintf("the answer is %q and not from an OTLP receiver", clip(said))}
	}
	body, err := io.ReadAll(io.LimitReader(reply.Body, maxReply+1))
	if err != nil {
		return nil, &Error{Status: reply.StatusCode, Reason: "the answer broke off: " + clip(err.Error())}
	}
	if len(body) > maxReply {
		return nil, &Error{Status: reply.StatusCode, Reason: fmt.Sprintf("the answer is longer than %d bytes", maxReply)}
	}
	c.replied = true
	return &http.Response{
		StatusCode: reply.StatusCode, Status: reply.Status, Proto: reply.Proto,
		Header: http.Header{"Content-Type": {contentType}}, // exactly, or the exporter misses a partial success
		Body:   io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
}

// wire is the transport of real reports: no proxy, no second protocol, no
// connection kept, and a bound on everything a server can make us hold.
func wire() http.RoundTripper {
	only := new(http.Protocols)
	only.SetHTTP1(true)
	return &http.Transport{
		Proxy:                  nil,
		DialContext:            (&net.Dialer{Timeout: timeout / 2}).DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    timeout / 2,
		ResponseHeaderTimeout:  timeout,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 16 << 10,
		DisableKeepAlives:      true,
		DisableCompression:     true,
		Protocols:              only,
	}
}

// recorder is wire with a pipe for a connection: it keeps what is written and
// answers like a receiver that has nothing to say.
func recorder(c *call) http.RoundTripper {
	dial := func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go answer(far, c)
		return near, nil
	}
	t := wire().(*http.Transport)
	t.DialContext, t.DialTLSContext = dial, dial
	return t
}
