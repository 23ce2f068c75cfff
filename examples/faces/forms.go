package main

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	maxName     = 200     // characters
	maxNames    = 1000    // at once: SQLite has one writer, and a no must not wait for it
	maxForm     = 1 << 20 // bytes
	minPassword = 10      // characters
	maxPassword = 72      // bytes: bcrypt takes no more
)

var errNoText = errors.New("what you wrote holds a character that cannot be kept: write it again")

// isText says whether a text can be kept and asked for. PostgreSQL refuses a
// NUL and what is not UTF-8, so neither database is given any.
func isText(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

// field reads one field of a form that ends up in the database.
func field(r *http.Request, name string) (string, error) {
	text := r.PostFormValue(name)
	if !isText(text) {
		return "", errNoText
	}
	return strings.TrimSpace(text), nil
}

// tooLong says whether a name has more characters than a name may have, as a
// person counts them who writes with accents or in another alphabet.
func tooLong(name string) bool { return utf8.RuneCountInString(name) > maxName }

// named reads the form of something with a name.
func named(r *http.Request) (string, error) {
	name, err := field(r, "name")
	if err != nil {
		return "", err
	}
	if name == "" || tooLong(name) {
		return "", fmt.Errorf("a name is needed, of at most %d characters", maxName)
	}
	return name, nil
}

// checkPassword says what is wrong with a new one.
func checkPassword(password string) error {
	switch {
	case utf8.RuneCountInString(password) < minPassword:
		return fmt.Errorf("the password needs at least %d characters", minPassword)
	case len(password) > maxPassword:
		return fmt.Errorf("the password may have %d bytes: that many plain letters, or half as many with accents", maxPassword)
	}
	return nil
}

// faceNames reads names, one a line. Blank lines are none.
func faceNames(r *http.Request) ([]string, error) {
	text, err := field(r, "names")
	if err != nil {
		return nil, err
	}
	var names []string
	for line := range strings.FieldsFuncSeq(text, func(c rune) bool { return c == '\n' || c == '\r' }) {
		if name := strings.TrimSpace(line); name != "" {
			names = append(names, name)
		}
	}
	if len(names) == 0 || len(names) > maxNames || slices.ContainsFunc(names, tooLong) {
		return nil, fmt.Errorf("write 1 to %d names at once, one a line, each of at most %d characters", maxNames, maxName)
	}
	return names, nil
}
