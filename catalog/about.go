package catalog

import (
	"fmt"
	"net/mail"
	"net/url"
	"strings"

	"headcount.example/internal/texts"
)

// About says who asks for the statistics, why, and for how long they are kept.
// It is part of the notice that people agree to. All fields except Results and
// Others are required. Each text is one line without markup.
type About struct {
	// Recipient is the name of the company or person that gets the reports, such as
	// "Example GmbH". It has at most 80 bytes.
	Recipient string

	// Purpose says in one or two sentences what the statistics are for. It begins with
	// a capital letter, ends with a full stop, and has at most 300 bytes.
	Purpose string

	// ReportDays is the number of days for which the recipient keeps a report as it came.
	ReportDays int

	// FigureDays is the number of days for which the recipient keeps figures that belong
	// to one installation. Only sums over many installations are kept longer.
	FigureDays int

	// ErasureDays is the number of days within which the recipient erases what an
	// installation sent. The days begin when its request arrives.
	ErasureDays int

	// Contact is an e-mail address or an https URL for questions.
	Contact string

	// Policy is the https URL of the recipient's privacy policy.
	Policy string

	// Results is the https URL at which sums over many installations are
	// published. If it is empty, the notice names no address.
	Results string

	// Others says in a sentence who else gets reports or figures of single
	// installations. If it is empty, the notice promises that no one does.
	Others string
}

// A Text is what people read about a metric. All fields except Range are required.
// Each is one line without markup.
type Text struct {
	// Title names the metric, as in "Users created". It begins with a capital letter,
	// has no full stop, and has at most 60 bytes.
	Title string

	// Description says in a sentence what is counted, as in "A user was created.". It
	// has at most 200 bytes.
	Description string

	// Question is the question that the metric answers for the recipient, as in "How
	// many people use the product?". It has at most 120 bytes.
	Question string

	// Range names the things in one range of a [RangeGauge], as in "Collections with
	// {range} faces": {range} stands for the range. If it is empty, people read the
	// title and the range. A counter has no Range.
	Range string
}

const (
	maxRecipient = 80
	maxPurpose   = 300
	maxTitle     = 60
	maxQuestion  = 120
	maxAddress   = 200
	maxDays      = 3650
)

// refuseAnonymous refuses a text that says "anonymous": every report carries an identifier.
func refuseAnonymous(what, text string, fault func(string, ...any)) {
	if texts.Promises(text) {
		fault("%s %.100q says that the statistics are anonymous, but each report carries an identifier: say what is sent", what, text)
	}
}

func (a About) check(fault func(string, ...any)) {
	refuseAnonymous("About.Recipient", a.Recipient, fault)
	refuseAnonymous("About.Purpose", a.Purpose, fault)
	refuseAnonymous("About.Others", a.Others, fault)
	if len(a.Recipient) > maxRecipient || !plain(a.Recipient) || a.Recipient != strings.TrimSpace(a.Recipient) {
		fault("About.Recipient %.100q is not a name of at most %d bytes: people must know who gets the reports", a.Recipient, maxRecipient)
	}
	sentence := func(field, text string) {
		if len(text) > maxPurpose || !textRule.MatchString(text) || !printable(text) {
			fault("About.%s %.100q is not one or two plain sentences of at most %d bytes, from a capital letter to a full stop", field, text, maxPurpose)
		}
	}
	sentence("Purpose", a.Purpose)
	if a.Others != "" {
		sentence("Others", a.Others)
	}
	days := func(field string, n int) {
		if n < 1 || n > maxDays {
			fault("About.%s is %d: say for how many days, 1 to %d", field, n, maxDays)
		}
	}
	days("ReportDays", a.ReportDays)
	days("FigureDays", a.FigureDays)
	days("ErasureDays", a.ErasureDays)
	if at, err := mail.ParseAddress(a.Contact); !https(a.Contact) && (err != nil || at.Address != a.Contact || !plain(a.Contact)) {
		fault("About.Contact %.100q is neither an e-mail address nor an https URL", a.Contact)
	}
	if !https(a.Policy) {
		fault("About.Policy %.100q is not an https URL", a.Policy)
	}
	if a.Results != "" && !https(a.Results) {
		fault("About.Results %.100q is not an https URL", a.Results)
	}
}

func https(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && len(text) <= maxAddress && plain(text) && !strings.ContainsAny(text, " \"'()")
}

// plain reports whether text is not empty, and has no character with a meaning in
// Markdown, in a comment of YAML or in a table.
func plain(text string) bool {
	return text != "" && printable(text) && !strings.ContainsAny(text, "|<>`[]\\$*")
}

func (t Text) check(metric string, kind Kind, fault func(string, ...any)) {
	for _, text := range []string{t.Title, t.Description, t.Question, t.Range} {
		refuseAnonymous(fmt.Sprintf("metric %q: text", metric), text, fault)
	}
	if len(t.Title) > maxTitle || !plain(t.Title) || strings.HasSuffix(t.Title, ".") || !titleRule.MatchString(t.Title) {
		fault("metric %q: title %.80q is not a plain title of at most %d bytes, as in \"Users created\"", metric, t.Title, maxTitle)
	}
	if len(t.Description) > maxText || !textRule.MatchString(t.Description) || !printable(t.Description) {
		fault("metric %q: description %q is not one plain sentence of at most %d bytes, from a capital letter to a full stop",
			metric, t.Description, maxText)
	}
	if len(t.Question) > maxQuestion || !plain(t.Question) || !titleRule.MatchString(t.Question) || !strings.HasSuffix(t.Question, "?") {
		fault("metric %q: question %.140q is not a plain question of at most %d bytes, as in \"How many people use the product?\"",
			metric, t.Question, maxQuestion)
	}
	switch {
	case t.Range == "":
	case kind == KindCounter:
		fault("metric %q: a counter has no ranges, but its text has Range", metric)
	case len(t.Range) > maxTitle || !plain(t.Range) || strings.Count(t.Range, "{range}") != 1:
		fault("metric %q: range %.80q is not a plain phrase of at most %d bytes with {range} in it", metric, t.Range, maxTitle)
	}
}
