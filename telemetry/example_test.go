package telemetry_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/telemetry"
)

// The ten lines of the package documentation.
func Example() {
	facesPerCollection := func(context.Context) ([]int64, error) { return []int64{12, 340}, nil }

	stats, err := telemetry.Init(telemetry.Config{
		Catalog:  compreface.Catalog,
		Endpoint: "https://stats.vendor.example",
		Dir:      "/var/lib/faces/telemetry",
		Consent:  consent.NewFile("/var/lib/faces/telemetry"),
	})
	defer stats.Shutdown(context.Background()) // safe before err is looked at
	if err != nil {
		log.Print(err) // stats is usable all the same, and off
	}
	stats.Observe(compreface.Collections, facesPerCollection)
	stats.Add(compreface.UserCreated, 1)
	stats.Add(compreface.ServiceCreated.With(compreface.Detection), 1)
	fmt.Println(stats.Status().On, stats.Status().Reason)
	// Output: false not decided yet
}

// When a person decides, Decide records it and acts on it.
func ExampleClient_Decide() {
	dir, err := os.MkdirTemp("", "telemetry")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	dir = filepath.Join(dir, "faces")
	ctx := context.Background()
	decisions := consent.NewFile(dir)
	stats, _ := telemetry.Init(telemetry.Config{Catalog: compreface.Catalog, Endpoint: "https://stats.vendor.example", Dir: dir, Consent: decisions})
	defer stats.Shutdown(ctx)

	for _, answer := range []consent.Decision{consent.Granted, consent.Denied} {
		if err := stats.Decide(ctx, consent.Record{Decision: answer, Notice: 1, Where: "settings"}); err != nil {
			log.Fatal(err)
		}
		fmt.Println(answer, stats.Status().On, stats.Status().InstallGUID != "")
	}
	// Output:
	// granted true true
	// denied false false
}

// What would be sent can be shown before there is a decision. Nothing is made
// or asked for: the identifier is a row of zeros.
func ExampleClient_Preview() {
	stats, _ := telemetry.Init(telemetry.Config{Catalog: compreface.Catalog, Endpoint: "https://stats.vendor.example", Dir: "/var/lib/faces/telemetry"})
	report, err := stats.Preview(context.Background(), false)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("install_guid", report.InstallGUID)
	for _, point := range report.Points {
		fmt.Println(point)
	}
	// Output:
	// install_guid 00000000-0000-4000-8000-000000000000
	// compreface.user.created 0
	// compreface.application.created 0
	// compreface.service.created{compreface.service.type=FACE_DETECTION} 0
	// compreface.service.created{compreface.service.type=FACE_RECOGNITION} 0
	// compreface.service.created{compreface.service.type=FACE_VERIFICATION} 0
}

// A program that ends soon sends before it ends. The journal shows what was
// sent.
func ExampleClient_Flush() {
	dir, err := os.MkdirTemp("", "telemetry")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	stats, _ := telemetry.Init(telemetry.Config{Catalog: compreface.Catalog, Endpoint: "https://stats.vendor.example", Dir: filepath.Join(dir, "faces")})
	defer stats.Shutdown(ctx)

	err = stats.Flush(ctx)
	fmt.Println("sent:", err == nil) // without a yes nothing is, and err says so
	entries, err := stats.Journal()
	fmt.Println(len(entries), err)
	// Output:
	// sent: false
	// 0 <nil>
}

// An operator's own monitoring can read the same numbers.
func ExampleClient_Producer() {
	dir, err := os.MkdirTemp("", "telemetry")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	stats, _ := telemetry.Init(telemetry.Config{Catalog: compreface.Catalog, Endpoint: "https://stats.vendor.example", Dir: filepath.Join(dir, "faces"), CountLocally: true})
	defer stats.Shutdown(ctx)
	stats.Add(compreface.UserCreated, 3)

	reader := metric.NewManualReader(metric.WithProducer(stats.Producer()))
	_ = metric.NewMeterProvider(metric.WithReader(reader)) // the operator has one
	var read metricdata.ResourceMetrics
	if err := reader.Collect(ctx, &read); err != nil {
		log.Fatal(err)
	}
	first := read.ScopeMetrics[0].Metrics[0]
	fmt.Println(first.Name, first.Data.(metricdata.Sum[int64]).DataPoints[0].Value)
	// Output: compreface.user.created 3
}

// A decision that something else recorded, such as a form's handler or another
// process, counts at once after Refresh.
func ExampleClient_Refresh() {
	dir, err := os.MkdirTemp("", "telemetry")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	dir = filepath.Join(dir, "faces")
	ctx := context.Background()
	decisions := consent.NewFile(dir)
	stats, _ := telemetry.Init(telemetry.Config{Catalog: compreface.Catalog, Endpoint: "https://stats.vendor.example", Dir: dir, Consent: decisions})
	defer stats.Shutdown(ctx)

	if err := decisions.Save(ctx, consent.Record{Decision: consent.Granted, Notice: 1, Where: "sign-up"}); err != nil {
		log.Fatal(err)
	}
	if err := stats.Refresh(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println(stats.Status().On)
	// Output: true
}

// An identifier that no report was sent under cannot be erased.
func ExampleClient_EraseEarlier() {
	dir, err := os.MkdirTemp("", "telemetry")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	stats, _ := telemetry.Init(telemetry.Config{Catalog: compreface.Catalog, Endpoint: "https://stats.vendor.example", Dir: filepath.Join(dir, "faces")})
	defer stats.Shutdown(ctx)

	err = stats.EraseEarlier(ctx, "0b0cd3a5-35c7-4b40-9b63-6b3d2cf0a1de")
	fmt.Println("asked:", err == nil)
	// Output: asked: false
}
