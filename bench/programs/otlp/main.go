// Command otlp is the product plain with OpenTelemetry alone: what any
// program pays that sends OTLP.
package main

import (
	"context"
	"log"
	"net/http"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/sdk/metric"
)

func main() {
	exporter, err := otlpmetrichttp.New(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	provider := metric.NewMeterProvider(metric.WithReader(metric.NewPeriodicReader(exporter)))
	defer provider.Shutdown(context.Background())
	created, err := provider.Meter("faces").Int64Counter("user.created")
	if err != nil {
		log.Print(err)
	}
	http.HandleFunc("/", func(_ http.ResponseWriter, r *http.Request) { created.Add(r.Context(), 1) })
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", nil))
}
