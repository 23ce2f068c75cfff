package consent_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"headcount.example/consent"
)

// none is an environment in which nothing is set. Applications pass nil.
func none(string) (string, bool) { return "", false }

func ExampleEvaluate() {
	dir, err := os.MkdirTemp("", "faces")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	decisions := consent.NewFile(filepath.Join(dir, "telemetry"))
	show := func(notice int) {
		status := consent.Evaluate(ctx, "COMPREFACE_TELEMETRY", notice, none, decisions)
		fmt.Println(status.On(), status.Decision, "-", status.Reason)
	}

	show(1)
	agreed := time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
	if err := decisions.Save(ctx, consent.Record{Decision: consent.Granted, Notice: 1, Time: agreed, Where: "sign-up form"}); err != nil {
		fmt.Println(err)
	}
	show(1)
	show(2) // a new version of the application sends something more
	refused := agreed.AddDate(0, 1, 0)
	if err := decisions.Save(ctx, consent.Record{Decision: consent.Denied, Notice: 2, Time: refused, Where: "settings"}); err != nil {
		fmt.Println(err)
	}
	show(1)
	// Output:
	// false undecided - not decided yet
	// true granted - agreed to notice 1 on 2026-03-14 (sign-up form)
	// false undecided - the notice changed: agreed to notice 1, now 2
	// false denied - no on 2026-04-14 (settings)
}

func ExampleEvaluate_environment() {
	for _, word := range []string{"accept:2", "accept:1", "yes", "off"} {
		env := func(name string) (string, bool) {
			if name == "COMPREFACE_TELEMETRY" {
				return word, true
			}
			return "", false
		}
		status := consent.Evaluate(context.Background(), "COMPREFACE_TELEMETRY", 2, env, nil)
		fmt.Println(status.Decision, "-", status.Reason)
	}
	// Output:
	// granted - COMPREFACE_TELEMETRY accepts notice 2
	// undecided - COMPREFACE_TELEMETRY accepts notice 1, now 2
	// denied - COMPREFACE_TELEMETRY is "yes", which means off: the only yes is accept:<notice>
	// denied - COMPREFACE_TELEMETRY is off
}

// database is an application's own Source.
type database struct{ row *consent.Record }

func (d database) Consent(context.Context) (consent.Record, error) {
	if d.row == nil {
		return consent.Record{}, nil // no decision yet
	}
	return *d.row, nil
}

func ExampleSource() {
	row := &consent.Record{Decision: consent.Granted, Notice: 1, Time: time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC)}
	for _, source := range []consent.Source{nil, database{}, database{row}} {
		fmt.Println(consent.Evaluate(context.Background(), "FACES_TELEMETRY", 1, none, source).Reason)
	}
	// Output:
	// not decided yet
	// not decided yet
	// agreed to notice 1 on 2026-03-14
}

func ExampleFile_History() {
	dir, err := os.MkdirTemp("", "faces")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	decisions := consent.NewFile(dir)
	for i, decision := range []consent.Decision{consent.Granted, consent.Denied} {
		at := time.Date(2026, 3, 14+i, 9, 0, 0, 0, time.UTC)
		if err := decisions.Save(ctx, consent.Record{Decision: decision, Notice: 1, Time: at, Where: "settings"}); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(decisions.Save(ctx, consent.Record{Decision: consent.Granted, Notice: -1}))
	latest, err := decisions.Consent(ctx)
	fmt.Println("latest:", latest.Decision, err)
	records, err := decisions.History(ctx)
	for _, r := range records {
		fmt.Println(r.Time.Format(time.DateOnly), r.Decision, "notice", r.Notice, "in", r.Where)
	}
	fmt.Println(err)
	// Output:
	// consent: notice -1 is not a positive number
	// latest: denied <nil>
	// 2026-03-14 granted notice 1 in settings
	// 2026-03-15 denied notice 1 in settings
	// <nil>
}

func ExampleDecision() {
	var d consent.Decision // the zero value
	fmt.Println(d)
	fmt.Println(json.Unmarshal([]byte(`"yes"`), &d), d)
	// Output:
	// undecided
	// consent: decision "yes" is not undecided, granted or denied undecided
}

// An application that keeps decisions in its own database keeps them as File
// does.
func ExampleAppend() {
	now := time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
	history, err := consent.Append(nil, consent.Record{Decision: consent.Granted, Notice: 1, Where: "settings"}, now)
	fmt.Println(len(history), history[0].Time.Format(time.DateTime), err)

	_, err = consent.Append(history, consent.Record{Notice: 1}, now)
	fmt.Println(err)
	// Output:
	// 1 2026-03-14 09:26:53 <nil>
	// consent: decision "undecided" is neither granted nor denied
}
