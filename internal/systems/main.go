// Command systems checks the types of the module in the working directory, and
// of all that it imports, as they are on other systems. It takes a tenth of a
// compiler's time, because it makes no code. What only a compiler or a linker
// finds it does not: a function without a body, an embedded file that is missing.
//
//	systems TESTED GOOS/GOARCH...
//
// TESTED is true where tests are checked too. It exits with 1 if a system has
// errors, and prints them.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/tools/go/packages"
)

func main() {
	if len(os.Args) < 3 || os.Args[1] != "true" && os.Args[1] != "false" {
		fmt.Fprintln(os.Stderr, "usage: systems true|false GOOS/GOARCH...")
		os.Exit(2)
	}
	failed := false
	for _, target := range os.Args[2:] {
		n, faults, err := check(".", target, os.Args[1] == "true")
		for _, fault := range faults {
			fmt.Fprintf(os.Stderr, "%s: %s\n", target, fault)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", target, err)
		}
		if err != nil || len(faults) > 0 {
			failed = true
			continue
		}
		fmt.Printf("%s: %d packages ok\n", target, n)
	}
	if failed {
		os.Exit(1)
	}
}

// check returns how many packages it has checked, and what is wrong with them.
func check(dir, target string, tests bool) (n int, faults []string, err error) {
	goos, goarch, ok := strings.Cut(target, "/")
	if !ok {
		return 0, nil, errors.New("not a GOOS/GOARCH")
	}
	roots, err := packages.Load(&packages.Config{
		Mode: packages.LoadAllSyntax, Dir: dir, Tests: tests,
		Env: append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0"),
	}, "./...")
	if err != nil {
		return 0, nil, err
	}
	packages.Visit(roots, nil, func(p *packages.Package) {
		n++
		for _, fault := range p.Errors {
			faults = append(faults, fault.Error())
		}
	})
	if len(roots) == 0 {
		return 0, nil, fmt.Errorf("no packages in %s", dir)
	}
	return n, faults, nil
}
