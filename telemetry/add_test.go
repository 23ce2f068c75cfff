package telemetry

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"headcount.example/catalog"
	"headcount.example/catalog/affiliate"
	"headcount.example/catalog/compreface"
)

func TestAddConcurrently(t *testing.T) {
	s := addClient(t)
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			for range 1000 {
				s.Add(compreface.UserCreated, 1)
				s.Add(compreface.ServiceCreated.With(compreface.Verification), 2)
				s.Add(compreface.ServiceCreated.With("unknown"), 1)
				s.Add(compreface.ServiceCreated, 1)
				s.Add(affiliate.Actions.With("PROGRAM_CREATE"), 1)
				s.Add(compreface.ApplicationCreated, -1)
			}
		})
	}
	all.Wait()
	p, err := s.Preview(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{userCreated + "64000", "compreface.application.created 0",
		"compreface.service.created{compreface.service.type=FACE_VERIFICATION} 128000",
		"compreface.service.created{compreface.service.type=FACE_DETECTION} 0"} {
		want(t, rowsOf(p), row)
	}
	if strings.Contains(p.String(), "affiliate") {
		t.Errorf("a counter of another catalog is in %s", p)
	}
}

func TestAddStopsAtTheLimit(t *testing.T) {
	s := addClient(t)
	s.Add(compreface.UserCreated, 1_000_000_000_000)
	s.Add(compreface.UserCreated, 1)
	s.Add(compreface.ApplicationCreated, 1<<63-1)
	p, err := s.Preview(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	want(t, rowsOf(p), userCreated+"1000000000000")
	want(t, rowsOf(p), "compreface.application.created 0")
}

// A counter of two catalogs knows its place in the later one. The client of the
// other one finds it all the same.
func TestAddCounterOfTwoCatalogs(t *testing.T) {
	bought := catalog.NewCounter("shop.thing.bought", "{thing}", says("A thing was bought."))
	sold := catalog.NewCounter("shop.thing.sold", "{thing}", says("A thing was sold."))
	first, second := catalog.New("Shop", 1, about, bought, sold), catalog.New("Shop", 2, about, sold)
	if err := errors.Join(first.Err(), second.Err()); err != nil {
		t.Fatal(err)
	}
	r := newLocal(newCallbacks(first.Metrics(), &logger{}), time.Now())
	c := &Client{}
	c.live.Store(r)
	c.Add(sold, 7)
	report, err := r.collect(t.Context(), time.Now(), false)
	if err != nil || report.Values[0][0] != 0 || report.Values[1][0] != 7 {
		t.Errorf("got %v, %v, want 0 bought and 7 sold", report.Values, err)
	}
}
