// Package otlpfile reads the file that a Collector's file exporter wrote.
//
// The file is hostile ground. The exporter writes a report and then its
// newline, and repairs nothing: after a crash or a full disk a torn report
// and a whole one share a line, and NUL bytes may be in between. So this
// package splits bytes, not lines, keeps what is a report of the catalog, and
// hands over the rest as [Rejected], with its kind and its place.
//
// # Pieces
//
// A piece ends at a newline and before each {"resourceMetrics":, the marker
// that every report begins with. NUL bytes are left out, and counted in
// offsets. Blank space around a piece is nothing: spaces, tabs, CR, and a
// UTF-8 mark. A report that is followed by something else without a marker is
// kept, and what follows is a piece of its own. What is not a JSON object
// with a report in OTLP/JSON is [answer.Torn] if it begins with the marker,
// and [answer.Foreign] if not.
//
// # Reports
//
// Each resource of a piece is a report of its own. It is taken whole or
// refused whole. The first of these faults is the kind of its rejection:
//
//  1. [answer.BadGUID]: not exactly one resource attribute install_guid, a
//     string, a UUID of version 4 in lower case.
//  2. [answer.UnwantedExtras]: another resource attribute.
//  3. Metric by metric, in their order. [answer.UnknownMetric]: the name is
//     not in the schema. [answer.WrongKind]: not a monotonic cumulative sum
//     of a counter, or not a gauge of a range gauge. Then point by point.
//     [answer.UnknownLabel]: the labels are not the declared ones with a
//     declared value each. [answer.AbsurdValue]: not an integer, below 0,
//     above the schema's largest, or with a flag (the point has no value).
//  4. [answer.NoPoints]: no point at all.
//  5. [answer.WrongDay]: the day of the newest point is missing, before
//     [day.First] or after [day.Last].
//
// A value that is not a number of 64 bits counts as below 0, and such a time
// as after [day.Last].
//
// A series that comes twice has the larger value of a counter and the later
// value of a range. Units, descriptions, metadata, start times, exemplars,
// scopes, schema URLs, entity references and fields that OTLP does not know
// are ignored: the shipped Collector removes them.
//
// A report with the metric [schema.Erasure], of any type and value, asks to
// erase. Only fault 1 refuses it, for a no needs less trust than a yes. Its
// day is [day.None] where a report would be refused with WrongDay.
//
// An open schema learns metrics, labels and values as they come: a sum is a
// counter, a gauge with one label is a range gauge, any other gauge or type is
// WrongKind. Names and label keys have the form of OpenTelemetry's instrument
// names; a value is at most 255 bytes of UTF-8 without control characters,
// and without a comma where there are several labels. What would make more
// than [schema.MaxSeries] series is UnknownMetric or UnknownLabel. A refused
// report teaches nothing.
//
// # Two parsers
//
// A scanner takes reports in exactly the form that the Collector writes, and
// nothing else. OpenTelemetry's own unmarshaler judges every piece that the
// scanner does not take. A fuzz test holds that both give the same report.
package otlpfile
