package telemetry

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	colmetricpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/protobuf/proto"

	"headcount.example/catalog"
	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/internal/gate"
	"headcount.example/internal/ledger"
)

func TestMain(m *testing.M) {
	for _, name := range []string{"DO_NOT_TRACK", "OTEL_SDK_DISABLED", "COMPREFACE_TELEMETRY", "SHOP_TELEMETRY"} {
		os.Unsetenv(name)
	}
	if dir := os.Getenv(childVariable); dir != "" {
		countInChild(dir)
		return
	}
	if how := os.Getenv(decideVariable); how != "" {
		decideInChild(how)
		return
	}
	os.Exit(m.Run())
}

// A sourceFunc is a Source in one function.
type sourceFunc func(context.Context) (consent.Record, error)

func (f sourceFunc) Consent(ctx context.Context) (consent.Record, error) { return f(ctx) }

func record(d consent.Decision, notice int) consent.Record {
	return consent.Record{Decision: d, Notice: notice, Time: time.Now().Add(-time.Hour), Where: "test"}
}

func always(d consent.Decision, notice int) consent.Source {
	return sourceFunc(func(context.Context) (consent.Record, error) { return record(d, notice), nil })
}

// A receiver takes reports and keeps them.
type receiver struct {
	*httptest.Server
	mu      sync.Mutex
	reports [][]string
	held    chan struct{} // when set, every request is held until its sender goes away
	status  int

	retryAfter string
}

func receive(t testing.TB) *receiver {
	t.Helper()
	r := &receiver{status: http.StatusOK}
	r.Server = httptest.NewServer(http.HandlerFunc(r.serve))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) serve(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return
	}
	r.mu.Lock()
	hold, status := r.held, r.status
	r.mu.Unlock()
	if hold != nil {
		hold <- struct{}{}
		<-request.Context().Done()
		return
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
	if r.retryAfter != "" {
		w.Header().Set("Retry-After", r.retryAfter)
	}
	w.WriteHeader(status)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reports = append(r.reports, decodeBody(body))
}

func (r *receiver) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.reports)
}

func (r *receiver) last(t testing.TB) []string {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.reports) == 0 {
		t.Fatal("no report arrived")
	}
	return r.reports[len(r.reports)-1]
}

func decodeBody(body []byte) []string {
	pipe, end := io.Pipe()
	go func() { _, err := end.Write(body); end.CloseWithError(err) }()
	defer pipe.Close()
	unzipped, err := gzip.NewReader(pipe)
	if err != nil {
		return []string{"not gzip"}
	}
	plain, err := io.ReadAll(unzipped)
	var otlp colmetricpb.ExportMetricsServiceRequest
	if err = errors.Join(err, proto.Unmarshal(plain, &otlp)); err != nil {
		return []string{err.Error()}
	}
	guid, points := gate.Facts(&otlp)
	list := []string{"install_guid " + guid}
	for _, p := range points {
		list = append(list, Point(p).String())
	}
	return list
}

// rowsOf is what a report says, one fact a line.
func rowsOf(r Report) []string {
	list := []string{"install_guid " + r.InstallGUID}
	for _, p := range r.Points {
		list = append(list, p.String())
	}
	return list
}

// agreed returns the recorder that counts under consent; nil when there is none.
func (c *Client) agreed() *recorder {
	if r := c.live.Load(); r.agreed() {
		return r
	}
	return nil
}

// setup is a client of compreface with its decisions in a file.
type setup struct {
	*Client
	config    Config
	decisions *consent.File
	dir       string
}

func start(t testing.TB, endpoint string, change func(*Config)) *setup {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "telemetry")
	s := &setup{dir: dir, decisions: consent.NewFile(dir)}
	s.config = Config{Catalog: compreface.Catalog, Endpoint: endpoint, Dir: dir, Consent: s.decisions}
	if change != nil {
		change(&s.config)
	}
	s.restart(t)
	return s
}

func (s *setup) restart(t testing.TB) {
	t.Helper()
	if err := s.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	c, err := Init(s.config)
	if err != nil {
		t.Fatal(err)
	}
	s.Client = c
	t.Cleanup(func() { _ = c.Shutdown(context.Background()) })
}

// finish shuts a client down and waits for all that it has begun.
func finish(c *Client) {
	r := c.agreed()
	_ = c.Shutdown(context.Background())
	if r != nil {
		<-r.done
	}
	c.erasures.sending <- struct{}{} // the request that is on its way
	defer func() { <-c.erasures.sending }()
}

// decide records a decision about the notice in force and acts on it.
func (s *setup) decide(t testing.TB, d consent.Decision) {
	t.Helper()
	err := s.decisions.Save(t.Context(), consent.Record{Decision: d, Notice: s.config.Catalog.NoticeNumber(), Where: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// heard notes in the schedule that a report was sent, without sending one.
func (s *setup) heard(t testing.TB) {
	t.Helper()
	l := s.agreed().ledger
	keep := func(now ledger.Schedule) (ledger.Schedule, error) {
		now.Reported = true
		return now, nil
	}
	for {
		sending, err := l.Begin(t.Context(), time.Now(), time.Now().Add(time.Second), keep)
		if errors.Is(err, ledger.ErrBusy) {
			continue
		}
		if err = errors.Join(err, l.End(t.Context(), sending, sending.Attempt)); err != nil {
			t.Fatal(err)
		}
		return
	}
}

func (s *setup) flush(t testing.TB) {
	t.Helper()
	if err := s.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// files lists everything below a directory.
func files(t testing.TB, dir string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		list = append(list, path)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return list
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
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

func (d deaf) url() string { return "http://" + d.Addr().String() }

// untouched connects and looks whether that is the first connection.
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
		t.Error("there was a connection")
	}
}

// noLookups fails the test when a name is looked up.
func noLookups(t *testing.T) {
	t.Helper()
	before := net.DefaultResolver
	t.Cleanup(func() { net.DefaultResolver = before })
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		t.Error("a name was looked up")
		return nil, errors.New("no lookups here")
	}}
}

func want(t testing.TB, rows []string, row string) {
	t.Helper()
	if !slices.Contains(rows, row) {
		t.Errorf("%q is not in %q", row, rows)
	}
}

// shop makes a small catalog under a notice.
func shop(notice int) (*catalog.Catalog, catalog.Counter) {
	sold := catalog.NewCounter("shop.thing.sold", "{thing}", says("A thing was sold."))
	return catalog.New("Shop", notice, about, sold), sold
}

// about and says are what the catalogs of the tests tell people.
var about = catalog.About{
	Recipient: "Shop Ltd", Purpose: "To understand which parts of the shop are used.",
	ReportDays: 30, FigureDays: 400, ErasureDays: 14, Contact: "privacy@shop.example", Policy: "https://shop.example/privacy",
}

func says(description string) catalog.Text {
	return catalog.Text{Title: "Things", Description: description, Question: "How many things are there?"}
}
