package consent

import (
	"context"
	"strings"
	"testing"
	"time"
)

const another = "SHOP_TELEMETRY"

// A yes that names another product is none, and says what to do. A no counts
// whomever it is for.
func TestEvaluateFor(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		decision Decision
		notice   int
		product  string
		word     string // of the product's own variable
		want     Decision
		reason   string
	}{
		"own":                            {Granted, 2, product, "", Granted, "agreed to notice 2"},
		"not known":                      {Granted, 2, "", "", Granted, "agreed to notice 2"},
		"another":                        {Granted, 2, another, "", Undecided, "the recorded yes is for SHOP_TELEMETRY, not for FACES_TELEMETRY: give each product a directory of its own"},
		"another, another notice":        {Granted, 1, another, "", Undecided, "the recorded yes is for SHOP_TELEMETRY, not for FACES_TELEMETRY: give each product a directory of its own"},
		"another, accepted":              {Granted, 2, another, "accept:2", Granted, "FACES_TELEMETRY accepts notice 2"},
		"another, another one accepted":  {Granted, 2, another, "accept:1", Undecided, "of its own; FACES_TELEMETRY accepts notice 1, now 2"},
		"another's no":                   {Denied, 2, another, "", Denied, "no on "},
		"another's no, accepted":         {Denied, 2, another, "accept:2", Denied, "no on "},
		"own, in lower case":             {Granted, 2, strings.ToLower(product), "", Undecided, "the record is not valid: for "},
		"longer than the own":            {Granted, 2, product + "_2", "", Undecided, "the recorded yes is for "},
		"no possible name":               {Granted, 2, "\x1b[2J", "", Undecided, "the record is not valid: for "},
		"no possible name, and accepted": {Granted, 2, "\x1b[2J", "accept:2", Undecided, "the record is not valid: for "},
		"a no with no possible name":     {Denied, 2, "\x1b[2J", "", Denied, "no on "},
	} {
		record := Record{Decision: c.decision, Notice: c.notice, Time: now, Where: "settings", For: c.product}
		got := Evaluate(t.Context(), product, 2, environ{product: c.word}.lookup, fixed{record: record})
		if got.Decision != c.want || !strings.Contains(got.Reason, c.reason) || got.Failed || got.Veto {
			t.Errorf("%s: got %v, %q, want %v, %q", name, got.Decision, got.Reason, c.want, c.reason)
		}
		if got.Record.For == another && got.Decision != Denied || !printable(got.Record.For) || !printable(got.Reason) {
			t.Errorf("%s: got the record %+v, want none of another product, and what can be shown", name, got.Record)
		}
	}
}

// Two products that were given one directory: the yes to one is no yes to the
// other, and a later yes is a new installation. A no is for both.
func TestTwoProductsInOneFile(t *testing.T) {
	f := place(t)
	decide := func(d Decision, name string) Record {
		t.Helper()
		if err := f.Save(t.Context(), Record{Decision: d, Notice: 1, For: name}); err != nil {
			t.Fatal(err)
		}
		r, err := f.Consent(t.Context())
		if err != nil || r.For != name {
			t.Fatalf("got %+v, %v, want one for %s", r, err, name)
		}
		return r
	}
	on := func(name string) bool { return Evaluate(t.Context(), name, 1, environ{}.lookup, NewFile(f.dir)).On() }
	first := decide(Granted, another)
	if !on(another) || on(product) {
		t.Errorf("after a yes for %s: got %v and %v, want true and false", another, on(another), on(product))
	}
	second := decide(Granted, product)
	if on(another) || !on(product) || !second.Since.Equal(second.Time) || second.Since.Equal(first.Since) {
		t.Errorf("after a yes for %s: got %v and %v, since %v; want false, true, a new one", product, on(another), on(product), second.Since)
	}
	if third := decide(Granted, product); !third.Since.Equal(second.Since) {
		t.Errorf("another yes for the same product: got since %v, want %v", third.Since, second.Since)
	}
	decide(Denied, another)
	for _, name := range []string{another, product} {
		if s := Evaluate(t.Context(), name, 1, environ{}.lookup, f); s.Decision != Denied {
			t.Errorf("%s, after a no for %s: got %v, want a no", name, another, s.Decision)
		}
	}
}

// A yes goes on where one of the two does not say for which product it is: it was
// recorded before records had the field.
func TestSinceOfAnUnknownProduct(t *testing.T) {
	for _, c := range []struct {
		before, after string
		goesOn        bool
	}{{"", product, true}, {product, "", true}, {"", "", true}, {product, product, true}, {another, product, false}} {
		history, err := Append(nil, Record{Decision: Granted, Notice: 1, For: c.before}, noon.Add(-time.Hour))
		if err == nil {
			history, err = Append(history, Record{Decision: Granted, Notice: 2, For: c.after}, noon)
		}
		if err != nil || history[1].Since.Equal(history[0].Since) != c.goesOn {
			t.Errorf("%q, then %q: got since %v and %v, %v; want the same: %v", c.before, c.after, history[0].Since, history[1].Since, err, c.goesOn)
		}
	}
}

// What is recorded of a product is a name that a variable can have. A no is
// recorded without one where it cannot.
func TestSaveFor(t *testing.T) {
	for _, name := range []string{"faces", "1FACES", "FACES-TELEMETRY", "FACES\n", strings.Repeat("X", 101)} {
		f := place(t)
		if err := f.Save(context.Background(), Record{Decision: Granted, Notice: 1, For: name}); err == nil || !strings.Contains(err.Error(), "consent: for ") {
			t.Errorf("a yes for %q: got %v, want an error that begins with %q", name, err, "consent: for ")
		}
		if err := f.Save(context.Background(), Record{Decision: Denied, Notice: 1, For: name}); err != nil {
			t.Errorf("a no for %q: got %v, want nil", name, err)
		}
		if r, err := f.Consent(context.Background()); r.Decision != Denied || r.For != "" || err != nil {
			t.Errorf("a no for %q: got %+v, %v, want it without the name", name, r, err)
		}
	}
	f := place(t)
	longest := Record{Decision: Granted, Notice: 1, For: strings.Repeat("X", 100)}
	if err := f.Save(context.Background(), longest); err != nil {
		t.Errorf("100 bytes: got %v, want nil", err)
	}
}
