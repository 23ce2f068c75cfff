package gate

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
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

// refusal is the error for a reply that is no success. A server that says the
// request is wrong will say so again; every other answer may change.
func refusal(reply *http.Response) *Error {
	status := reply.StatusCode
	return &Error{
		Status:     status,
		RetryAfter: retryAfter(reply.Header.Get("Retry-After"), reply.Header.Get("Date"), time.Now()),
		Final:      status >= 400 && status < 500 && status != http.StatusRequestTimeout && status != http.StatusTooManyRequests,
		Reason:     strings.TrimSpace(fmt.Sprintf("the answer is %d %s", status, http.StatusText(status))),
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
