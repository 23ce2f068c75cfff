package gate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	colmetricpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/protobuf/proto"
)

// call is what one Send or Preview shares with the transport.
type call struct {
	caller  context.Context // asked for nothing but its end
	ctx     context.Context // ends with caller, and when time is up
	allowed func() error
	capture bool

	began    atomic.Bool // there was a connection to write to
	captured []byte      // what was written, when capture is set
	err      error       // why the request failed, in our words
}

type callKey struct{}

var errNoCall = errors.New("gate: a request that no Send or Preview began")

// transport turns whatever the exporter made into the request that leaves:
// the same body, and headers from constants.
type transport struct {
	url  *url.URL
	base http.RoundTripper // nil when only previewing
}

func (t *transport) RoundTrip(made *http.Request) (*http.Response, error) {
	c, ok := made.Context().Value(callKey{}).(*call)
	if !ok {
		return nil, errNoCall
	}
	reply, err := t.roundTrip(made, c)
	c.err = err
	return reply, err
}

func (t *transport) roundTrip(made *http.Request, c *call) (*http.Response, error) {
	body, err := io.ReadAll(io.LimitReader(made.Body, maxBody+1))
	_ = made.Body.Close()
	if err != nil {
		return nil, err
	}
	if len(body) > maxBody {
		return nil, fmt.Errorf("report of more than %d bytes is too large to send", maxBody)
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
	request = request.WithContext(httptrace.WithClientTrace(request.Context(), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { c.began.Store(true) }}))
	// The last look: after it the name is looked up.
	if err := c.allowed(); err != nil {
		return nil, err
	}
	if err := c.caller.Err(); err != nil { // asking may have taken a while
		return nil, err
	}
	reply, err := base.RoundTrip(request)
	if err != nil {
		return nil, c.connError(0, "", err)
	}
	defer reply.Body.Close()
	return c.checkResponse(reply)
}

// connError returns why a connection ended. If the caller ended it, the error
// is the caller's.
func (c *call) connError(status int, what string, err error) error {
	switch {
	case c.caller.Err() != nil:
		err = c.caller.Err()
	case c.ctx.Err() != nil:
		err = &Error{Status: status, Reason: fmt.Sprintf("no answer within %v", timeout)}
	case errors.Is(err, context.DeadlineExceeded): // of lazyConn: the caller's time is over, and its timer has not run
		err = context.DeadlineExceeded
	case errors.Is(err, net.ErrClosed): // by net/http, whose writing failed first
		err = &Error{Status: status, Reason: what + "the server ended the connection"}
	default:
		err = &Error{Status: status, Reason: what + clip(err.Error())}
	}
	if c.began.Load() {
		err = fmt.Errorf("%w; %w", err, ErrUnanswered)
	}
	return err
}

const contentType = "application/x-protobuf"

// checkResponse accepts a reply that an OTLP receiver gives when it took the
// report: any 2xx with an empty body, as Prometheus and VictoriaMetrics answer,
// or with a protobuf body. A captive portal answers 200 too, with a page.
func (c *call) checkResponse(reply *http.Response) (*http.Response, error) {
	status := reply.StatusCode
	if status < 200 || status > 299 {
		return nil, refusal(reply)
	}
	mediaType, _, _ := mime.ParseMediaType(reply.Header.Get("Content-Type"))
	limit := int64(maxReply)
	if mediaType != contentType {
		limit = 0 // one byte is enough to tell that the body is not empty
	}
	body, err := io.ReadAll(io.LimitReader(reply.Body, limit+1))
	switch {
	case err != nil:
		return nil, c.connError(status, "the answer broke off: ", err)
	case len(body) > 0 && mediaType != contentType:
		return nil, &Error{Status: status, Reason: fmt.Sprintf("the answer is %q and not from an OTLP receiver", clip(mediaType))}
	case len(body) > maxReply:
		return nil, &Error{Status: status, Reason: fmt.Sprintf("the answer is longer than %d bytes", maxReply)}
	}
	// Checked here and not by the exporter, whose error repeats the server's
	// text in full. A remark about a report that was accepted in full is no error.
	var answer colmetricpb.ExportMetricsServiceResponse
	if err := proto.Unmarshal(body, &answer); err != nil {
		return nil, &Error{Status: status, Reason: "the answer is not OTLP: " + clip(err.Error())}
	}
	if p := answer.GetPartialSuccess(); p.GetRejectedDataPoints() != 0 {
		return nil, &Error{Status: status, Final: true,
			Reason: fmt.Sprintf("%d points were refused: %s", p.GetRejectedDataPoints(), clip(p.GetErrorMessage()))}
	}
	return &http.Response{StatusCode: status, Status: reply.Status, Proto: reply.Proto, Header: http.Header{}, Body: http.NoBody}, nil
}

// maxHeader bounds the headers of an answer, in bytes.
const maxHeader = 16 << 10

// wire is the transport of real reports: no proxy but via, which may be nil, HTTP/1
// alone, no connection kept, and a bound on what a server can make us store. The
// context of the call bounds its time.
func wire(via *proxy) *http.Transport {
	only := new(http.Protocols)
	only.SetHTTP1(true)
	return &http.Transport{
		Proxy:                  nil, // it would add headers, and read the environment
		DialContext:            dialer(false, nil),
		DialTLSContext:         dialer(true, via),
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: maxHeader,
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
	t := wire(nil)
	t.DialContext, t.DialTLSContext = dial, dial
	return t
}
