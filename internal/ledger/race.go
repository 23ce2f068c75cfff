//go:build race

package ledger

// With the race detector an atomic addition is a call, in which a goroutine
// can be stopped. What rests on the contrary is left out (see Hold).
const instrumented = true
