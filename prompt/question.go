package prompt

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"

	"headcount.example/consent"
)

// A Question is what a person has to know to answer. All fields but Decided
// are required. Control characters in the texts are not printed.
type Question struct {
	Product   string // as people know it
	Recipient string // who gets the reports, such as "Example GmbH"
	Summary   string // what is sent, in a few words and without a full stop. Not "anonymous": there is an identifier
	Change    string // the command that changes the answer later
	Text      string // all that would be sent, such as the catalog's Notice; shown on ?

	Variable string         // the product's own, by which an administrator decides: the catalog's Variable
	Notice   int            // the number that the answer is for: the catalog's NoticeNumber
	Decided  consent.Source // what was decided so far; nil means nothing was

	// Env is telemetry.Config's: where variables of the environment are looked up.
	// Nil means os.LookupEnv.
	Env func(name string) (value string, set bool)
}

const (
	maxWords = 60  // of the whole question: more is not read
	maxField = 200 // bytes
	keys     = "y: yes, n: no, Enter: not now, ?: everything sent. [y/N] "
)

// text is the question. It names both answers alike and recommends none, and
// what is printed last says which one silence is.
func (q Question) text() string {
	return fmt.Sprintf("Send usage statistics of %s to %s?\n"+
		"At most once a day, with a random identifier: %s.\n"+
		"Nothing else depends on your answer. Change it any time: %s\n%s",
		plain(q.Product, false), plain(q.Recipient, false), plain(q.Summary, false), plain(q.Change, false), keys)
}

// check says all that is wrong with a question.
func (q Question) check(ctx context.Context) error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf("prompt: "+format, args...)) }
	for _, field := range []struct{ name, text string }{
		{"product", q.Product}, {"recipient", q.Recipient}, {"summary", q.Summary}, {"change", q.Change},
	} {
		if plain(field.text, false) == "" {
			fault("the question has no %s", field.name)
		}
		if len(field.text) > maxField {
			fault("%s %.40q… is longer than %d bytes", field.name, field.text, maxField)
		}
	}
	if plain(q.Text, true) == "" {
		fault("the question has no text to show on ?: pass the catalog's notice")
	}
	if promises(q.Summary) {
		fault("summary %.60q promises what an identifier does not keep: say what is sent", q.Summary)
	}
	if promises(q.Recipient) {
		fault("recipient %.60q promises what an identifier does not keep: say who it is", q.Recipient)
	}
	if faults == nil {
		if n := len(strings.Fields(q.text())); n > maxWords {
			fault("the question has %d words, more than %d: shorten the summary", n, maxWords)
		}
	}
	// Asked for nothing: whether a yes could count at all.
	if s := consent.Evaluate(ctx, q.Variable, q.Notice, silent, agreed(q.Notice)); !s.On() {
		fault("a yes would not count: %s", s.Reason)
	}
	return errors.Join(faults...)
}

func silent(string) (string, bool) { return "", false }

// agreed is a Source that knows a yes to one notice.
type agreed int

func (n agreed) Consent(context.Context) (consent.Record, error) {
	return consent.Record{Decision: consent.Granted, Notice: int(n), Time: time.Now()}, nil
}

// The rule of package panel, which says what it does not find.
var promise = regexp.MustCompile(`(?i)an[oóô]n[yýi]e?m|анон[иі]м`)

func promises(text string) bool {
	return promise.MatchString(strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.M, unicode.Cf) {
			return -1
		}
		return r
	}, text))
}

// plain is text as it may be printed: without what moves the cursor, changes
// colours, reverses the direction or hides. Line breaks stay if lines is set.
func plain(text string, lines bool) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' && lines, unicode.IsPrint(r):
			return r
		case r == '\r' && lines:
			return -1
		}
		return ' '
	}, text)
	if !lines {
		text = strings.Join(strings.Fields(text), " ")
	}
	return strings.TrimSpace(text)
}
