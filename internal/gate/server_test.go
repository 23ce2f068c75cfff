package gate

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	colmetricpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/protobuf/proto"

	"headcount.example/catalog/compreface"
)

func reply(status, headers, body string) string {
	return fmt.Sprintf("HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s", status, headers, len(body), body)
}

const otlpType = "Content-Type: application/x-protobuf\r\n"

func partial(t testing.TB, rejected int64, message string) string {
	t.Helper()
	answer := &colmetricpb.ExportMetricsServiceResponse{PartialSuccess: &colmetricpb.ExportMetricsPartialSuccess{
		RejectedDataPoints: rejected, ErrorMessage: message}}
	body, err := proto.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// brokenText is a partial success whose message is not UTF-8.
const brokenText = "\x0a\x05\x12\x03\xff\xfe\xfd"

// forever writes until the other end has had enough.
func forever(begin, more string) func(net.Conn) {
	return func(conn net.Conn) {
		_, err := io.WriteString(conn, begin)
		for err == nil {
			_, err = io.WriteString(conn, more)
		}
	}
}

type serverCase struct {
	name   string
	reply  func(net.Conn)
	want   string // in the error; empty: delivered
	status int
	final  bool
	retry  time.Duration
}

func serverCases(t *testing.T, elsewhere string) []serverCase {
	cases := []serverCase{
		{name: "200 empty", reply: says(taken)},
		{name: "200 with an empty message", reply: says(reply("200 OK", otlpType, "\x0a\x00"))},
		{name: "200 with parameters of the type", reply: says(reply("200 OK", "Content-Type: Application/X-Protobuf; charset=utf-8\r\n", ""))},
		{name: "202 protobuf", reply: says(reply("202 Accepted", otlpType, ""))},
		// What Prometheus 3.9 and VictoriaMetrics 1.150 answer.
		{name: "200 without a type and a body", reply: says(reply("200 OK", "", ""))},
		{name: "200 with another type and no body", reply: says(reply("200 OK", "Content-Type: text/plain\r\n", ""))},
		{name: "200 chunked without a body", reply: says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")},
		{name: "204", reply: says("HTTP/1.1 204 No Content\r\n\r\n")},
		{name: "200 until the end", reply: func(c net.Conn) { says("HTTP/1.1 200 OK\r\n" + otlpType + "\r\n")(c); c.Close() }},
		{name: "200 in HTTP/1.0", reply: func(c net.Conn) { says("HTTP/1.0 200 OK\r\n" + otlpType + "\r\n")(c); c.Close() }},
		{name: "100 and 103 before 200", reply: says("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + taken)},
		{name: "a remark, nothing refused", reply: says(reply("200 OK", otlpType, partial(t, 0, "thank you")))},
		{name: "with cookies and HSTS", reply: says(strings.Replace(taken, "\r\n", "\r\nSet-Cookie: a=b\r\nStrict-Transport-Security: max-age=1\r\n", 1))},

		{name: "partial success", reply: says(reply("200 OK", otlpType, partial(t, 3, "no such metric"))), want: "3 points were refused: no such metric", status: 200, final: true},
		{name: "partial success in parameters of the type", reply: says(reply("200 OK", "Content-Type: application/x-protobuf; v=1\r\n", partial(t, 3, "no"))), want: "3 points were refused", status: 200, final: true},
		{name: "partial success of less than none", reply: says(reply("200 OK", otlpType, partial(t, -1, ""))), want: "-1 points", status: 200, final: true},
		{name: "partial success on many lines", reply: says(reply("200 OK", otlpType, partial(t, 1, strings.Repeat("\x1b[31mline\n\u202e", 5000)))), want: "1 points were refused", status: 200, final: true},
		{name: "partial success in wide letters", reply: says(reply("200 OK", otlpType, partial(t, 1, strings.Repeat("漢", 5000)))), want: "漢", status: 200, final: true},
		{name: "partial success of 1 MB", reply: says(reply("200 OK", otlpType, partial(t, 1, strings.Repeat("x", 1<<20)))), want: "longer than 65536 bytes", status: 200},
		{name: "partial success not UTF-8", reply: says(reply("200 OK", otlpType, brokenText)), want: "not OTLP", status: 200},
		{name: "200 with garbage for protobuf", reply: says(reply("200 OK", otlpType, "\xff\xff\xff")), want: "not OTLP", status: 200},
		{name: "200 with JSON", reply: says(reply("200 OK", "Content-Type: application/json\r\n", "{}")), want: "application/json", status: 200},
		{name: "captive portal", reply: says(reply("200 OK", "Content-Type: text/html\r\n", "<html>sign in</html>")), want: "not from an OTLP receiver", status: 200},
		{name: "captive portal that does not end", reply: says("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>"), want: "not from an OTLP receiver", status: 200},
		{name: "200 without a type and with a page", reply: says(reply("200 OK", "", "<html>sign in</html>")), want: "not from an OTLP receiver", status: 200},
		{name: "200 with a garbled type and a page", reply: says(reply("200 OK", "Content-Type: \";;;=\r\n", "x")), want: "not from an OTLP receiver", status: 200},
		{name: "200 with a type without end and a page", reply: says(reply("200 OK", "Content-Type: text/"+strings.Repeat("x", 9000)+"\r\n", "x")), want: "not from an OTLP receiver", status: 200},
		{name: "200 without a type, chunked page", reply: says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"), want: "not from an OTLP receiver", status: 200},
		{name: "200 gzipped", reply: says(reply("200 OK", otlpType+"Content-Encoding: gzip\r\n", "\x1f\x8b\x08\x00")), want: "not OTLP", status: 200},
		{name: "101", reply: says("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"), want: "101", status: 101},
		{name: "100 without end", reply: forever("", "HTTP/1.1 100 Continue\r\n\r\n"), want: "exceeded"},
		{name: "999", reply: says(reply("999 "+strings.Repeat("reason ", 999), "", "")), want: "999", status: 999},
		{name: "000", reply: says(reply("000 Nothing", "", "")), want: "no status of HTTP"},

		{name: "4 MiB of an error", reply: says(reply("500 Internal Server Error", "Content-Type: text/plain\r\n", strings.Repeat("secret\n", 600_000))), want: "500 Internal Server Error", status: 500},
		{name: "endless error", reply: forever("HTTP/1.1 503 no\r\n\r\n", strings.Repeat("x", 4096)), want: "503", status: 503},
		{name: "endless success", reply: forever("HTTP/1.1 200 OK\r\n"+otlpType+"\r\n", strings.Repeat("x", 4096)), want: "longer than 65536 bytes", status: 200},
		{name: "endless chunks", reply: forever("HTTP/1.1 200 OK\r\n"+otlpType+"Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"), want: "longer than 65536 bytes", status: 200},
		{name: "endless chunk extensions", reply: forever("HTTP/1.1 200 OK\r\n"+otlpType+"Transfer-Encoding: chunked\r\n\r\n1;", "x"), want: "broke off", status: 200},
		{name: "gigantic header", reply: forever("HTTP/1.1 200 OK\r\nX: ", strings.Repeat("x", 4096)), want: "header"},
		{name: "endless headers", reply: forever("HTTP/1.1 200 OK\r\n", "X: y\r\n"), want: "header"},
		{name: "endless first line", reply: forever("HTTP/1.1 200 ", strings.Repeat("x", 4096)), want: "header"},
		{name: "truncated", reply: func(c net.Conn) {
			says("HTTP/1.1 200 OK\r\n" + otlpType + "Content-Length: 9\r\n\r\nabc")(c)
			c.Close()
		}, want: "broke off", status: 200},
		{name: "truncated headers", reply: func(c net.Conn) { says("HTTP/1.1 200 OK\r\nContent-")(c); c.Close() }, want: "malformed"},
		{name: "closes", reply: func(c net.Conn) { c.Close() }, want: "EOF"},
		{name: "resets", reply: func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0); c.Close() }, want: "reset"},
		{name: "two lengths", reply: says("HTTP/1.1 200 OK\r\n" + otlpType + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), want: "Content-Length"},
		{name: "not HTTP", reply: func(c net.Conn) { says("220 mail.example ESMTP \x1b]0;title\x07 ready\r\n")(c) }, want: "malformed"},
		{name: "only HTTP/2", reply: func(c net.Conn) {
			says("\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01")(c)
			c.Close()
		}, want: "malformed"},
		{name: "not text", reply: func(c net.Conn) { says(strings.Repeat("\x00\xff\x1b\n", 1000))(c); c.Close() }, want: "malformed"},
	}
	for _, code := range []int{301, 302, 303, 307, 308} {
		cases = append(cases, serverCase{name: fmt.Sprintf("%d elsewhere", code), status: code, want: fmt.Sprint(code),
			reply: says(reply(fmt.Sprintf("%d Moved", code), "Location: http://"+elsewhere+"/v1/metrics\r\n", ""))})
	}
	for _, code := range []int{400, 401, 403, 404, 405, 407, 408, 410, 413, 415, 422, 429, 431, 500, 501, 502, 503, 504, 507, 511, 599} {
		final := code < 500 && code != 408 && code != 429
		cases = append(cases, serverCase{name: fmt.Sprint(code), status: code, want: fmt.Sprint(code), final: final, retry: 7 * time.Second,
			reply: says(reply(fmt.Sprintf("%d Whatever", code), "WWW-Authenticate: Basic\r\nRetry-After: 7\r\n", "go away"))})
	}
	return cases
}

func TestServer(t *testing.T) {
	elsewhere := listenDeaf(t)
	t.Run("cases", func(t *testing.T) {
		for _, test := range serverCases(t, elsewhere.Addr().String()) {
			t.Run(test.name, func(t *testing.T) {
				t.Parallel()
				r := receive(t, test.reply)
				err := send(within(t, 30*time.Second), gateTo(t, compreface.Catalog, r.url()), report(compreface.Catalog))
				r.only(t)
				check(t, test, err)
			})
		}
	})
	elsewhere.untouched(t)
}

func check(t *testing.T, test serverCase, err error) {
	t.Helper()
	presentable(t, err)
	if test.want == "" {
		if err != nil {
			t.Errorf("not delivered: %v", err)
		}
		return
	}
	var e *Error
	if !errors.As(err, &e) || !strings.Contains(err.Error(), test.want) {
		t.Fatalf("error %v, want an Error that says %q", err, test.want)
	}
	if unanswered := test.status == 0 || test.want == "broke off"; errors.Is(err, ErrUnanswered) != unanswered {
		t.Errorf("%v, want that it may have arrived: %v", err, unanswered)
	}
	if e.Status != test.status || e.Final != test.final || e.RetryAfter != test.retry {
		t.Errorf("%+v, want status %d, final %v, retry after %v", e, test.status, test.final, test.retry)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	at := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	for _, test := range []struct {
		name, value, date string
		want              time.Duration
	}{
		{"absent", "", "", 0},
		{"seconds", "120", "", 2 * time.Minute},
		{"zero", "0", "", 0},
		{"spaces around", " 120 ", "", 2 * time.Minute},
		{"negative", "-120", "", 0},
		{"signed", "+120", "", 0},
		{"fraction", "1.5", "", 0},
		{"exponent", "1e9", "", 0},
		{"a day", "86400", "", 24 * time.Hour},
		{"a day and a second", "86401", "", 24 * time.Hour},
		{"would overflow a duration", "9223372036854775807", "", 24 * time.Hour},
		{"would overflow 64 bits", strings.Repeat("9", 40), "", 24 * time.Hour},
		{"garbage", "soon", "", 0},
		{"control characters", "1\x002", "", 0},
		{"date", at(time.Hour), "", time.Hour},
		{"date, same clock", at(time.Hour), at(0), time.Hour},
		{"date, clock of the server a year behind", at(time.Hour - 365*24*time.Hour), at(-365 * 24 * time.Hour), time.Hour},
		{"date, clock of the server a year ahead", at(time.Hour + 365*24*time.Hour), at(365 * 24 * time.Hour), time.Hour},
		{"date in the past", at(-time.Hour), "", 0},
		{"date far away", at(1000 * 24 * time.Hour), "", 24 * time.Hour},
		{"date, garbled clock", at(time.Hour), "yesterday", time.Hour},
		{"date in the old form", now.Add(time.Hour).Format("Monday, 02-Jan-06 15:04:05 GMT"), "", time.Hour},
		{"date of no calendar", "Sat, 31 Feb 2026 99:00:00 GMT", "", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := retryAfter(test.value, test.date, now); got != test.want {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("120", "")
	f.Add("Sat, 21 Nov 2026 12:00:00 GMT", "Sat, 21 Nov 2026 11:00:00 GMT")
	f.Fuzz(func(t *testing.T, value, date string) {
		if got := retryAfter(value, date, time.Now()); got < 0 || got > maxRetryAfter {
			t.Errorf("%q and %q: %v", value, date, got)
		}
	})
}

func FuzzClip(f *testing.F) {
	f.Add(strings.Repeat("漢", 100))
	f.Add("\xff\x1b[31m\n\u202e")
	f.Fuzz(func(t *testing.T, text string) {
		presentable(t, &Error{Reason: "x" + clip(text)})
	})
}

// TestLimitsOfAnAnswer: what a server can make us read ends at a byte.
func TestLimitsOfAnAnswer(t *testing.T) {
	head := func(size int) string {
		begin, end := "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX: ", "\r\nContent-Length: 0\r\n\r\n"
		return begin + strings.Repeat("x", size-len(begin)-len(end)) + end
	}
	body := func(size int) string {
		remark := partial(t, 0, strings.Repeat("x", size-8))
		if len(remark) != size {
			t.Fatalf("%d bytes, want %d", len(remark), size)
		}
		return reply("200 OK", otlpType, remark)
	}
	for _, test := range []serverCase{
		{name: "headers below", reply: says(head(maxHeader - 1))},
		{name: "headers at", reply: says(head(maxHeader))},
		{name: "headers above", reply: says(head(maxHeader + 1)), want: "exceeded 16384 bytes"},
		{name: "body below", reply: says(body(maxReply - 1))},
		{name: "body at", reply: says(body(maxReply))},
		{name: "body above", reply: says(body(maxReply + 1)), want: "longer than 65536 bytes", status: 200},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := receive(t, test.reply)
			err := send(within(t, 30*time.Second), gateTo(t, compreface.Catalog, r.url()), report(compreface.Catalog))
			r.only(t)
			check(t, test, err)
		})
	}
}
