package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// nearest is the flag of a command that a misspelt name most likely means;
// empty where none is near.
func nearest(cmd *cobra.Command, name string) string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	return near(name, names)
}

// nearestCommand is the subcommand that a misspelt name most likely means;
// empty where none is near.
func nearestCommand(cmd *cobra.Command, name string) string {
	var names []string
	for _, c := range cmd.Root().Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return near(name, names)
}

// near is the first of the names that are nearest to one. A beginning of
// three letters or more is very near; a name of which half is wrong is not.
func near(name string, names []string) string {
	found, least := "", min(3, (len(name)+2)/2)
	for _, n := range names {
		far := distance(name, n)
		if len(name) > 2 && strings.HasPrefix(n, name) {
			far = 0
		}
		if far < least {
			found, least = n, far
		}
	}
	return found
}

// distance is how many letters must be put in, left out or replaced to make
// one word of the other.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := before
			if a[i] != b[j] {
				replaced++
			}
			before = row[j+1]
			row[j+1] = min(replaced, before+1, row[j]+1)
		}
	}
	return row[len(b)]
}
