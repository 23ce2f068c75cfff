package gate

// This file touches nothing: it says what an answer means.

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	colmetricpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/protobuf/proto"
)

// ErrUnanswered says that a report was being sent, or was sent, when the
// connection ended, and no whole answer had come.
var ErrUnanswered = errors.New("it may have arrived all the same")

// An Error is a report that did not arrive, as far as we know. Its text is
// short and printable whatever the server says.
type Error struct {
	Status     int           // of the reply; 0 when there was none
	RetryAfter time.Duration // what the server asks for; 0 when it does not
	Final      bool          // sending the same again would not help
	Reason     string
}

func (e *Error) Error() string { return e.Reason }

// An answer is what a server said.
type answer struct {
	status int // 0: nothing came
	header http.Header
	body   []byte // of a success; one byte more than is allowed at most
}

func (a answer) success() bool { return a.status >= 200 && a.status <= 299 }

func (a answer) mediaType() string {
	mediaType, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	return mediaType
}

// check accepts what an OTLP receiver says when it took the report: any 2xx with
// an empty body, as Prometheus and VictoriaMetrics answer, or with a protobuf
// body. A captive portal answers 200 too, with a page.
func (a answer) check() error {
	switch {
	case !a.success():
		return a.refusal()
	case len(a.body) > 0 && a.mediaType() != contentType:
		return &Error{Status: a.status, Reason: fmt.Sprintf("the answer is %q and not from an OTLP receiver", clip(a.mediaType()))}
	case len(a.body) > maxReply:
		return &Error{Status: a.status, Reason: fmt.Sprintf("the answer is longer than %d bytes", maxReply)}
	}
	var otlp colmetricpb.ExportMetricsServiceResponse
	if err := proto.Unmarshal(a.body, &otlp); err != nil {
		return &Error{Status: a.status, Reason: "the answer is not OTLP: " + clip(err.Error())}
	}
	// A remark about a report that was accepted in full is no error.
	if p := otlp.GetPartialSuccess(); p.GetRejectedDataPoints() != 0 {
		return &Error{Status: a.status, Final: true,
			Reason: fmt.Sprintf("%d points were refused: %s", p.GetRejectedDataPoints(), clip(p.GetErrorMessage()))}
	}
	return nil
}

// refusal is the error for an answer that is no success. A server that says the
// request is wrong will say so again; every other answer may change.
func (a answer) refusal() error {
	return &Error{
		Status:     a.status,
		RetryAfter: retryAfter(a.header.Get("Retry-After"), a.header.Get("Date"), time.Now()),
		Final:      a.status >= 400 && a.status < 500 && a.status != http.StatusRequestTimeout && a.status != http.StatusTooManyRequests,
		Reason:     strings.TrimSpace(fmt.Sprintf("the answer is %d %s", a.status, http.StatusText(a.status))),
	}
}

// maxRetryAfter bounds how long a server can ask us to be silent.
const maxRetryAfter = 24 * time.Hour

// retryAfter reads both forms of the header (RFC 9110, 10.2.3). A date is
// read against the server's own clock where it gives one: ours may be wrong.
func retryAfter(value, date string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	seconds, err := strconv.ParseUint(value, 10, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) { // then seconds is the largest number there is
		return time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
	}
	then, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	if at, err := http.ParseTime(date); err == nil {
		now = at
	}
	return min(max(then.Sub(now), 0), maxRetryAfter)
}

// clip keeps a text from elsewhere short and on one line.
func clip(text string) string {
	const most = 200 // bytes
	cut := len(text) > most
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, text[:min(len(text), most)])
	if cut {
		text += "…"
	}
	return text
}
