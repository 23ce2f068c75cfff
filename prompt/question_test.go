package prompt

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"headcount.example/catalog"
	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/internal/texts"
	"headcount.example/internal/words"
)

const asked80 = `Example GmbH asks for usage statistics of Shop.
Why: To see which parts of the shop are used.
What: Users created. Once a day, and when an administrator asks, with a random
identifier, so that each installation counts once.
Never: names, texts, pictures or addresses.
Kept: reports for 30 days, figures of a single installation for 400 days.
Nothing else depends on your answer. Change it any time: shop settings telemetry
on|off

Send usage statistics to Example GmbH?
y: yes, n: no, Enter: not now, ?: everything that would be sent [y/N] `

// said is what a person reads who types this.
func said(t *testing.T, q Question, typed string) string {
	t.Helper()
	var out bytes.Buffer
	if _, err := Ask(t.Context(), q, strings.NewReader(typed), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestEachAnswerIsConfirmed(t *testing.T) {
	for typed, want := range map[string]string{
		"y\n":      asked80 + "On. Reports go to Example GmbH. Change it any time: shop settings telemetry\non|off\n",
		"n\n":      asked80 + "Off. Nothing will be sent. Change it any time: shop settings telemetry on|off\n",
		"\n":       asked80 + "Not now. Nothing was decided and nothing is sent.\n",
		"":         asked80 + "\nNo answer. Nothing was decided and nothing is sent.\n",
		"eh\n\n":   asked80 + "Please answer y or n.\n" + asked80[strings.LastIndex(asked80, "\ny: ")+1:] + "Not now. Nothing was decided and nothing is sent.\n",
		"eh\neh\n": asked80 + "Please answer y or n.\n" + asked80[strings.LastIndex(asked80, "\ny: ")+1:] + "Not now. Nothing was decided and nothing is sent.\n",
	} {
		if got := said(t, shop(), typed); got != want {
			t.Errorf("%q: said\n%s\nwant\n%s", typed, got, want)
		}
	}
}

// The notice is plain text: no Markdown, no comment for those who edit it, and
// every sentence of it.
func TestSeeEverything(t *testing.T) {
	q := shop()
	q.Catalog = compreface.Catalog
	for _, tag := range texts.Languages() {
		q.Language = tag
		shown := said(t, q, "?\n\n")
		for _, never := range []string{"<!--", "-->", "| ", " |", "# ", "`", "**", "---", "\n\n\n"} {
			if strings.Contains(shown, never) {
				t.Errorf("%s: the notice has %q:\n%s", tag, never, shown)
			}
		}
		squeeze := func(text string) string { return strings.Join(strings.Fields(plain(text)), "") }
		all := squeeze(strings.ReplaceAll(shown, "\n", " "))
		blocks, own := q.Catalog.Document(tag)
		for _, b := range blocks {
			for _, text := range append(slices.Concat(append(b.Rows, b.Items)...), b.Heading, b.Text) {
				if !strings.Contains(all, squeeze(text)) {
					t.Errorf("%s: the notice does not say %q", tag, text)
				}
			}
		}
		if !own {
			t.Errorf("%s: the catalog's sentences are English", tag)
		}
	}
}

// No line is longer than the terminal is wide, in any language; nothing is
// coloured, with or without NO_COLOR.
func TestWidth(t *testing.T) {
	q := shop()
	q.Catalog = compreface.Catalog
	for _, tag := range append(texts.Languages(), "x-pseudo") {
		for asked, want := range map[int]int{0: 80, 10: 40, 40: 40, 72: 72, 100: 100, 300: 100} {
			l := words.Match(tag)
			d := &dialogue{Question: q, l: l, texts: q.Catalog.Texts(tag), page: size{width: asked}.fit()}
			longest := 0
			for line := range strings.SplitSeq(d.question()+"\n"+strings.Join(d.notice(), "\n"), "\n") {
				if strings.ContainsRune(strings.TrimLeft(line, " -"), ' ') || !strings.ContainsAny(line, "./_") {
					longest = max(longest, wide(line))
				}
				if strings.ContainsRune(line, '\x1b') || line != strings.TrimRight(line, " ") && !strings.HasSuffix(line, "[y/N] ") {
					t.Errorf("%s: the line %q", tag, line)
				}
			}
			if longest > want+1 || longest < want-12 {
				t.Errorf("%s: the longest line on a terminal of %d columns has %d, want about %d", tag, asked, longest, want)
			}
		}
	}
}

func TestWrap(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "\n",
		"one":                   "> one\n",
		"one two three":         "> one two\n  three\n",
		"longerthantheline":     "> longerthantheline\n",
		"a longerthantheline b": "> a\n  longerthantheline\n  b\n",
		"日本語の文章です。":             "> 日本語の\n  文章で\n  す。\n",
		"e\u0301e\u0301e\u0301 e\u0301e\u0301e\u0301e\u0301": "> e\u0301e\u0301e\u0301 e\u0301e\u0301e\u0301e\u0301\n",
		"a\x1b[2J\tb\u202e": "> a [2J b\n",
		"\u2068a\u2069 b":   "> a b\n",
	} {
		if text == "" {
			if got := wrap(text, 10, "", ""); got != want {
				t.Errorf("%q: %q, want %q", text, got, want)
			}
		} else if got := wrap(text, 10, "> ", "  "); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestLanguage(t *testing.T) {
	for _, tag := range texts.Languages() {
		for name, env := range map[string]map[string]string{
			"LC_ALL": {"LC_ALL": tag + "_XX.UTF-8", "LC_MESSAGES": "en_GB", "LANG": "en"}, "LC_MESSAGES": {"LC_MESSAGES": tag + ".utf8", "LANG": "C"},
			"LANG": {"LANG": tag + "@euro"},
		} {
			q := Question{Env: func(name string) (string, bool) { return env[name], env[name] != "" }}
			if got := q.language().Tag; got != tag {
				t.Errorf("%s says %s, the question is in %s", name, env[name], got)
			}
		}
		for _, locale := range []string{"", "C", "POSIX", "C.UTF-8", tag + ".ISO-8859-1", tag + "_XX.EUC-JP", "\x00", "_"} {
			q := Question{Env: func(string) (string, bool) { return locale, true }}
			if got := q.language().Tag; got != "en" {
				t.Errorf("%q: the question is in %s", locale, got)
			}
		}
		if got := (Question{Language: tag}).language().Tag; got != tag {
			t.Errorf("the product says %s, the question is in %s", tag, got)
		}
	}
}

// A terminal that does not know UTF-8 shows the English question as it is.
func TestEnglishIsASCII(t *testing.T) {
	q := shop()
	q.Catalog = compreface.Catalog
	if shown := said(t, q, "?\n\n"); strings.ContainsFunc(shown, func(r rune) bool { return r > '~' || r < ' ' && r != '\n' }) {
		t.Errorf("the question is not ASCII:\n%s", shown)
	}
}

// Nothing in a text can move the cursor, colour, hide or turn around, or
// print an answer of its own.
func TestControlCharacters(t *testing.T) {
	q := shop()
	q.Change = "a\x1b[2J\x1b]0;t\ab\rc\x00d\u202ee\u200bf\u0085g\x7fh\ti\xffj\nk"
	shown := said(t, q, "?\n\n")
	for _, r := range shown {
		if r != '\n' && (r < ' ' || r == 0x7f || r == 0x85 || r == 0x202e || r == 0x200b) {
			t.Errorf("printed %U in %q", r, shown)
		}
	}
	if want := "any time: a [2J ]0;t b c d e f g\nh"; !strings.Contains(shown, want) {
		t.Errorf("no %q in %q", want, shown)
	}
}

func TestFaultyQuestions(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Question)
		says   string
	}{
		"no catalog":       {func(q *Question) { q.Catalog = nil }, "prompt: catalog: no catalog"},
		"a faulty catalog": {func(q *Question) { q.Catalog = catalog.New("Shop", 0, catalog.About{}) }, "prompt: catalog: "},
		"no way to change": {func(q *Question) { q.Change = " \u200b\x1b" }, "prompt: the question has no Change"},
		"a long name":      {func(q *Question) { q.By = strings.Repeat("a", 101) }, "by is not printable text of at most 100 bytes"},
		"a long way":       {func(q *Question) { q.Change = strings.Repeat("a", 201) }, "longer than 200 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			q := shop()
			test.change(&q)
			in, out := strings.NewReader("y\n"), &bytes.Buffer{}
			record, err := Ask(t.Context(), q, in, out)
			if record != (consent.Record{}) || err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("record %+v, error %v, want %q", record, err, test.says)
			}
			if out.Len() != 0 || in.Len() != 2 {
				t.Errorf("said %q, read %d bytes", out, 2-in.Len())
			}
		})
	}
}
