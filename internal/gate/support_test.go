package gate

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/google/uuid"
	colmetricpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/protobuf/proto"

	"headcount.example/catalog"
	"headcount.example/catalog/affiliate"
	"headcount.example/catalog/compreface"
)

// taken is the answer of a receiver that has nothing to say.
const taken = "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n"

var (
	catalogs = map[string]*catalog.Catalog{"compreface": compreface.Catalog, "affiliate": affiliate.Catalog}
	guid     = uuid.MustParse("0f47a1d2-3b5c-4e6f-8a9b-0c1d2e3f4a5b")
)

// report is one with every kind of figure. Its times are not midnight: the
// gate has to see to that.
func report(c *catalog.Catalog) Report {
	r := Report{
		GUID:  guid,
		Since: time.Date(2026, 11, 1, 13, 14, 15, 16, time.FixedZone("east", 5*3600)),
		Day:   time.Date(2026, 11, 21, 23, 59, 59, 999_999_999, time.UTC),
	}
	for m, d := range c.Metrics() {
		values := make([]int64, len(d.Series))
		for s := range values {
			values[s] = int64(m + 3*s)
			if d.Kind == catalog.KindRangeGauge && s%3 == 1 || d.Kind != catalog.KindCounter && d.Kind != catalog.KindRangeGauge {
				values[s] = Absent // not observed, or not part of a daily report
			}
		}
		r.Values = append(r.Values, values)
	}
	return r
}

// preview returns the bytes of a report.
func preview(g *Gate, r Report) ([]byte, error) {
	made, err := g.Request(r)
	return made.Bytes(), err
}

// send makes a request of a report, and sends it.
func send(ctx context.Context, g *Gate, r Report) error {
	made, err := g.Request(r)
	if err != nil {
		return err
	}
	return made.Send(ctx)
}

func gateTo(t testing.TB, c *catalog.Catalog, endpoint string) *Gate {
	t.Helper()
	g, err := New(c, endpoint)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// A receiver keeps every byte of every connection.
type receiver struct {
	net.Listener
	mu  sync.Mutex
	got []*bytes.Buffer
	all sync.WaitGroup
}

// receive listens on loopback. Reply is called when a whole request was read.
func receive(t testing.TB, reply func(net.Conn)) *receiver {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &receiver{Listener: ln}
	r.all.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			buffer := new(bytes.Buffer)
			r.mu.Lock()
			r.got = append(r.got, buffer)
			r.mu.Unlock()
			r.all.Go(func() { r.serve(conn, buffer, reply) })
		}
	})
	t.Cleanup(func() { ln.Close(); r.all.Wait() })
	return r
}

func (r *receiver) serve(conn net.Conn, buffer *bytes.Buffer, reply func(net.Conn)) {
	defer conn.Close()
	one := make([]byte, 1)
	for !whole(buffer.Bytes()) {
		if _, err := conn.Read(one); err != nil {
			return
		}
		r.mu.Lock()
		buffer.Write(one)
		r.mu.Unlock()
	}
	reply(conn)
	rest, _ := io.ReadAll(conn) // nothing may follow the request
	r.mu.Lock()
	buffer.Write(rest)
	r.mu.Unlock()
}

// whole reads Content-Length by hand.
func whole(raw []byte) bool {
	head, body, found := bytes.Cut(raw, []byte("\r\n\r\n"))
	if !found {
		return false
	}
	_, length, _ := strings.Cut(string(head), "Content-Length: ")
	length, _, _ = strings.Cut(length, "\r\n")
	n, err := strconv.Atoi(length)
	return err == nil && len(body) >= n
}

// only stops listening and returns the bytes of the one connection there was.
// A connection that was made, and ended, may still wait to be accepted.
func (r *receiver) only(t testing.TB) []byte {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); r.connections() == 0 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	r.Close()
	r.all.Wait()
	if len(r.got) != 1 {
		t.Fatalf("%d connections, want 1", len(r.got))
	}
	return r.got[0].Bytes()
}

func (r *receiver) connections() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.got)
}

func (r *receiver) url() string { return "http://" + r.Addr().String() }

func says(text string) func(net.Conn) {
	return func(conn net.Conn) { _, _ = io.WriteString(conn, text) }
}

// A deaf listener must not be connected to.
type deaf struct{ net.Listener }

func listenDeaf(t testing.TB) deaf {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return deaf{ln}
}

// untouched connects and looks whether that is the first connection: the
// kernel hands them out in order.
func (d deaf) untouched(t testing.TB) {
	t.Helper()
	mine, err := net.Dial("tcp", d.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Close()
	first, err := d.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if first.RemoteAddr().String() != mine.LocalAddr().String() {
		sent, _ := io.ReadAll(io.LimitReader(first, 300))
		t.Errorf("%v was connected to: %q", d.Addr(), sent)
	}
}

// dissect takes a request apart by hand: no code of net/http or of the gate.
func dissect(t testing.TB, raw []byte) (line string, headers []string, otlp *colmetricpb.ExportMetricsServiceRequest) {
	t.Helper()
	head, zipped, found := bytes.Cut(raw, []byte("\r\n\r\n"))
	if !found {
		t.Fatalf("no end of the headers in %q", raw)
	}
	headers = strings.Split(string(head), "\r\n")
	line, headers = headers[0], headers[1:]
	length := "Content-Length: " + strconv.Itoa(len(zipped))
	if i := slices.Index(headers, length); i < 0 {
		t.Errorf("headers %q do not hold %q", headers, length)
	} else {
		headers[i] = "Content-Length: *"
	}
	slices.Sort(headers)
	reader, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		t.Fatal(err)
	}
	if h := reader.Header; !h.ModTime.IsZero() || h.Name != "" || h.Comment != "" || len(h.Extra) > 0 || h.OS != 255 {
		t.Errorf("the gzip header tells about the host: %+v", h)
	}
	body, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	otlp = new(colmetricpb.ExportMetricsServiceRequest)
	if err := proto.Unmarshal(body, otlp); err != nil {
		t.Fatal(err)
	}
	return line, headers, otlp
}

// presentable is what every text that may hold a server's words has to be.
func presentable(t testing.TB, err error) {
	t.Helper()
	if err == nil {
		return
	}
	text := err.Error()
	if len(text) == 0 || len(text) > 300 {
		t.Errorf("error of %d bytes: %.400q", len(text), text)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("error is not printable on one line: %q", text)
	}
}

func within(t testing.TB, limit time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	return ctx
}
