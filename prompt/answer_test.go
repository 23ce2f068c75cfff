package prompt

import (
	"regexp"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for line, want := range map[string]answer{
		"y": yes, "Y": yes, "yes": yes, "YES": yes, " yEs \r": yes,
		"n": no, "N": no, "no": no, "No ": no,
		"": later, " ": later, "\r": later,
		"?": show, " ? ": show,
		"yeſ": unknown, "у": unknown, "ｙ": unknown, "\u00a0y": unknown, "y\u2028": unknown, "\ty": unknown,
		"yy": unknown, "ye": unknown, "y y": unknown, "y?": unknown, "y\x00": unknown, "y\b": unknown, "\x1b[Cy": unknown,
		"yes please": unknown, "j": unknown, "ja": unknown, "oui": unknown, "1": unknown, "true": unknown, "on": unknown, "ok": unknown,
		"nope": unknown, "non": unknown, "0": unknown, "off": unknown, "??": unknown, "\xff": unknown,
	} {
		if got := parse(line); got != want {
			t.Errorf("%q is %d, want %d", line, got, want)
		}
	}
}

// FuzzParse compares with the same rule in another language.
func FuzzParse(f *testing.F) {
	for _, line := range []string{"y", "yes\r", " N", "", "?", "yeſ", "YES YES", "\x1b[Ay"} {
		f.Add(line)
	}
	rules := map[answer]*regexp.Regexp{
		yes:   regexp.MustCompile(`^[ \r]*[yY]([eE][sS])?[ \r]*$`),
		no:    regexp.MustCompile(`^[ \r]*[nN][oO]?[ \r]*$`),
		later: regexp.MustCompile(`^[ \r]*$`),
		show:  regexp.MustCompile(`^[ \r]*\?[ \r]*$`),
	}
	f.Fuzz(func(t *testing.T, line string) {
		want := unknown
		for a, rule := range rules {
			if rule.MatchString(line) {
				want = a
			}
		}
		if got := parse(line); got != want {
			t.Errorf("%q is %d, want %d", line, got, want)
		}
		if strings.Contains(line, "\n") || len(line) > maxLine {
			return
		}
		// Through the reader as well, which must not shorten a line into an answer.
		heard, err := readLine(t.Context(), stream{strings.NewReader(line + "\n")})
		if len(line) == maxLine {
			if err == nil {
				t.Errorf("a line of %d bytes ended", maxLine+1)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(line) > maxAnswer {
			want = unknown
		}
		if got := parse(heard); got != want {
			t.Errorf("%q was heard as %q, which is %d, want %d", line, heard, got, want)
		}
	})
}
