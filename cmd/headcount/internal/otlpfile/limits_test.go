package otlpfile

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// A piece longer than the limit is rejected without being held, and what is
// around it is kept.
func TestLimits(t *testing.T) {
	a := reportOf(someGUID, users("1"))
	n := len(a)
	spaced := strings.Replace(a, "{", "{ ", 1)
	fill := func(n int) string { return strings.Repeat("x", n) }
	torn := func(n int) string { return marker + fill(n-len(marker)) }
	const limit = 1000
	for _, test := range []struct {
		name, input, want string
		pending           int
	}{
		{"foreign, below", fill(999) + "\n" + a, "foreign@0+999 R1", 0},
		{"foreign, at", fill(1000) + "\n" + a, "foreign@0+1000 R1", 0},
		{"foreign, above", fill(1001) + "\n" + a, "foreign@0+1001 R1", 0},
		{"foreign, far above", fill(10_000_001) + "\n" + a, "foreign@0+10000001 R1", 0},
		{"torn, at", torn(1000) + a, "torn@0+1000 R1", 0},
		{"torn, above", torn(1001) + a, "torn@0+1001 R1", 0},
		{"torn, far above", torn(1_000_003) + a, "torn@0+1000003 R1", 0},
		{"torn, far above, in the middle", a + torn(1_000_003) + a, fmt.Sprintf("R1 torn@%d+1000003 R1", n), 0},
		{"two that are too long", fill(5000) + torn(5000) + "\n" + a, "foreign@0+5000 torn@5000+5000 R1", 0},
		{"above, at the end", a + "\n" + fill(1001), "R1", 1001},
		{"far above, at the end", a + "\n" + torn(100_000), "R1", 100_000},
		{"a report before", a + fill(5000) + "\n", fmt.Sprintf("R1 foreign@%d+5000", n), 0},
		{"a report for pdata before", spaced + fill(5000) + "\n" + a, fmt.Sprintf("R1 foreign@%d+5000 R1", n+1), 0},
		{"reports for pdata on a long line", strings.Repeat(spaced, 20) + "\n" + a, strings.Repeat("R1 ", 21), 0},
		{"NULs that are dropped", torn(50) + strings.Repeat("\x00", 100_000) + a, "torn@0+50 R1", 0},
		{"blanks", strings.Repeat(" ", 100_000) + a, "R1", 0},
		{"a report that is padded, at", strings.Replace(a, ",", ","+strings.Repeat(" ", limit-n), 1) + "\n", "R1", 0},
		{"a report that is padded, above", strings.Replace(a, ",", ","+strings.Repeat(" ", limit-n+1), 1) + "\n", "torn@0+1001", 0},
	} {
		for _, chunk := range []int{1, 64, 700, 5000} {
			s := load(t, "compreface")
			small := limits{piece: limit, kept: 10, first: min(chunk, 64), chunk: chunk}
			var f found
			r := newReader(t.Context(), strings.NewReader(test.input), s, f.handler(s), small)
			result, err := r.run()
			if err != nil {
				t.Fatal(err)
			}
			if got := short(f); got != strings.TrimSpace(test.want) {
				t.Errorf("%s, chunk %d: got %s, want %s", test.name, chunk, got, test.want)
			}
			if want := (Result{int64(len(test.input) - test.pending), int64(test.pending)}); result != want {
				t.Errorf("%s, chunk %d: got %+v, want %+v", test.name, chunk, result, want)
			}
			if len(r.buf) > limit+chunk {
				t.Errorf("%s, chunk %d: got a buffer of %d bytes, want at most %d", test.name, chunk, len(r.buf), limit+chunk)
			}
			for _, x := range f.rejected {
				if len(x.Bytes) != int(min(x.Length, 10)) || !bytes.Contains([]byte(test.input), x.Bytes) {
					t.Errorf("%s, chunk %d: kept %q of %d bytes", test.name, chunk, x.Bytes, x.Length)
				}
			}
		}
	}
}

// What is kept of a rejected piece is cut at the limit.
func TestKept(t *testing.T) {
	for _, n := range []int{MaxKept - 1, MaxKept, MaxKept + 1} {
		f, _ := read(t, strings.Repeat("x", n)+"\n", load(t, "compreface"))
		if x := f.rejected[0]; len(x.Bytes) != min(n, MaxKept) || x.Length != int64(n) {
			t.Errorf("%d bytes: got %d of %d, want %d", n, len(x.Bytes), x.Length, min(n, MaxKept))
		}
	}
}
