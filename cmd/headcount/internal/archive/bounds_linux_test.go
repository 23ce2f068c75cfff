package archive

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// ioOf is how many reads this process has made.
func ioOf(t *testing.T) int {
	t.Helper()
	data, err := os.ReadFile("/proc/self/io")
	if err != nil {
		t.Skip("the kernel counts no reads: ", err)
	}
	for _, l := range strings.Split(string(data), "\n") {
		if text, ok := strings.CutPrefix(l, "syscr: "); ok {
			n, err := strconv.Atoi(text)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Skip("the kernel counts no reads")
	return 0
}

// maxRSS is the most memory that a job took in a process of its own, as the
// process itself says: what its parent is told counts the parent too.
func maxRSS(t *testing.T, j job) int64 {
	t.Helper()
	j.Memory = true
	_, out := j.start(t)
	_, text, ok := strings.Cut(out, "VmHWM:")
	if !ok {
		t.Fatalf("got %q, want the memory", out)
	}
	kB, err := strconv.ParseInt(strings.Fields(text)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kB << 10
}
