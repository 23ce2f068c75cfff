package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What goes wrong in the vendor's command or in the product is seen: the demo
// fails, and says what does not hold. Each fault is a line of a shell script that
// runs the real program.
func TestFaultsAreSeen(t *testing.T) {
	for name, test := range map[string]struct{ program, fault, want string }{
		"no fault":            {"headcount", ``, ""},
		"nothing is erased":   {"headcount", `[ "$1" != erase ] || exit 0`, "keeps 0 receipts"},
		"files are not given": {"headcount", `[ "$1" != erase ] || set -- erase --archive archive history`, "the receipt does not say"},
		"a copy is left":      {"headcount", `[ "$1" != erase ] || cp collected/*.jsonl collected/copy`, "the identifier is still in"},
		"the answers change": {"headcount", `[ "$1" != report ] || [ ! -d archive/receipts ] || { "$real" "$@" | sed 's/"ever": 200$/"ever": 199/'; exit; }`,
			"after the erasure: installations ever: got 199, want 200"},
		"the product keeps its identifier": {"quickstart", `case "$*" in *-erase) cp -r "$4" "$4.kept" && "$real" "$@" && mv "$4.kept" "$4/kept"; exit ;; esac`,
			"the installation still holds its identifier in "},
	} {
		t.Run(name, func(t *testing.T) {
			listen := freeAddress(t)
			c, work, _ := start(t, t.Context(), listen)
			dir, err := built()
			if err != nil {
				t.Fatal(err)
			}
			script := filepath.Join(t.TempDir(), test.program)
			text := fmt.Sprintf("#!/bin/sh\nreal='%s'\n%s\nexec \"$real\" \"$@\"\n", filepath.Join(dir, test.program), test.fault)
			if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
				t.Fatal(err)
			}
			c.Args = append(c.Args, "-"+test.program, script)
			out, err := c.CombinedOutput()
			if code := c.ProcessState.ExitCode(); (code != 0) != (test.want != "") || code > 1 || !strings.Contains(string(out), test.want) {
				t.Errorf("exit code %d, %v; want it to say %q\n%s", code, err, test.want, out)
			}
			clean(t, work, listen)
		})
	}
}
