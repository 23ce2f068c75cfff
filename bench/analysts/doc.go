// Package analysts holds the test of the SQL in docs/analysts.md: DuckDB
// reads the archive without any code of ours, and must come to the same
// figures as headcount. It is in the module of the benchmarks because DuckDB
// needs cgo, which the vendor's command does without.
package analysts
