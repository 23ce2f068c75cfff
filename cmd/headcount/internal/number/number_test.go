package number

import (
	"math"
	"testing"
)

func TestGrouped(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 7: "7", 999: "999", 1000: "1,000", 8762: "8,762", 123456: "123,456", 1234567: "1,234,567",
		-7: "-7", -999: "-999", -1000: "-1,000", -123456: "-123,456",
		math.MaxInt64: "9,223,372,036,854,775,807", math.MinInt64: "-9,223,372,036,854,775,808",
	} {
		if got := Grouped(n); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}

func TestDigits(t *testing.T) {
	for text, want := range map[string]string{"": "", "-": "-", "1": "1", "1000000000000000000000": "1,000,000,000,000,000,000,000"} {
		if got := Digits(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
