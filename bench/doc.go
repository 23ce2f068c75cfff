// Command bench measures what the library costs an application, beside what
// the same job costs with other libraries:
//
//	make bench
//
// Every figure of a run comes from one process. The contenders take turns:
// each round measures every contender once, for a moment, in a new order, so
// that whatever else the machine does meets all of them. What is reported is
// the median over the rounds and, between two contenders, the median of the
// ratios of each round.
//
// The figures go to record.json, and from there into docs/performance.md and
// docs/performance.svg. With -json they are printed instead of the tables.
// With -render nothing is measured: the documents are rendered anew from the
// record. Nothing leaves the machine; what sends, sends to a server of this
// process.
//
// The vendor's command is measured by itself, beside DuckDB:
//
//	make bench-answers
//
// There each figure is that of a whole process. They go to answers.json, and
// from there into docs/performance.md.
package main
