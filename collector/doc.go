// Package collector holds the tests of the vendor's side: a real OpenTelemetry
// Collector with the shipped configuration, sent what installations send and
// what nobody should.
//
// The Collector itself is cmd/headcount-collector, made by the Collector
// project's builder from builder-config.yaml and kept in the repository, so
// that go build alone gives the same program:
//
//	go build -trimpath -o headcount-collector ./cmd/headcount-collector
//	headcount-collector --config ../collector-config.yaml
//
// It has the components that the configuration names and no others. The stock
// contrib image of the same version does the same with the same file.
//
// The first build takes some minutes on two cores, a rebuild a second.
package collector

//go:generate go run go.opentelemetry.io/collector/cmd/builder@v0.161.0 --config builder-config.yaml --skip-get-modules --skip-compilation
//go:generate gofmt -w cmd/headcount-collector
