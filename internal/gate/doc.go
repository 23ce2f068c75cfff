// Package gate is the one way out. Whatever leaves an installation leaves
// through [Request.Send], which writes the bytes that [Request.Bytes] returns.
//
// A report is built by hand from the catalog and the totals, and OpenTelemetry's
// own OTLP/HTTP exporter makes the body of the request. There is no
// MeterProvider, so nothing ambient can join: no resource of the host, no
// exemplars with trace ids, no instruments of third parties.
//
// # What is sent
//
// One POST with these headers and no other: Host, User-Agent (a constant),
// Content-Length, Content-Type, Content-Encoding, Connection. Its body is one
// OTLP request: install_guid as the only resource attribute, a constant scope
// name, and the catalog's metrics.
//
// # What is never sent
//
// The exporter reads OTEL_* variables meant for the operator's own telemetry:
// another endpoint, API keys, certificates. It has no connection: the body is
// all that is taken from it, and the request line and the headers are written
// here. HTTPS_PROXY and its like are not read either. A connection carries one
// request, so no redirect is followed, and no cookie kept. Of the caller's context
// only its end is used.
//
// # Through a proxy
//
// [Gate.Through] names the one proxy that is used. It gets one request of two
// lines, CONNECT and Host, both with the receiver's name and port, and
// Proxy-Authorization where its URL holds credentials. The report is inside
// TLS that ends at the receiver, so without TLS there is no proxy. The
// receiver's name is looked up by the proxy alone.
package gate
