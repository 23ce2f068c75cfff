package catalogtest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// An entry is a line of fingerprints.txt: notice 1 <fingerprint>.
type entry struct {
	notice      int
	fingerprint string
}

// A history is every notice there ever was, with rising numbers.
type history []entry

// The number has at most nine digits, so that it is a number on every machine.
var lineRule = regexp.MustCompile(`^notice ([1-9][0-9]{0,8}) ([0-9a-f]{64})$`)

func parse(text []byte) (history, error) {
	var h history
	if len(text) == 0 {
		return h, nil // no file yet
	}
	for i, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		part := lineRule.FindStringSubmatch(line)
		if part == nil {
			return nil, fmt.Errorf("line %d is %q and not \"notice NUMBER FINGERPRINT\": restore the file from version control",
				i+1, line)
		}
		notice, _ := strconv.Atoi(part[1]) // nine digits
		if i > 0 && notice <= h[i-1].notice {
			return nil, fmt.Errorf("line %d is notice %d after notice %d, and numbers must rise: restore the file from version control",
				i+1, notice, h[i-1].notice)
		}
		h = append(h, entry{notice, part[2]})
	}
	return h, nil
}

// with returns the history as it should be for the catalog of now. It never
// changes what a number stood for.
func (h history) with(now entry) (history, error) {
	if len(h) == 0 {
		return history{now}, nil
	}
	last := h[len(h)-1]
	switch {
	case now.notice > last.notice:
		return append(h, now), nil
	case now.notice < last.notice:
		return nil, fmt.Errorf("the catalog has notice number %d, and notice %d was already published: "+
			"raise the notice number in catalog.New above %d, then run UPDATE_GOLDEN=1 go test", now.notice, last.notice, last.notice)
	case now.fingerprint != last.fingerprint:
		return nil, fmt.Errorf("what is sent or what people are told has changed, and people agreed to notice %d as it was: "+
			"raise the notice number in catalog.New to %d, so that they are asked again, then run UPDATE_GOLDEN=1 go test; "+
			"if notice %d was never shown to people, delete its line here instead, and run the same (fingerprint %.8s… is now %.8s…)",
			now.notice, now.notice+1, now.notice, last.fingerprint, now.fingerprint)
	}
	return h, nil
}

func (h history) text() []byte {
	var b strings.Builder
	for _, e := range h {
		fmt.Fprintf(&b, "notice %d %s\n", e.notice, e.fingerprint)
	}
	return []byte(b.String())
}
