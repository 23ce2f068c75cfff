package answer

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"headcount.example/consent"
)

func TestForm(t *testing.T) {
	for body, want := range map[string]Answer{
		"decision=granted&notice=1&seen=ab":         {Decision: consent.Granted, Notice: 1, Seen: "ab"},
		"seen=ab&notice=12&decision=denied":         {Decision: consent.Denied, Notice: 12, Seen: "ab"},
		"decision=erase&notice=1&seen=ab":           {Decision: consent.Denied, Notice: 1, Erase: true, Seen: "ab"},
		"decision=denied&notice=1&seen=ab&csrf=xyz": {Decision: consent.Denied, Notice: 1, Seen: "ab"}, // a field of the application's
		"decision=grant%65d&notice=1&seen=x":        {Decision: consent.Granted, Notice: 1, Seen: "x"},
	} {
		if got, _, ok := Form(body); !ok || got != want {
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
		if got, _, ok := Form(body); ok || got != (Answer{}) {
			t.Errorf("%s: is an answer: %v", body, got)
		}
	}
}

func TestJSON(t *testing.T) {
	for body, want := range map[string]Answer{
		`{"decision":"granted","notice":1}`:                    {Decision: consent.Granted, Notice: 1},
		" {\n\"notice\" : 2 , \"decision\":\"denied\"}\n":      {Decision: consent.Denied, Notice: 2},
		`{"decision":"granted","notice":1,"seen":"ab"}`:        {Decision: consent.Granted, Notice: 1, Seen: "ab"},
		`{"decision":"denied","notice":1,"erase":true}`:        {Decision: consent.Denied, Notice: 1, Erase: true},
		`{"decision":"denied","notice":1,"erase":false}`:       {Decision: consent.Denied, Notice: 1},
		`{"decision":"granted","notice":1,"erase":false}`:      {Decision: consent.Granted, Notice: 1},
		`{"decision":"\u0067ranted","notice":1,"erase":false}`: {Decision: consent.Granted, Notice: 1},
	} {
		if got, err := JSON([]byte(body)); err != nil || got != want {
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
		if got, err := JSON([]byte(body)); err == nil || got != (Answer{}) {
			t.Errorf("%s: is an answer: %v", body, got)
		}
	}
}

// Whatever a form is, an answer is one of three, and says the same again.
func FuzzForm(f *testing.F) {
	f.Add("decision=granted&notice=1&seen=ab")
	f.Add("decision=erase&notice=1&seen=ab&decision=granted")
	f.Fuzz(func(t *testing.T, body string) {
		a, _, ok := Form(body)
		sound(t, body, a, ok)
		if !ok {
			return
		}
		word := a.Decision.String()
		if a.Erase {
			word = "erase"
		}
		again := url.Values{"decision": {word}, "notice": {strconv.Itoa(a.Notice)}, "seen": {a.Seen}}.Encode()
		if b, _, ok := Form(again); !ok || a != b {
			t.Errorf("%q is %v, and said again %v", body, a, b)
		}
	})
}

// What we understand as a yes is one to every other decoder as well.
func FuzzJSON(f *testing.F) {
	f.Add(`{"decision":"granted","notice":1,"seen":"ab"}`)
	f.Add(`{"decision":"denied","notice":1,"erase":true,"Decision":"granted"}`)
	f.Fuzz(func(t *testing.T, body string) {
		a, err := JSON([]byte(body))
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
		if err := json.Unmarshal([]byte(body), &other); err != nil || other.Decision != a.Decision || other.Notice != a.Notice || other.Erase != a.Erase || other.Seen != a.Seen {
			t.Errorf("%q is %v, and to another decoder %v, %v", body, a, other, err)
		}
	})
}

func sound(t *testing.T, body string, a Answer, ok bool) {
	t.Helper()
	switch {
	case !ok && a != (Answer{}):
		t.Errorf("%q is no answer, and %v", body, a)
	case ok && (a.Decision != consent.Granted && a.Decision != consent.Denied || a.Notice < 1 || a.Erase && a.Decision != consent.Denied):
		t.Errorf("%q is %v", body, a)
	}
}
