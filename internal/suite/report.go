package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// needsRoot is how the text of a skip begins if root does not skip.
const needsRoot = "needs root: "

// An event is what go test -json says: go doc test2json.
type event struct {
	Action, Package, Test, Output string
}

// A report prints packages as they end.
type report struct {
	out      io.Writer
	strict   bool // a skip is a failure, but for those that need root
	root     bool // they need nothing that is not there
	running  map[string][]event
	ended    map[string]string // by package and test: pass, fail or skip
	needRoot []rootTest
	faults   []string
}

func newReport(out io.Writer) *report {
	return &report{out: out, running: map[string][]event{}, ended: map[string]string{}}
}

// read prints what is said until the end of from. What was begun and did not
// end is an error, and so is a skip that may not be.
func (r *report) read(from io.Reader) error {
	for d := json.NewDecoder(from); ; {
		var e event
		if err := d.Decode(&e); err == io.EOF {
			break
		} else if err != nil {
			return fmt.Errorf("go test said what is not JSON: %w", err)
		}
		r.hear(e)
	}
	for name := range r.running {
		r.faults = append(r.faults, name+" did not end")
	}
	if len(r.faults) > 0 {
		return fmt.Errorf("%s", strings.Join(r.faults, "\n"))
	}
	return nil
}

func (r *report) hear(e event) {
	switch e.Action {
	case "build-output":
		fmt.Fprint(r.out, e.Output)
	case "start":
		r.running[e.Package] = nil
	case "output":
		r.running[e.Package] = append(r.running[e.Package], e)
	case "pass", "fail", "skip":
		if e.Test != "" {
			r.ended[e.Package+" "+e.Test] = e.Action
			return
		}
		r.print(e)
		delete(r.running, e.Package)
	}
}

// print says of a package what go test says without -v, and what it skipped.
func (r *report) print(end event) {
	for _, e := range r.running[end.Package] {
		switch ended := r.ended[e.Package+" "+e.Test]; {
		case e.Test == "" && (strings.HasPrefix(e.Output, "ok ") || strings.HasPrefix(e.Output, "? ")):
			fmt.Fprint(r.out, e.Output)
		case end.Action == "fail" && ended != "pass" && ended != "skip" && !strings.HasPrefix(e.Output, "=== "):
			fmt.Fprint(r.out, e.Output)
		}
	}
	skipped := r.skipped(end.Package)
	for _, why := range slices.Sorted(maps.Keys(skipped)) {
		tests := skipped[why]
		fmt.Fprintf(r.out, "skipped: %s (%s)\n", why, counted(tests))
		for _, test := range tests {
			switch {
			case strings.HasPrefix(why, needsRoot) && !r.root:
				r.needRoot = append(r.needRoot, rootTest{Package: end.Package, Test: test})
			case r.strict:
				r.faults = append(r.faults, "skipped in CI: "+end.Package+" "+test+": "+why)
			}
		}
	}
}

func counted(tests []string) string {
	if len(tests) == 1 {
		return tests[0]
	}
	return fmt.Sprintf("%s and %d more", tests[0], len(tests)-1)
}

var said = regexp.MustCompile(`^\s*[^\s:]+\.go:\d+: (?:skipped: )?(.*)\n`)

// skipped are the tests of a package that were skipped, by the reason: the
// last line that each of them said from its code.
func (r *report) skipped(pkg string) map[string][]string {
	why := map[string]string{}
	var order []string
	for _, e := range r.running[pkg] {
		if e.Test == "" || r.ended[pkg+" "+e.Test] != "skip" {
			continue
		}
		if _, known := why[e.Test]; !known {
			why[e.Test] = "no reason given"
			order = append(order, e.Test)
		}
		if line := said.FindStringSubmatch(e.Output); line != nil {
			why[e.Test] = line[1]
		}
	}
	tests := map[string][]string{}
	for _, test := range order {
		tests[why[test]] = append(tests[why[test]], test)
	}
	return tests
}
