package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"headcount.example/catalog/affiliate"
	"headcount.example/consent"
	"headcount.example/prompt"
)

// errSettings is a fault of the settings: about the statistics, not counted
// by them.
var errSettings = errors.New("usage statistics")

// ask asks in the terminal, where there is no decision yet. A question that
// fails does not make the command fail.
func (a *app) ask(ctx context.Context) error {
	if !a.stats.configured() {
		return nil // no answer would make a difference
	}
	record, err := prompt.Ask(ctx, prompt.Question{
		Catalog: affiliate.Catalog, Change: "affiliate settings telemetry on|off", Decided: a.stats.decisions,
	}, os.Stdin, os.Stderr)
	if err == nil && record.Decision != consent.Undecided {
		err = a.decide(ctx, record)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "affiliate: nothing was decided:", err)
	}
	return nil
}

// decide records an answer and acts on it before it returns.
func (a *app) decide(ctx context.Context, record consent.Record) error {
	return a.stats.Decide(ctx, record)
}

func (a *app) settings(ctx context.Context, word string) error {
	switch word {
	case "on":
		return a.turn(ctx, consent.Granted)
	case "off":
		return a.turn(ctx, consent.Denied)
	case "erase":
		return a.erase(ctx)
	case "status":
		a.status()
		return nil
	case "notice":
		notice, err := affiliate.Catalog.Notice()
		fmt.Print(string(notice))
		return err
	case "preview":
		report, err := a.stats.Preview(ctx, true)
		if err != nil {
			return fmt.Errorf("%w: %w", errSettings, err)
		}
		fmt.Print(report)
		return nil
	case "send":
		if err := a.stats.Flush(ctx); err != nil {
			return fmt.Errorf("%w: %w", errSettings, err)
		}
		fmt.Println("sent")
		return nil
	case "journal":
		return a.journal()
	}
	return usage("settings telemetry %q: say on, off, erase, status, notice, preview, send or journal", word)
}

func (a *app) turn(ctx context.Context, decision consent.Decision) error {
	notice := affiliate.Catalog.NoticeNumber()
	// What the environment alone says: a yes would mean nothing under its no.
	said := consent.Evaluate(ctx, affiliate.Catalog.Variable(), notice, nil, nil)
	if decision == consent.Granted && said.Decision == consent.Denied {
		return fmt.Errorf("%w stay off: %s: unset %s first", errSettings, said.Reason, said.Record.Where)
	}
	if decision == consent.Granted && !a.stats.configured() {
		return fmt.Errorf("%w stay off, and nothing was decided: %s", errSettings, a.stats.Status().Reason)
	}
	record := consent.Record{Decision: decision, Notice: notice, Where: "settings"}
	if err := a.decide(ctx, record); err != nil {
		return fmt.Errorf("%w: %w", errSettings, err)
	}
	a.status()
	if s := a.stats.Status(); decision == consent.Granted && !s.On { // another process recorded a no meanwhile
		return fmt.Errorf("%w are off: %s", errSettings, s.Reason)
	}
	return nil
}

// erase turns off and asks the receiver to erase. When the request does not
// arrive, later commands try again, each at its end.
func (a *app) erase(ctx context.Context) error {
	before := a.stats.Status().Erasure
	err := a.stats.Decide(ctx, consent.Record{Decision: consent.Denied, Notice: affiliate.Catalog.NoticeNumber(), Where: "settings", Erase: true})
	a.status()
	switch {
	case err == nil && a.stats.Status().Erasure == before:
		fmt.Println("nothing to erase: nothing was sent since the last yes, or it was asked for already")
		return nil
	case err != nil && len(a.stats.Status().Erasing) > 0:
		return fmt.Errorf("%w: %w: later commands try again", errSettings, err)
	case err != nil:
		return fmt.Errorf("%w: %w", errSettings, err)
	}
	return nil
}

func (a *app) journal() error {
	list, err := a.stats.Journal()
	for _, e := range list {
		outcome := e.Outcome
		if outcome == "" {
			outcome = "it is not known whether it arrived"
		}
		fmt.Printf("%s to %s: %s\n%s\n", e.Time.UTC().Format(time.DateTime+" UTC"), e.Report.URL, outcome, e.Report)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errSettings, err)
	}
	if len(list) == 0 {
		fmt.Println("nothing was sent from here")
	}
	return nil
}

func (a *app) status() {
	s := a.stats.Status()
	if s.Erasure != "" {
		fmt.Println("what was sent:", s.Erasure)
	}
	if !s.On {
		fmt.Println("usage statistics: off,", s.Reason)
		return
	}
	fmt.Printf("usage statistics: on, %s\nsent to %s, with the identifier %s\nsee the next report: affiliate settings telemetry preview\nturn them off: affiliate settings telemetry off\n",
		s.Reason, a.stats.recipient, s.InstallGUID)
}
