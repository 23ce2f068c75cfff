// Package oracle computes the answers once more, from the Collector's files
// alone, for tests. It keeps every report in memory and counts with nested
// loops, as a reader of the definitions would do by hand. It shares no code
// with the packages that it checks: what both get wrong, they get wrong
// independently.
//
// It is slow and not for use: 10,000 installations are its limit in practice.
package oracle
