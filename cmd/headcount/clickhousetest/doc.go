// Package clickhousetest has the tests with ClickHouse's real engine and the
// real Collector. It is a module of its own, so that the command does not
// depend on either.
//
// The engine is libchdb, from npm (package.json). It has no server: front/ is
// one, for HTTP. What the engine does not have cannot be tested here: users
// and rights, TLS, the native protocol, replication.
package clickhousetest

//go:generate sh -c "cd ../../../deploy/clickhouse && go run go.opentelemetry.io/collector/cmd/builder@v0.161.0 --config builder-config.yaml --skip-compilation && gofmt -w otelcol"
