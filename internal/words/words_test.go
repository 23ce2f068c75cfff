package words

import (
	"strings"
	"testing"

	"headcount.example/internal/texts"
)

func TestMatch(t *testing.T) {
	for name, test := range map[string]struct {
		preferences []string
		want        string
	}{
		"nothing":                {nil, "en"},
		"an empty header":        {[]string{""}, "en"},
		"English of Australia":   {[]string{"en-AU,en;q=0.5"}, "en"},
		"a language of no one":   {[]string{"tlh"}, "en"},
		"not a tag":              {[]string{"../../etc/passwd", "\x00", "C.UTF-8"}, "en"},
		"a header without end":   {[]string{strings.Repeat("de-", 1<<16)}, "en"},
		"any language":           {[]string{"*"}, "en"},
		"the longer texts":       {[]string{"x-pseudo"}, "x-pseudo"},
		"the longer texts and *": {[]string{"x-pseudo,en"}, "en"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Match(test.preferences...); got.Tag != test.want {
				t.Errorf("%.80q is answered in %s, want %s", test.preferences, got.Tag, test.want)
			}
		})
	}
	for _, tag := range texts.Languages() {
		for _, preferences := range [][]string{{tag}, {tag + "-x-own"}, {"tlh", tag}, {"tlh;q=0.9, " + tag + ";q=0.8"}, {strings.ToUpper(tag)}} {
			if got := Match(preferences...); got.Tag != tag {
				t.Errorf("%q is answered in %s", preferences, got.Tag)
			}
		}
	}
}
