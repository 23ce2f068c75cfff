package telemetrytest_test

import (
	"context"
	"testing"

	"headcount.example/catalog/compreface"
	"headcount.example/telemetry"
	"headcount.example/telemetrytest"
)

// An App is the product.
type App struct {
	Stats       *telemetry.Client
	Collections []int64 // faces in each
}

func newApp(stats *telemetry.Client) *App {
	a := &App{Stats: stats}
	stats.Observe(compreface.Collections, func(context.Context) ([]int64, error) { return a.Collections, nil })
	return a
}

func (a *App) SignUp(string) { a.Stats.Add(compreface.UserCreated, 1) }

func (a *App) AddService(kind string) { a.Stats.Add(compreface.ServiceCreated.With(kind), 1) }

// A test of the product above.
func Example() {
	_ = func(t *testing.T) { // func TestSignUp(t *testing.T) {
		stats := telemetrytest.New(t, compreface.Catalog)
		app := newApp(stats.Client)
		app.SignUp("Ann")
		app.Collections = []int64{0, 7, 9}
		if got := stats.Total(compreface.UserCreated); got != 1 {
			t.Errorf("got %d users, want 1", got)
		}
		if got := stats.Observed(compreface.Collections); got["1-10"] != 2 {
			t.Errorf("got collections %v, want two with 1 to 10 faces", got)
		}
	}
}

// This is the test of the package's documentation.
func TestSignUp(t *testing.T) {
	stats := telemetrytest.New(t, compreface.Catalog)
	app := newApp(stats.Client)
	app.SignUp("Ann")
	app.AddService(compreface.Detection)
	app.Collections = []int64{0, 7, 9}
	if got := stats.Total(compreface.UserCreated); got != 1 {
		t.Errorf("got %d users, want 1", got)
	}
	if got := stats.Total(compreface.ServiceCreated.With(compreface.Detection)); got != 1 {
		t.Errorf("got %d services, want 1", got)
	}
	if got := stats.Observed(compreface.Collections); got["1-10"] != 2 {
		t.Errorf("got collections %v, want two with 1 to 10 faces", got)
	}
}
