package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

const (
	maxName  = 200     // bytes
	maxNames = 1000    // at once: SQLite has one writer, and a no must not wait for it
	maxForm  = 1 << 20 // bytes
)

// named reads the form of something with a name.
func named(r *http.Request) (string, error) {
	name := strings.TrimSpace(r.PostFormValue("name"))
	if name == "" || len(name) > maxName {
		return "", fmt.Errorf("a name is needed, of at most %d characters", maxName)
	}
	return name, nil
}

// faceNames reads names, one a line. Blank lines are none.
func faceNames(r *http.Request) ([]string, error) {
	var names []string
	for line := range strings.FieldsFuncSeq(r.PostFormValue("names"), func(c rune) bool { return c == '\n' || c == '\r' }) {
		if name := strings.TrimSpace(line); name != "" {
			names = append(names, name)
		}
	}
	if len(names) == 0 || len(names) > maxNames || slices.ContainsFunc(names, func(n string) bool { return len(n) > maxName }) {
		return nil, fmt.Errorf("write 1 to %d names at once, one a line, each of at most %d characters", maxNames, maxName)
	}
	return names, nil
}
