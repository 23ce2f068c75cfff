package ledger

// Coded numbers: n*multiplier+offset. The multiplier is the largest prime
// below 2^24, so that a single flipped bit (a difference of a power of two)
// never leads to another code, and the offset is no multiple of it, so that
// zero is not a code. 2^64/multiplier leaves room for a little more than
// Max.
const (
	multiplier = 16_777_213
	offset     = 0x5A5A5A

	// Max is the largest total. It is far above anything that is counted one
	// by one, and what the Collector's allow-list accepts.
	Max = 1_000_000_000_000

	maxCode = Max*multiplier + offset
)

func encode(n uint64) uint64 { return n*multiplier + offset }

// decode returns the number of a code; false when the word is no code.
func decode(w uint64) (uint64, bool) {
	if w < offset || w > maxCode || (w-offset)%multiplier != 0 {
		return 0, false
	}
	return (w - offset) / multiplier, true
}
