package consent

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

type sourceFunc func(context.Context) (Record, error)

func (f sourceFunc) Consent(ctx context.Context) (Record, error) { return f(ctx) }

// pointer panics on nil, as most implementations would.
type pointer struct{ record Record }

func (p *pointer) Consent(context.Context) (Record, error) { return p.record, nil }

// rude is an error that is no good for showing.
type rude struct{ text string }

func (r *rude) Error() string { return r.text }

func TestEvaluateSources(t *testing.T) {
	now := time.Now()
	good := Record{Decision: Granted, Notice: 2, Time: now, Where: "settings"}
	with := func(change func(*Record)) Source {
		r := good
		change(&r)
		return fixed{record: r}
	}
	tests := []struct {
		name   string
		src    Source
		want   Decision
		reason string
	}{
		{"nil", nil, Undecided, "not decided yet"},
		{"zero record", fixed{}, Undecided, "not decided yet"},
		{"undecided with debris", with(func(r *Record) { r.Decision = Undecided; r.Where = "\x1b" }), Undecided, "not decided yet"},
		{"granted", fixed{record: good}, Granted, "agreed to notice 2 on " + now.UTC().Format(time.DateOnly) + " (settings)"},
		{"granted without where", with(func(r *Record) { r.Where = "" }), Granted, "agreed to notice 2 on"},
		{"older notice", with(func(r *Record) { r.Notice = 1 }), Undecided, "the notice changed: agreed to notice 1, now 2"},
		{"newer notice", with(func(r *Record) { r.Notice = 3 }), Undecided, "the notice changed: agreed to notice 3, now 2"},
		{"notice 0", with(func(r *Record) { r.Notice = 0 }), Undecided, "notice 0 is not a positive number"},
		{"notice -2", with(func(r *Record) { r.Notice = -2 }), Undecided, "notice -2 is not a positive number"},
		{"zero time", with(func(r *Record) { r.Time = time.Time{} }), Undecided, "the time is missing"},
		{"an hour ahead", with(func(r *Record) { r.Time = now.Add(time.Hour) }), Granted, ""},
		{"two days ahead", with(func(r *Record) { r.Time = now.Add(48 * time.Hour) }), Undecided, "is in the future"},
		{"unprintable where", with(func(r *Record) { r.Where = "\x1b[2J" }), Undecided, "not printable"},
		{"unknown decision", with(func(r *Record) { r.Decision = 7 }), Undecided, `decision "decision(7)" is neither`},
		{"largest decision", with(func(r *Record) { r.Decision = math.MaxUint8 }), Undecided, "is neither"},
		{"denied", with(func(r *Record) { r.Decision = Denied }), Denied, "no on "},
		{"denied, older notice", with(func(r *Record) { r.Decision = Denied; r.Notice = 1 }), Denied, "no on "},
		{"denied and nothing else", fixed{record: Record{Decision: Denied}}, Denied, "no"},
		{"denied in the future", with(func(r *Record) { r.Decision = Denied; r.Time = now.Add(99 * time.Hour) }), Denied, "no on "},
		{"denied, unprintable", with(func(r *Record) { r.Decision = Denied; r.Where = "\x1b[2J" }), Denied, "no on "},
		{"denied, endless", with(func(r *Record) { r.Decision = Denied; r.Where = strings.Repeat("x", 1<<20) }), Denied, "no on "},
		{"error", fixed{err: errors.New("database is away")}, Undecided, "cannot read the recorded decision: database is away"},
		{"error with a granted record", fixed{record: good, err: errors.New("half read")}, Undecided, "half read"},
		{"unprintable error", fixed{err: errors.New("a\n\x1b[2Jb\xff")}, Undecided, "cannot read"},
		{"endless error", fixed{err: errors.New(strings.Repeat("é", 1<<20))}, Undecided, "cannot read"},
		{"error that panics", fixed{err: (*rude)(nil)}, Undecided, "cannot read"},
		{"nil pointer", (*pointer)(nil), Undecided, "panic (runtime.errorString)"},
		{"nil File", (*File)(nil), Undecided, "no directory is given"},
		{"zero File", &File{}, Undecided, "no directory is given"},
		{"nil function", sourceFunc(nil), Undecided, "panic"},
		{"panic", sourceFunc(func(context.Context) (Record, error) { panic("secret") }), Undecided, "panic (string)"},
		{"panic with nil", sourceFunc(func(context.Context) (Record, error) { panic(nil) }), Undecided, "panic"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := Evaluate(context.Background(), product, 2, environ{}.lookup, test.src)
			if got.Decision != test.want || got.On() != (test.want == Granted) || got.Veto || !strings.Contains(got.Reason, test.reason) {
				t.Errorf("%v: %s\nwant %v: %s", got.Decision, got.Reason, test.want, test.reason)
			}
			if unanswered := strings.HasPrefix(got.Reason, "cannot read") || strings.Contains(got.Reason, "panic"); got.Failed != unanswered {
				t.Errorf("failed is %v: %s", got.Failed, got.Reason)
			}
			if len(got.Reason) > 1000 || !printable(got.Reason) || strings.Contains(got.Reason, "secret") {
				t.Errorf("not fit for a person: %.1100q", got.Reason)
			}
			if len(got.Record.Where) > maxText || !printable(got.Record.Where) {
				t.Errorf("record not fit for a person: %.200q", got.Record.Where)
			}
		})
	}
}

func TestEvaluateAcceptAgainstRecord(t *testing.T) {
	now := time.Now()
	granted := func(notice int) Source {
		return fixed{record: Record{Decision: Granted, Notice: notice, Time: now, Where: ""}}
	}
	tests := []struct {
		name   string
		word   string
		src    Source
		want   Decision
		reason string
	}{
		{"the variable alone", "accept:2", nil, Granted, "FACES_TELEMETRY accepts notice 2"},
		{"after an older yes", "accept:2", granted(1), Granted, "FACES_TELEMETRY accepts notice 2"},
		{"older, after a yes", "accept:1", granted(2), Granted, "agreed to notice 2"},
		{"older, the variable alone", "accept:1", nil, Undecided, "FACES_TELEMETRY accepts notice 1, now 2"},
		{"newer, the variable alone", "accept:3", nil, Undecided, "FACES_TELEMETRY accepts notice 3, now 2"},
		{"older, after an older yes", "accept:1", granted(1), Undecided, "agreed to notice 1, now 2; FACES_TELEMETRY accepts notice 1, now 2"},
		{"a no", "accept:2", fixed{record: Record{Decision: Denied, Notice: 1, Time: now, Where: ""}}, Denied, "no on"},
		{"unreadable", "accept:2", fixed{err: errors.New("x")}, Undecided, "cannot read"},
		{"impossible record", "accept:2", fixed{record: Record{Decision: 7}}, Undecided, "not valid"},
		{"panic", "accept:2", (*pointer)(nil), Undecided, "panic"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := Evaluate(context.Background(), product, 2, environ{product: test.word}.lookup, test.src)
			if got.Decision != test.want || !strings.Contains(got.Reason, test.reason) {
				t.Errorf("%v: %s\nwant %v: %s", got.Decision, got.Reason, test.want, test.reason)
			}
			if byWord := strings.HasPrefix(got.Reason, product) && got.On(); byWord && got.Record != (Record{Decision: Granted, Notice: 2, Where: product}) {
				t.Errorf("decided by %+v", got.Record)
			}
		})
	}
}

func TestEvaluateCarelessCaller(t *testing.T) {
	ctx := context.Background()
	for _, notice := range []int{0, -1, math.MinInt} {
		env := environ{product: "accept:0"}
		if got := Evaluate(ctx, product, notice, environ{}.lookup, fixed{record: Record{Decision: Granted, Notice: notice, Time: time.Now(), Where: ""}}); got.On() || got.Reason == "" {
			t.Errorf("notice %d is on", notice)
		}
		if got := Evaluate(ctx, product, notice, env.lookup, nil); got.On() {
			t.Errorf("notice %d is on by environment", notice)
		}
	}
	var none context.Context
	if got := Evaluate(none, product, 2, environ{}.lookup, NewFile(t.TempDir())); got.Reason != "not decided yet" {
		t.Errorf("nil context: %s", got.Reason)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if got := Evaluate(gone, product, 2, environ{}.lookup, NewFile(t.TempDir())); got.On() || !strings.Contains(got.Reason, "context canceled") {
		t.Errorf("cancelled context: %s", got.Reason)
	}
	bad := func(string) (string, bool) { panic("no environment") }
	if got := Evaluate(ctx, product, 2, bad, yes()); got.On() || !strings.Contains(got.Reason, "panic") {
		t.Errorf("panicking environment: %+v", got)
	}
	if (Status{}).On() {
		t.Error("the zero Status is on")
	}
}

// printable reports whether a text can be shown on a page or terminal.
func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}
