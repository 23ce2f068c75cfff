// Package collector holds the tests of the vendor's side: a real OpenTelemetry
// Collector with the shipped configuration, sent what installations send and
// what no one should.
//
// The Collector itself is otelcol/, made by the Collector project's builder
// from builder-config.yaml and kept in the repository, so that go build alone
// gives the same program:
//
//	GOWORK=off CGO_ENABLED=0 go build -C otelcol -trimpath -buildvcs=false -o headcount-collector .
//	otelcol/headcount-collector --config ../collector-config.yaml
//
// It has the components that the configuration names and no others, and is a
// module of its own: it shares no dependency with the library or these tests,
// so a change in them cannot change what the vendor runs. The stock contrib
// image of the same version does the same with the same file.
//
// The first build takes some minutes on two cores, a rebuild a second.
package collector

//go:generate go run go.opentelemetry.io/collector/cmd/builder@v0.161.0 --config builder-config.yaml --skip-compilation
//go:generate gofmt -w otelcol
