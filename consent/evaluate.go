package consent

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"
	"unicode"
)

// Source knows the latest record. [File] is one; an application that keeps
// decisions in its own database implements another.
//
// Consent returns the zero Record and no error when there is no decision. Any
// error means no. It is called before every report and possibly from several
// goroutines at once, and it should return when ctx is done: nothing else can
// interrupt it. It must not call the telemetry client, which waits for it. The
// text of its error is shown to people.
type Source interface {
	Consent(ctx context.Context) (Record, error)
}

// Status is the effective answer. The zero value is off.
type Status struct {
	Decision Decision // Granted only if everything says yes
	Record   Record   // what decided; Where names the variable if it was one. Zero if nothing did, but for a yes to another notice
	Reason   string   // why, for a person, such as "not decided yet"
	Failed   bool     // the source could not answer; the answer may be another one soon
	Veto     bool     // a variable says no for all products, or an unknown word; a yes given before is not taken back by it. Exactly "off" in the product's own is no veto: it takes the yes back
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
// ctx. With a veto in the environment src is not asked at all. It keeps no
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
	said := readEnvironment(variable, env)
	if said.veto != "" {
		return Status{Decision: Denied, Record: Record{Decision: Denied, Where: said.veto}, Reason: said.reason, Veto: !said.off}
	}
	record, err := ask(ctx, src)
	if err != nil {
		// Undecided rather than Denied: what cannot be read may have been a yes
		// or a no. It is off, and a person may be asked again, which replaces a
		// damaged file. A database that is away for a minute destroys nothing.
		return Status{Reason: "cannot read the recorded decision: " + plain(err), Failed: true}
	}
	if record.Decision == Denied {
		// Before any other check: a no is good in whatever shape it comes.
		return denied(record)
	}
	if err := usable(variable, notice, record); err != nil {
		return Status{Reason: plain(err)}
	}
	return weigh(variable, notice, said, record)
}

// ask returns the latest record, the zero one for a nil src.
func ask(ctx context.Context, src Source) (Record, error) {
	if src == nil {
		return Record{}, nil
	}
	if ctx == nil {
		ctx = context.Background()
	}
	r, err := src.Consent(ctx)
	if r.Decision == Undecided {
		r = Record{} // the rest means nothing without a decision
	}
	return r, err
}

// denied reports a recorded no.
func denied(r Record) Status {
	r.Where, r.By = shown(r.Where), shown(r.By)
	return Status{Decision: Denied, Record: r, Reason: "no" + given(r)}
}

// usable says what rules out every yes.
func usable(variable string, notice int, r Record) error {
	if !variableName(variable) {
		return fmt.Errorf("%.60q cannot be the name of an environment variable that turns this off", variable)
	}
	if notice < 1 {
		return fmt.Errorf("the current notice, %d, is not a positive number", notice)
	}
	if r.Decision == Undecided {
		return nil
	}
	if err := check(r, time.Now()); err != nil {
		return fmt.Errorf("the record is not valid: %w", err)
	}
	return nil
}

// weigh is reached when nothing denies; it looks for a yes to this notice.
func weigh(variable string, notice int, said words, r Record) Status {
	// The record first, so that processes with and without the variable know the
	// same yes.
	if r.Decision == Granted && r.Notice == notice {
		return Status{Decision: Granted, Record: r, Reason: fmt.Sprintf("agreed to notice %d%s", notice, given(r))}
	}
	if said.accepted == notice {
		by := Record{Decision: Granted, Notice: notice, Where: variable}
		return Status{Decision: Granted, Record: by, Reason: fmt.Sprintf("%s accepts notice %d", variable, notice)}
	}
	// Agreement to another notice, older or newer, is to another list. It is not
	// a no either: the person may be shown this one and asked.
	var why []string
	if r.Decision == Granted {
		why = append(why, fmt.Sprintf("the notice changed: agreed to notice %d, now %d", r.Notice, notice))
	}
	if said.accepted != 0 {
		why = append(why, fmt.Sprintf("%s accepts notice %d, now %d", variable, said.accepted, notice))
	}
	if why == nil {
		return Status{Reason: "not decided yet"}
	}
	return Status{Record: r, Reason: strings.Join(why, "; ")}
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
