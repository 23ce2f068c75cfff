package archive

import (
	"encoding/json"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"headcount.example/cmd/headcount/internal/day"
)

func i32(n int) day.Day { return day.Day(n) }

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

// maxRSS is the most memory that a job took in a process of its own.
func maxRSS(t *testing.T, j job) int64 {
	t.Helper()
	text, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), jobVariable+"="+string(text))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	return cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
}
