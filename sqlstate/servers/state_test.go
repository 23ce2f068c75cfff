package servers

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"headcount.example/catalog"
	"headcount.example/consent"
	"headcount.example/sqlstate"
	"headcount.example/telemetry"
)

var (
	sold = catalog.NewCounter("shop.thing.sold", "{thing}", says("A thing was sold."))
	shop = catalog.New("Shop", 1, about, sold)
)

// replica starts a client as one host of the installation does.
func replica(t testing.TB, d *database, db *sql.DB, endpoint string) *telemetry.Client {
	t.Helper()
	state := d.storeOf(db)
	c, err := telemetry.Init(telemetry.Config{Catalog: shop, Endpoint: endpoint, State: state, Consent: state, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Shutdown(context.Background()) })
	return c
}

func decide(t testing.TB, c *telemetry.Client, d consent.Decision) {
	t.Helper()
	if err := c.Decide(t.Context(), consent.Record{Decision: d, Where: "test"}); err != nil {
		t.Fatal(err)
	}
}

// counts says what a report of c would say now.
func counts(t testing.TB, c *telemetry.Client, want int64) {
	t.Helper()
	p, err := c.Preview(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Points[0].Value; got != want {
		t.Errorf("got a total of %d, want %d", got, want)
	}
}

// soon waits until something is so.
func soon(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not so: %s", what)
		}
	}
}

type receiver struct {
	*httptest.Server
	requests atomic.Int64
}

func receive(t testing.TB) *receiver {
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		_, _ = io.Copy(io.Discard, request.Body)
		r.requests.Add(1)
	}))
	t.Cleanup(r.Close)
	return r
}

// TestLife of an installation of two hosts.
func TestLife(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		r := receive(t)
		one, two := replica(t, d, d.DB, r.URL), replica(t, d, d.DB, r.URL)
		if one.Status().On || d.state(t).Valid {
			t.Errorf("before a yes: %+v, %q", one.Status(), d.state(t).String)
		}
		decide(t, one, consent.Granted)
		if err := two.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		id := one.Status().InstallGUID
		if id == "" || two.Status().InstallGUID != id || one.Status().Durable {
			t.Errorf("got %+v and %+v, want one installation", one.Status(), two.Status())
		}
		for i, c := range []*telemetry.Client{one, two} {
			c.Add(sold, int64(i+1))
			if err := c.Flush(t.Context()); err != nil {
				t.Error(err)
			}
		}
		counts(t, one, 3)
		if r.requests.Load() != 2 {
			t.Errorf("got %d reports, want 2", r.requests.Load())
		}
		if err := one.Decide(t.Context(), consent.Record{Decision: consent.Denied, Where: "test", Erase: true}); err != nil {
			t.Error(err)
		}
		if one.Status().On || d.state(t).Valid || r.requests.Load() != 3 {
			t.Errorf("after a no: %+v, %q, %d requests", one.Status(), d.state(t).String, r.requests.Load())
		}
		two.Add(sold, 7)
		if err := two.Flush(t.Context()); err == nil {
			t.Error("the other host sent after a no")
		}
		soon(t, "the other host is off", func() bool { return !two.Status().On })
		decide(t, two, consent.Granted)
		if got := two.Status().InstallGUID; got == id || got == "" {
			t.Errorf("a later yes: got identifier %q, before %q", got, id)
		}
		counts(t, two, 0)
	})
}

// TestManyCount: replicas count and fold at once, and nothing is lost.
func TestManyCount(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		first := replica(t, d, d.DB, "https://stats.vendor.invalid")
		decide(t, first, consent.Granted)
		var all sync.WaitGroup
		for range 6 {
			c := replica(t, d, d.connect(t, d.server.port), "https://stats.vendor.invalid")
			all.Go(func() {
				for range 10_000 {
					c.Add(sold, 1)
				}
				if err := c.Shutdown(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		counts(t, first, 60_000)
	})
}

const childVariable = "SQLSTATE_TEST_CHILD"

// child counts one and shuts down, as a short program does.
func child(how string) {
	driver, rest, _ := strings.Cut(how, "|")
	schema, dsn, _ := strings.Cut(rest, "|")
	db, err := sql.Open(driver, dsn)
	if err != nil {
		panic(err)
	}
	dialect := map[string]sqlstate.Dialect{"pgx": sqlstate.PostgreSQL, "mysql": sqlstate.MySQL}[driver]
	state := sqlstate.New(db, dialect, schema, shop.Product())
	c, err := telemetry.Init(telemetry.Config{Catalog: shop, Endpoint: "https://stats.vendor.invalid", State: state, Consent: state})
	c.Add(sold, 1)
	if err = errors.Join(err, c.Shutdown(context.Background())); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// TestShortProcesses: ten processes that count one each and shut down, behind
// a slow link, are counted in full.
func TestShortProcesses(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		first := replica(t, d, d.DB, "https://stats.vendor.invalid")
		decide(t, first, consent.Granted)
		_, port := d.server.link(t, 5*time.Millisecond)
		driver, dsn := d.dsn(port)
		for range 10 {
			c := exec.Command(os.Args[0])
			c.Env = append(os.Environ(), childVariable+"="+driver+"|"+d.schema+"|"+dsn)
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		}
		counts(t, first, 10)
	})
}

// TestOutage: what is counted while the database is away is written when it is
// back, and Shutdown says when it could not be.
func TestOutage(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l, port := d.server.link(t, 0)
		first := replica(t, d, d.DB, "https://stats.vendor.invalid")
		decide(t, first, consent.Granted)
		c := replica(t, d, d.connect(t, port), "https://stats.vendor.invalid")
		lost := replica(t, d, d.connect(t, port), "https://stats.vendor.invalid")
		l.cut.Store(true)
		c.Add(sold, 5)
		lost.Add(sold, 100)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := lost.Shutdown(ctx); err == nil {
			t.Error("Shutdown could not write, and returned nil")
		}
		if err := c.Refresh(t.Context()); err == nil || c.Status().On { // what was decided is not known
			t.Errorf("got %v, %+v, want off", err, c.Status())
		}
		l.cut.Store(false)
		if err := c.Refresh(t.Context()); err != nil {
			t.Error(err)
		}
		c.Add(sold, 2)
		soon(t, "all is written", func() bool {
			p, err := first.Preview(t.Context(), false)
			return err == nil && p.Points[0].Value >= 5
		})
		if err := c.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		counts(t, first, 7)
	})
}

// TestSearchPath: a connection whose schema another user of the pool changed
// does not lead elsewhere.
func TestSearchPath(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.SetMaxOpenConns(1)
		elsewhere := d.schema + "_other"
		d.must(t, "CREATE SCHEMA "+elsewhere)
		if d.server.dialect == sqlstate.PostgreSQL {
			d.must(t, "SET search_path = "+elsewhere)
		} else {
			d.must(t, "USE "+elsewhere)
		}
		c := replica(t, d, d.DB, "https://stats.vendor.invalid")
		decide(t, c, consent.Granted)
		decide(t, c, consent.Denied)
		if c.Status().On || d.state(t).Valid {
			t.Errorf("got %+v, want a no that was carried out", c.Status())
		}
	})
}

// A counting Store counts statements: each call is one.
type counting struct {
	*sqlstate.Store
	asked, swapped atomic.Int64
}

func (c *counting) Load(ctx context.Context) ([]byte, int64, error) {
	c.asked.Add(1)
	return c.Store.Load(ctx)
}

func (c *counting) Swap(ctx context.Context, version int64, value []byte) error {
	c.swapped.Add(1)
	return c.Store.Swap(ctx, version, value)
}

func (c *counting) Consent(ctx context.Context) (consent.Record, error) {
	c.asked.Add(1)
	return c.Store.Consent(ctx)
}

// TestAtRest: a replica that counts nothing asks at most six questions a minute,
// and one that counts folds once in ten seconds, of the bubble's own clock.
func TestAtRest(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		synctest.Test(t, func(t *testing.T) {
			state := &counting{Store: d.storeOf(d.connect(t, d.server.port))}
			c, err := telemetry.Init(telemetry.Config{Catalog: shop, Endpoint: "https://stats.vendor.invalid", State: state, Consent: state})
			if err != nil {
				t.Fatal(err)
			}
			decide(t, c, consent.Granted)
			time.Sleep(time.Second)
			asked, swapped := state.asked.Load(), state.swapped.Load()
			time.Sleep(60 * time.Second)
			if got := state.asked.Load() - asked; got > 6 || state.swapped.Load() != swapped {
				t.Errorf("got %d questions and %d changes in a minute at rest, want at most 6 and 0", got, state.swapped.Load()-swapped)
			}
			swapped = state.swapped.Load()
			for range 200 {
				c.Add(sold, 1)
				time.Sleep(100 * time.Millisecond)
			}
			if got := state.swapped.Load() - swapped; got < 1 || got > 3 {
				t.Errorf("got %d folds in 20 seconds, want 2", got)
			}
			_ = c.Shutdown(t.Context())
		})
	})
}

// about and says are what the catalogs of the tests tell people.
var about = catalog.About{
	Recipient: "Shop Ltd", Purpose: "To understand which parts of the shop are used.",
	ReportDays: 30, FigureDays: 400, ErasureDays: 14, Contact: "privacy@shop.example", Policy: "https://shop.example/privacy",
}

func says(description string) catalog.Text {
	return catalog.Text{Title: "Things", Description: description, Question: "How many things are there?"}
}
