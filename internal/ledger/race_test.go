//go:build race

package ledger

func init() { raceDetector = true }
