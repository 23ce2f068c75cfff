package consent

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Source knows the latest record. [File] is one; an application that keeps
// decisions in its own database implements another.
//
// Consent returns the zero Record and no error when there is no decision. After
// any error the answer is off. It is called before every report and possibly
// from several goroutines at once, and it should return when ctx is done:
// nothing else can interrupt it. It must not call the telemetry client, which
// waits for it. The text of its error is shown to people.
type Source interface {
	Consent(ctx context.Context) (Record, error)
}

// Status is the effective answer. The zero value is off.
type Status struct {
	Decision Decision // Granted only if everything says yes
	Record   Record   // what decided, or a yes to another notice, else zero; Where names the variable if it was one
	Reason   string   // why, for a person, such as "not decided yet"
	Failed   bool     // the source could not answer; the answer may be another one soon

	// Veto means that a variable says no to all products, or holds an unknown word.
	// It takes no yes back. The word "off" in the product's own variable does, and is
	// no veto.
	Veto bool
}

// On reports whether the answer is yes.
func (s Status) On() bool { return s.Decision == Granted }

// Evaluate answers for the notice in force now. The package comment has the
// order in which environment and record are heard.
//
// variable is the product's own, such as COMPREFACE_TELEMETRY, in capitals. env
// has the shape of os.LookupEnv; nil means os.LookupEnv, because a forgotten
// argument must not lose a veto. A nil src means no decision. A
// malformed variable or a notice below 1 is never on.
//
// Evaluate does not panic, whatever env and src do, but it waits for src: bound
// ctx. With a no in the environment src is not asked at all. It keeps no
// state and is safe for concurrent use if env and src are.
func Evaluate(ctx context.Context, variable string, notice int, env func(string) (string, bool), src Source) (status Status) {
	defer func() {
		// A panic must not end the host, and is not an answer.
		if p := recover(); p != nil {
			status = Status{Reason: fmt.Sprintf("the look at consent ended in a panic (%T)", p), Failed: true}
		}
	}()
	if env == nil {
		env = os.LookupEnv
	}
	no, accepted := environment(variable, env)
	if no.Decision == Denied {
		return no
	}
	if ctx == nil {
		ctx = context.Background()
	}
	var record Record
	var err error
	if src != nil {
		record, err = src.Consent(ctx)
	}
	if err != nil {
		// Undecided rather than Denied: what cannot be read may have been a yes
		// or a no. It is off, and a person may be asked again, which replaces a
		// damaged file. A database that is away for a minute destroys nothing.
		return Status{Reason: "cannot read the recorded decision: " + plain(err), Failed: true}
	}
	if record.Decision == Denied { // before any other check: a no is good in whatever shape it comes
		record.Where, record.For, record.By = shown(record.Where), recordable(record.For), shown(record.By)
		return Status{Decision: Denied, Record: record, Reason: "no" + given(record)}
	}
	return evaluateGrant(variable, notice, accepted, record)
}

// environment is the only function that reads words from the environment. It returns
// the no that they say, or the notice that they accept, which is 0 when there is none.
func environment(variable string, env func(string) (string, bool)) (no Status, accepted int) {
	deny := func(name, how string) (Status, int) { // off is a word of the product's own variable alone
		by := Record{Decision: Denied, Where: name}
		return Status{Decision: Denied, Record: by, Reason: name + " is " + how, Veto: how != "off"}, 0
	}
	const doNotTrack, sdkDisabled, exporter = "DO_NOT_TRACK", "OTEL_SDK_DISABLED", "OTEL_METRICS_EXPORTER"
	if word, _ := env(doNotTrack); denies(word) {
		return deny(doNotTrack, "set")
	}
	// OpenTelemetry's booleans ignore case, so False does not deny.
	if word, _ := env(sdkDisabled); denies(strings.ToLower(word)) {
		return deny(sdkDisabled, "set")
	}
	// Every other word says where the operator's own metrics go, and nothing about these.
	if word, _ := env(exporter); strings.EqualFold(strings.TrimSpace(word), "none") {
		return deny(exporter, "none")
	}
	if !variableName(variable) {
		return Status{}, 0 // evaluateGrant refuses it
	}
	word, set := env(variable)
	notice := accept(word)
	switch {
	case word == "", set && notice > 0:
		return Status{}, notice
	case word == "off":
		return deny(variable, "off")
	}
	// A word that is not known may well be a no: on a typing error,
	// "of" or "disable" must not send.
	return deny(variable, fmt.Sprintf("%.40q, which means off: the only yes is accept:<notice>", word))
}

// denies reports whether a word of DO_NOT_TRACK is a no.
func denies(word string) bool {
	return word != "" && word != "0" && word != "false"
}

// accept returns the notice that a word accepts, and 0 if it accepts none. The
// word must be as we would write it.
func accept(word string) int {
	notice, _ := strconv.Atoi(strings.TrimPrefix(word, "accept:"))
	if notice < 1 || word != fmt.Sprintf("accept:%d", notice) {
		return 0
	}
	return notice
}

// variableName accepts A-Z, 0-9 and _, starting with a letter. A name that no
// shell can set, or that differs from the documented one by its case, would
// lose the administrator's veto without a sign.
func variableName(name string) bool {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return strings.IndexAny(name, letters) == 0 && strings.Trim(name, letters+"0123456789_") == ""
}

// evaluateGrant looks for a yes to this notice, for this product. Nothing denies.
func evaluateGrant(variable string, notice, accepted int, r Record) Status {
	err := check(r, time.Now())
	granted, own := r.Decision == Granted, r.For == "" || r.For == variable
	switch {
	case !variableName(variable):
		return Status{Reason: fmt.Sprintf("%.60q cannot be the name of an environment variable that turns this off", variable)}
	case notice < 1:
		return Status{Reason: fmt.Sprintf("the current notice, %d, is not a positive number", notice)}
	case r.Decision != Undecided && err != nil:
		return Status{Reason: "the record is not valid: " + plain(err)}
	// The record first, so that processes with and without the variable know the
	// same yes.
	case granted && own && r.Notice == notice:
		return Status{Decision: Granted, Record: r, Reason: fmt.Sprintf("agreed to notice %d%s", notice, given(r))}
	case accepted == notice:
		by := Record{Decision: Granted, Notice: notice, Where: variable}
		return Status{Decision: Granted, Record: by, Reason: fmt.Sprintf("%s accepts notice %d", variable, notice)}
	}
	// Agreement to another notice, older or newer, is to another list. It is not
	// a no either: the person may be shown this one and asked.
	var why []string
	var status Status
	if granted && !own {
		why = append(why, fmt.Sprintf("the recorded yes is for %s, not for %s: give each product a directory of its own", r.For, variable))
	} else if granted {
		status.Record = r
		why = append(why, fmt.Sprintf("the notice changed: agreed to notice %d, now %d", r.Notice, notice))
	}
	if accepted != 0 {
		why = append(why, fmt.Sprintf("%s accepts notice %d, now %d", variable, accepted, notice))
	}
	status.Reason = cmp.Or(strings.Join(why, "; "), "not decided yet")
	return status
}

// given is " on 2026-11-21 (settings)", as far as that is known.
func given(r Record) string {
	var s string
	if !r.Time.IsZero() {
		s = " on " + r.Time.UTC().Format(time.DateOnly)
	}
	if r.Where != "" {
		s += " (" + r.Where + ")"
	}
	return s
}

// plain is the text of an error as it may be shown: one line, bounded, without
// escape sequences, from any source.
func plain(err error) string {
	const longest = 500
	text := fmt.Sprint(err) // survives an Error method that panics
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.TrimPrefix(text, "consent: "))
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "..."
	}
	return text
}
