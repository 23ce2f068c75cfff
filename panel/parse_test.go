package panel

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"headcount.example/consent"
)

func TestParseForm(t *testing.T) {
	for body, want := range map[string]answer{
		"decision=granted&notice=1&seen=ab":         {decision: consent.Granted, notice: 1, seen: "ab"},
		"seen=ab&notice=12&decision=denied":         {decision: consent.Denied, notice: 12, seen: "ab"},
		"decision=erase&notice=1&seen=ab":           {decision: consent.Denied, notice: 1, erase: true, seen: "ab"},
		"decision=denied&notice=1&seen=ab&csrf=xyz": {decision: consent.Denied, notice: 1, seen: "ab"}, // a field of the application's
		"decision=grant%65d&notice=1&seen=x":        {decision: consent.Granted, notice: 1, seen: "x"},
	} {
		if got, _, ok := parseForm(body); !ok || got != want {
			t.Errorf("%s: %v %v", body, got, ok)
		}
	}
	for _, body := range []string{
		"", "decision=granted", "decision=granted&notice=1", "notice=1&seen=ab", "decision=granted&seen=ab",
		"decision=granted&decision=granted&notice=1&seen=ab", "decision=granted&decision=denied&notice=1&seen=ab",
		"decision=granted&notice=1&notice=1&seen=ab", "decision=granted&notice=1&seen=ab&seen=ab",
		"decision=granted&notice=1&seen=ab&headcount_token=a&headcount_token=a", "decision=granted&notice=1&seen=", "decision=&notice=1&seen=ab",
		"decision=Granted&notice=1&seen=ab", "decision=on&notice=1&seen=ab", "decision=undecided&notice=1&seen=ab",
		"decision=granted&notice=0&seen=ab", "decision=granted&notice=-1&seen=ab", "decision=granted&notice=01&seen=ab",
		"decision=granted&notice=1.0&seen=ab", "decision=granted&notice=%2B1&seen=ab", "decision=granted&notice=99999999999999999999&seen=ab",
		"decision=granted;notice=1;seen=ab", "decision=granted&notice=1&seen=%zz", "decision[]=granted&notice=1&seen=ab",
	} {
		if got, _, ok := parseForm(body); ok || got != (answer{}) {
			t.Errorf("%s: is an answer: %v", body, got)
		}
	}
}

func TestParseJSON(t *testing.T) {
	for body, want := range map[string]answer{
		`{"decision":"granted","notice":1}`:                    {decision: consent.Granted, notice: 1},
		" {\n\"notice\" : 2 , \"decision\":\"denied\"}\n":      {decision: consent.Denied, notice: 2},
		`{"decision":"granted","notice":1,"seen":"ab"}`:        {decision: consent.Granted, notice: 1, seen: "ab"},
		`{"decision":"denied","notice":1,"erase":true}`:        {decision: consent.Denied, notice: 1, erase: true},
		`{"decision":"denied","notice":1,"erase":false}`:       {decision: consent.Denied, notice: 1},
		`{"decision":"granted","notice":1,"erase":false}`:      {decision: consent.Granted, notice: 1},
		`{"decision":"\u0067ranted","notice":1,"erase":false}`: {decision: consent.Granted, notice: 1},
	} {
		if got, err := parseJSON([]byte(body)); err != nil || got != want {
			t.Errorf("%s: %v %v", body, got, err)
		}
	}
	for _, body := range []string{
		"", "null", "true", "[]", "{}", `"granted"`, `{"decision":"granted"}`, `{"notice":1}`,
		`{"decision":"granted","notice":1}x`, `{"decision":"granted","notice":1}{}`, `{"decision":"granted","notice":1} null`,
		`{"decision":"granted","notice":1`, `{"decision":"granted","notice":1,}`, `{"decision":"granted","notice":1,"x":1}`,
		`{"decision":"denied","decision":"granted","notice":1}`, `{"DECISION":"granted","notice":1}`, `{"Decision":"granted","notice":1}`,
		`{"decision":"denied","Decision":"granted","notice":1}`, `{"decision":"granted","notice":1,"notice":1}`,
		`{"decision":"granted","notice":"1"}`, `{"decision":"granted","notice":1.0}`, `{"decision":"granted","notice":1e0}`,
		`{"decision":"granted","notice":null}`, `{"decision":"granted","notice":0}`, `{"decision":"granted","notice":-1}`,
		`{"decision":"granted","notice":[1]}`, `{"decision":true,"notice":1}`, `{"decision":null,"notice":1}`, `{"decision":"yes","notice":1}`,
		`{"decision":"","notice":1}`, `{"decision":"undecided","notice":1}`, `{"decision":"erase","notice":1}`,
		`{"decision":"granted","notice":1,"seen":1}`, `{"decision":"granted","notice":1,"seen":null}`,
		`{"decision":"granted","notice":1,"seen":"a","seen":"b"}`, `{"decision":"granted","notice":1,"Seen":"a"}`,
		`{"decision":"granted","notice":1,"erase":true}`, `{"decision":"denied","notice":1,"erase":"true"}`,
		`{"decision":"denied","notice":1,"erase":null}`, `{"decision":"denied","notice":1,"erase":1}`,
		`[{"decision":"granted","notice":1}]`, `{"a":{"decision":"granted","notice":1}}`, strings.Repeat(`{"a":`, 1000),
	} {
		if got, err := parseJSON([]byte(body)); err == nil || got != (answer{}) {
			t.Errorf("%s: is an answer: %v", body, got)
		}
	}
}

// Whatever a form is, an answer is one of three, and says the same again.
func FuzzParseForm(f *testing.F) {
	f.Add("decision=granted&notice=1&seen=ab")
	f.Add("decision=erase&notice=1&seen=ab&decision=granted")
	f.Fuzz(func(t *testing.T, body string) {
		a, _, ok := parseForm(body)
		sound(t, body, a, ok)
		if !ok {
			return
		}
		word := a.decision.String()
		if a.erase {
			word = "erase"
		}
		again := url.Values{"decision": {word}, "notice": {strconv.Itoa(a.notice)}, "seen": {a.seen}}.Encode()
		if b, _, ok := parseForm(again); !ok || a != b {
			t.Errorf("%q is %v, and said again %v", body, a, b)
		}
	})
}

// What we understand as a yes is one to every other decoder as well.
func FuzzParseJSON(f *testing.F) {
	f.Add(`{"decision":"granted","notice":1,"seen":"ab"}`)
	f.Add(`{"decision":"denied","notice":1,"erase":true,"Decision":"granted"}`)
	f.Fuzz(func(t *testing.T, body string) {
		a, err := parseJSON([]byte(body))
		sound(t, body, a, err == nil)
		if err != nil {
			return
		}
		var other struct {
			Decision consent.Decision
			Notice   int
			Erase    bool
			Seen     string
		}
		if err := json.Unmarshal([]byte(body), &other); err != nil || other.Decision != a.decision || other.Notice != a.notice || other.Erase != a.erase || other.Seen != a.seen {
			t.Errorf("%q is %v, and to another decoder %v, %v", body, a, other, err)
		}
	})
}

func sound(t *testing.T, body string, a answer, ok bool) {
	t.Helper()
	switch {
	case !ok && a != (answer{}):
		t.Errorf("%q is no answer, and %v", body, a)
	case ok && (a.decision != consent.Granted && a.decision != consent.Denied || a.notice < 1 || a.erase && a.decision != consent.Denied):
		t.Errorf("%q is %v", body, a)
	}
}

// The word by which an open question is told from one that cannot be read.
func TestNotDecided(t *testing.T) {
	if s := consent.Evaluate(t.Context(), "SHOP_TELEMETRY", 1, func(string) (string, bool) { return "", false }, nil); s.Reason != notDecided {
		t.Errorf("consent says %q", s.Reason)
	}
}

// What was added to a history is told also where the oldest records are lost.
func TestSince(t *testing.T) {
	history := func(letters string) (list []consent.Record) {
		for _, c := range letters {
			list = append(list, consent.Record{Decision: consent.Granted, Notice: 1, Where: string(c)})
		}
		return list
	}
	for _, c := range []struct{ before, after, want string }{
		{"", "", ""}, {"", "a", "a"}, {"", "ab", "ab"}, {"a", "a", ""}, {"a", "ab", "b"}, {"ab", "abcd", "cd"},
		{"abc", "bcd", "d"}, {"abc", "cde", "de"}, {"abc", "def", "def"}, {"a", "b", "b"}, {"abc", "d", "d"}, {"abc", "", ""}, {"aab", "aba", "a"},
	} {
		var got string
		for _, r := range since(history(c.before), history(c.after)) {
			got += r.Where
		}
		if got != c.want {
			t.Errorf("from %q to %q: %q, want %q", c.before, c.after, got, c.want)
		}
	}
}
