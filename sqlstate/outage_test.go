package sqlstate

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"headcount.example/bucketing"
	"headcount.example/catalog"
	"headcount.example/consent"
	"headcount.example/telemetry"
)

type always struct{}

func (always) Consent(context.Context) (consent.Record, error) {
	r := yes
	r.Time = time.Now().Add(-time.Hour)
	return r, nil
}

// TestOutage stops the server, and starts it again: at Init, while counting,
// and while sending.
func TestOutage(t *testing.T) {
	var own server
	t.Cleanup(own.stop)
	d := own.database(t)
	s := d.store()
	if err := s.CreateSchema(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := receive(t)
	config := telemetry.Config{Catalog: shop, Endpoint: r.URL, State: s, Consent: always{}}
	before, err := telemetry.Init(config)
	if err != nil {
		t.Fatal(err)
	}
	defer before.Shutdown(t.Context())
	before.Add(sold, 5)

	own.halt()
	began := time.Now()
	late, err := telemetry.Init(config)
	if took := time.Since(began); err == nil || took > 6*patience || late.Status().On {
		t.Errorf("Init without a database: %v, after %v", err, took)
	}
	defer late.Shutdown(t.Context())
	began = time.Now()
	for range 100_000 {
		before.Add(sold, 1)
	}
	if took := time.Since(began); took > patience { // which is what each would wait
		t.Errorf("100,000 additions took %v", took)
	}
	if err := before.Flush(t.Context()); err == nil || len(r.all()) != 0 {
		t.Errorf("sent: %v", err)
	}
	if _, err := s.Consent(t.Context()); err == nil {
		t.Error("nobody answers, and it is no error")
	}
	if !before.Status().On {
		t.Error("a database that is away for a minute ends counting")
	}

	if err := own.start(); err != nil {
		t.Fatal(err)
	}
	before.Add(start, 1)
	if err := before.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := late.Refresh(t.Context()); err != nil || !late.Status().On {
		t.Fatal(err)
	}
	late.Add(sold, 1)
	if err := late.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if last := r.all(); len(last) != 2 || last[1][1] != "shop.thing.sold0 100006" {
		t.Errorf("%q", last)
	}
}

// TestOutageUndecided has what was decided in the database that is away, too.
// Who asks then is told that nobody knows, and nothing is counted until
// somebody does; what was counted before is kept, and written.
func TestOutageUndecided(t *testing.T) {
	var own server
	t.Cleanup(own.stop)
	d := own.database(t)
	s := d.store()
	if err := errors.Join(s.CreateSchema(t.Context()), s.Save(t.Context(), yes)); err != nil {
		t.Fatal(err)
	}
	r := receive(t)
	c, err := telemetry.Init(telemetry.Config{Catalog: shop, Endpoint: r.URL, State: s, Consent: s})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Shutdown(t.Context())
	c.Add(sold, 1000)
	own.halt()
	if err := c.Refresh(t.Context()); err == nil || c.Status().On {
		t.Fatalf("%v, %+v", err, c.Status())
	}
	c.Add(sold, 500)                     // counts nothing
	time.Sleep(patience + 2*time.Second) // what is written at last has failed once
	if err := own.start(); err != nil {
		t.Fatal(err)
	}
	soon(t, "what was counted is written", func() bool {
		var n int64
		return d.QueryRow("SELECT total FROM headcount_total WHERE series = $1", sold.String()).Scan(&n) == nil && n == 1000
	})
	if err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.Add(sold, 7)
	if err := c.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if last := r.all(); len(last) != 1 || last[0][1] != "shop.thing.sold0 1007" {
		t.Errorf("%q", last)
	}
}

// TestNoDuringAnOutage: what waits to be written is forgotten at a no, and not
// written when the database is back.
func TestNoDuringAnOutage(t *testing.T) {
	t.Parallel()
	var own server
	t.Cleanup(own.stop)
	d := own.database(t)
	s := d.store()
	if err := s.CreateSchema(t.Context()); err != nil {
		t.Fatal(err)
	}
	said := &elsewhere{record: yes}
	c, err := telemetry.Init(telemetry.Config{Catalog: shop, Endpoint: "http://127.0.0.1:9", State: s, Consent: said})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Shutdown(t.Context())
	c.Add(sold, 1000)
	own.halt()
	said.says(consent.Record{}, errors.New("away as well"))
	if err := c.Refresh(t.Context()); err == nil {
		t.Fatal("nobody answers, and it is no error")
	}
	said.says(consent.Record{Decision: consent.Denied, Notice: 1}, nil)
	if err := c.Refresh(t.Context()); err == nil || c.Status().On {
		t.Fatalf("%v, %+v", err, c.Status())
	}
	if err := own.start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(15 * time.Second) // longer than from one try to the next
	if n := d.number(t, "SELECT coalesce(max(total), 0) FROM headcount_total"); n != 0 {
		t.Errorf("%d are written after a no", n)
	}
	if err := c.Refresh(t.Context()); err != nil || d.rows(t) != 0 {
		t.Errorf("%v, %d rows", err, d.rows(t))
	}
}

// elsewhere is a place for decisions that is not the database.
type elsewhere struct {
	mu     sync.Mutex
	record consent.Record
	err    error
}

func (e *elsewhere) says(r consent.Record, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.record, e.err = r, err
}

func (e *elsewhere) Consent(context.Context) (consent.Record, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	r := e.record
	if r.Time.IsZero() && r.Decision != consent.Undecided {
		r.Time = time.Now()
	}
	return r, e.err
}

// TestWrittenWhileSending: what is counted is written every ten seconds also
// while the application takes its time to answer for a report.
func TestWrittenWhileSending(t *testing.T) {
	d := sqlite(t)
	s := d.store()
	if err := errors.Join(s.CreateSchema(t.Context()), s.Save(t.Context(), yes)); err != nil {
		t.Fatal(err)
	}
	carts := catalog.NewSizes("shop.cart.count", "{cart}", "Carts by their number of things.", "shop.cart.range", bucketing.Faces)
	shelves := catalog.NewSizes("shop.shelf.count", "{shelf}", "Shelves by their number of things.", "shop.shelf.range", bucketing.Faces)
	r := receive(t)
	c, err := telemetry.Init(telemetry.Config{Catalog: catalog.New("Shop", 1, sold, carts, shelves), Endpoint: r.URL, State: s, Consent: s})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Shutdown(t.Context())
	asked, free := make(chan struct{}, 2), make(chan struct{})
	defer close(free)
	for _, sizes := range []catalog.Sizes{carts, shelves} {
		c.Observe(sizes, func(context.Context) ([]int64, error) {
			asked <- struct{}{}
			<-free
			return nil, nil
		})
	}
	d.must(t, "UPDATE headcount_installation SET settled = settled - 1, due = 1") // a report is due
	<-asked
	c.Add(sold, 3)
	soon(t, "what was counted is written", func() bool {
		return d.number(t, "SELECT total FROM headcount_total WHERE series = 'shop.thing.sold'") == 3
	})
	if last := r.all(); len(last) > 0 {
		t.Errorf("but only after the report: %q", last)
	}
}

// TestStuck has a table that somebody keeps locked: everything ends in time,
// and counting does not wait.
func TestStuck(t *testing.T) {
	d := postgres(t)
	s := d.store()
	if err := s.CreateSchema(t.Context()); err != nil {
		t.Fatal(err)
	}
	l := opened(t, s)
	add(t, l, 0, 5)
	tx, err := d.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("LOCK TABLE headcount_installation, headcount_schema, headcount_pending"); err != nil {
		t.Fatal(err)
	}
	done := make(chan string)
	for name, call := range map[string]func() error{
		"Sync":    func() error { return l.Sync(context.Background()) },
		"Destroy": func() error { return d.store().Destroy(context.Background(), nil) },
		"Save":    func() error { return s.Save(context.Background(), yes) },
		"Sender":  func() error { _, err := l.Sender(context.Background()); return err },
		"AddTx": func() error {
			return event(context.Background(), &database{DB: d.DB, dialect: d.dialect}, s, sold, 1, true)
		},
	} {
		go func() {
			began := time.Now()
			err := call()
			if took := time.Since(began); took > 6*patience || err == nil {
				t.Errorf("%s: %v after %v", name, err, took)
			}
			done <- name
		}()
	}
	began := time.Now()
	add(t, l, 0, 1)
	if took := time.Since(began); took > patience {
		t.Errorf("Add took %v", took)
	}
	for range 5 {
		<-done
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	fold(t, l)
	equal(t, l, 6, 0)
}

// TestKilledWhileFolding ends connections in the middle of folds: whatever
// became of each, nothing is counted twice or lost.
func TestKilledWhileFolding(t *testing.T) {
	d := postgres(t)
	s := d.store()
	if err := s.CreateSchema(t.Context()); err != nil {
		t.Fatal(err)
	}
	l := opened(t, s)
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-stop:
				return
			case <-time.After(3 * time.Millisecond):
				_, _ = d.Exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%headcount\\_%' AND pid <> pg_backend_pid() AND usename = 'headcount'" +
					" AND backend_type = 'client backend' AND query NOT LIKE '%pg_terminate%' AND query LIKE '%'")
			}
		}
	}()
	var counted, failed uint64
	for range 600 {
		add(t, l, 0, 1)
		counted++
		if l.Sync(t.Context()) != nil {
			failed++
		}
	}
	close(stop)
	<-ended
	for range 100 {
		if l.Sync(t.Context()) == nil {
			break
		}
	}
	t.Logf("%d folds, %d ended in the middle", counted, failed)
	equal(t, l, counted, 0)
}
