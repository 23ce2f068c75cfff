//go:build !race

package ledger

const instrumented = false
