package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What goes wrong in the vendor's command is seen: the demo fails, and says
// what does not hold. Each fault is a line of a shell script that runs the real
// command.
func TestFaultsAreSeen(t *testing.T) {
	for name, test := range map[string]struct{ fault, want string }{
		"no fault":            {``, ""},
		"nothing is erased":   {`[ "$1" != erase ] || exit 0`, "keeps 0 receipts"},
		"files are not given": {`[ "$1" != erase ] || set -- erase --archive archive history`, "the receipt does not say"},
		"a copy is left":      {`[ "$1" != erase ] || cp collected/*.jsonl collected/copy`, "the identifier is still in"},
		"the answers change": {`[ "$1" != report ] || [ ! -d archive/receipts ] || { "$real" "$@" | sed 's/"ever": 200$/"ever": 199/'; exit; }`,
			"after the erasure: installations ever: got 199, want 200"},
	} {
		t.Run(name, func(t *testing.T) {
			listen := freeAddress(t)
			c, work, _ := start(t, t.Context(), listen)
			dir, err := built()
			if err != nil {
				t.Fatal(err)
			}
			script := filepath.Join(t.TempDir(), "headcount")
			text := fmt.Sprintf("#!/bin/sh\nreal='%s'\n%s\nexec \"$real\" \"$@\"\n", filepath.Join(dir, "headcount"), test.fault)
			if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
				t.Fatal(err)
			}
			c.Args = append(c.Args, "-headcount", script)
			out, err := c.CombinedOutput()
			if code := c.ProcessState.ExitCode(); (code != 0) != (test.want != "") || code > 1 || !strings.Contains(string(out), test.want) {
				t.Errorf("exit code %d, %v; want it to say %q\n%s", code, err, test.want, out)
			}
			clean(t, work, listen)
		})
	}
}
