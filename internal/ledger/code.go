package ledger

// Coded numbers: n*multiplier+offset. A flipped bit changes a word by a power
// of two, so what matters about the multiplier is how many powers of two must
// be added or subtracted to make a multiple of it. For this prime it takes
// six, of the 64 there are (the largest prime below 2^24 takes three: 2^24 is
// 3 more than it): up to five flipped bits never lead to another code. The
// offset is no multiple of it, so zero is not a code, and 2^64/multiplier
// leaves room for a little more than Max, so all ones are not one either.
const (
	multiplier = 16_776_857
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
