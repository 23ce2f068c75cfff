//go:build race

package ledger

// The race detector reads a word before it is added to, where Go cannot recover
// from a fault.
const instrumented = true
