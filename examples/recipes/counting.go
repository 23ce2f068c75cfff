package recipes

import (
	"context"
	"log"
	"net/http"
	"time"

	"headcount.example/catalog/compreface"
	"headcount.example/telemetry"
)

// CreateUser counts in a handler, after the work has succeeded.
func CreateUser(stats *telemetry.Client, create func(*http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := create(r); err != nil {
			http.Error(w, "the user was not created", http.StatusInternalServerError)
			return
		}
		stats.Add(compreface.UserCreated, 1)
		w.WriteHeader(http.StatusCreated)
	}
}

// CommandLine is a program that lives for a second. Totals are in the
// directory, so it need not live until a report is due: another run sends it.
func CommandLine(ctx context.Context, config telemetry.Config, work func() error) error {
	stats, err := telemetry.Init(config)
	defer func() {
		ctx, cancel := context.WithTimeout(ctx, time.Second) // how long the exit may wait
		defer cancel()
		if err := stats.Shutdown(ctx); err != nil {
			log.Print(err)
		}
	}()
	if err != nil {
		log.Print(err)
	}
	if err := work(); err != nil {
		return err
	}
	stats.Add(compreface.ApplicationCreated, 1)
	return nil
}

// Worker counts a batch with one call, after the batch was committed.
func Worker(ctx context.Context, stats *telemetry.Client, batches <-chan int64) {
	for {
		select {
		case <-ctx.Done():
			return
		case n, more := <-batches:
			if !more {
				return
			}
			stats.Add(compreface.ServiceCreated.With(compreface.Recognition), n)
		}
	}
}
