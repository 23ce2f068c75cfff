package prompt

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"headcount.example/consent"
)

func TestText(t *testing.T) {
	const want = `Send usage statistics of Shop to Example GmbH?
At most once a day, with a random identifier: how many users exist, in ranges; which features are used.
Nothing else depends on your answer. Change it any time: shop settings telemetry on|off
y: yes, n: no, Enter: not now, ?: everything sent. [y/N] `
	got := shop().text()
	if got != want {
		t.Errorf("the question is\n%s\nwant\n%s", got, want)
	}
	if n := len(strings.Fields(got)); n > 60 {
		t.Errorf("%d words", n)
	}
	for _, never := range []string{"anonym", "please", "help", "improve", "recommend", "[Y/n]"} {
		if strings.Contains(strings.ToLower(got), never) {
			t.Errorf("the question says %q", never)
		}
	}
}

func TestSeeEverything(t *testing.T) {
	var out bytes.Buffer
	if _, err := Ask(t.Context(), shop(), strings.NewReader("?\n\n"), &out); err != nil {
		t.Fatal(err)
	}
	if want := shop().text() + "\n" + shop().Text + "\n\n" + shop().text(); out.String() != want {
		t.Errorf("said\n%s\nwant\n%s", &out, want)
	}
}

// Nothing in a text can move the cursor, colour, hide or turn around, or
// print an answer of its own.
func TestControlCharacters(t *testing.T) {
	const hostile = "a\x1b[2J\x1b]0;t\ab\rc\x00d\u202ee\u200bf\u0085g\x7fh\ti\xffj"
	q := shop()
	q.Product, q.Recipient, q.Summary, q.Change = hostile, "r\x1b[1A", "s\u202e", "one\ntwo"
	q.Text = "first\r\nsecond\n" + hostile
	var out bytes.Buffer
	if _, err := Ask(t.Context(), q, strings.NewReader("?\n"), &out); err != nil {
		t.Fatal(err)
	}
	for _, r := range out.String() {
		if r != '\n' && (r < ' ' || r == 0x7f || r == 0x85 || r == 0x202e || r == 0x200b) {
			t.Errorf("printed %U in %q", r, out.String())
		}
	}
	for _, want := range []string{"statistics of a [2J ]0;t b c d e f g h i\ufffdj to r [1A?", "any time: one two\n", "\nfirst\nsecond\na"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in %q", want, out.String())
		}
	}
}

func TestFaultyQuestions(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Question)
		says   string
	}{
		"no product":           {func(q *Question) { q.Product = "" }, "no product"},
		"invisible product":    {func(q *Question) { q.Product = "\u200b\x1b" }, "no product"},
		"no recipient":         {func(q *Question) { q.Recipient = " " }, "no recipient"},
		"no summary":           {func(q *Question) { q.Summary = "" }, "no summary"},
		"no way to change":     {func(q *Question) { q.Change = "" }, "no change"},
		"nothing to show":      {func(q *Question) { q.Text = "\n" }, "no text to show"},
		"long product":         {func(q *Question) { q.Product = strings.Repeat("a", 201) }, "longer than 200 bytes"},
		"too many words":       {func(q *Question) { q.Summary = strings.Repeat("so ", 40) }, "more than 60"},
		"claims anonymity":     {func(q *Question) { q.Summary = "Anonymous numbers" }, `"Anonymous numbers" promises`},
		"claims anonymisation": {func(q *Question) { q.Summary = "anonymised numbers" }, "promises"},
		"claims it in Spanish": {func(q *Question) { q.Summary = "n\u00fameros an\u00f3nimos" }, "promises"},
		"claims it in parts":   {func(q *Question) { q.Summary = "numeros ano\u0301nimos" }, "promises"},
		"claims it invisibly":  {func(q *Question) { q.Summary = "an\u200bonymous numbers" }, "promises"},
		"anonymous recipient":  {func(q *Question) { q.Recipient = "anonymous statistics" }, `recipient "anonymous statistics" promises`},
		"notice 0":             {func(q *Question) { q.Notice = 0 }, "notice"},
		"no variable":          {func(q *Question) { q.Variable = "" }, `""`},
		"malformed variable":   {func(q *Question) { q.Variable = "shop-telemetry" }, `"shop-telemetry"`},
	} {
		t.Run(name, func(t *testing.T) {
			q := shop()
			test.change(&q)
			in, out := strings.NewReader("y\n"), &bytes.Buffer{}
			record, err := Ask(t.Context(), q, in, out)
			if record != (consent.Record{}) || err == nil || !strings.Contains(err.Error(), test.says) || !strings.HasPrefix(err.Error(), "prompt: ") {
				t.Errorf("record %+v, error %v, want %q", record, err, test.says)
			}
			if out.Len() != 0 || in.Len() != 2 {
				t.Errorf("said %q, read %d bytes", out, 2-in.Len())
			}
		})
	}
	_, err := Ask(t.Context(), Question{}, strings.NewReader("y\n"), &bytes.Buffer{})
	if n := strings.Count(err.Error(), "prompt: "); n != 6 {
		t.Errorf("the zero question has %d faults: %v", n, err)
	}
}

// One rule for both places where people are asked.
func TestSameRuleAsThePanel(t *testing.T) {
	source, err := os.ReadFile("../panel/texts.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"regexp.MustCompile(`" + promise.String() + "`)", "unicode.In(r, unicode.M, unicode.Cf)"} {
		if !strings.Contains(string(source), part) {
			t.Errorf("package panel has another rule than %s", part)
		}
	}
}
