package prompt

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"headcount.example/catalog"
	"headcount.example/consent"
)

// The tests decide for themselves what the environment says, in CI too.
func TestMain(m *testing.M) {
	for _, name := range []string{
		"CI", "CONTINUOUS_INTEGRATION", "JENKINS_URL", "TEAMCITY_VERSION", "TF_BUILD", "CODEBUILD_BUILD_ID", "bamboo_buildKey",
		"TERM", "LC_ALL", "LC_MESSAGES", "LANG", "DO_NOT_TRACK", "OTEL_SDK_DISABLED", "SHOP_TELEMETRY",
	} {
		_ = os.Unsetenv(name)
	}
	if helper := os.Getenv("PROMPT_TEST_HELPER"); helper != "" {
		os.Exit(help(helper))
	}
	os.Exit(m.Run())
}

func shop() Question {
	return Question{Catalog: list(3), Change: "shop settings telemetry on|off"}
}

func list(notice int) *catalog.Catalog {
	return catalog.New("Shop", notice, catalog.About{
		Recipient: "Example GmbH", Purpose: "To see which parts of the shop are used.", ReportDays: 30, FigureDays: 400, ErasureDays: 14,
		Contact: "privacy@shop.example", Policy: "https://shop.example/privacy",
	}, catalog.NewCounter("shop.user.created", "{user}", catalog.Text{
		Title: "Users created", Description: "A user was created.", Question: "How many people use the shop?"}))
}

func TestAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		typed     string
		want      consent.Decision
		questions int
		left      string // of what was typed
	}{
		"yes":                        {"y\nls\n", consent.Granted, 1, "ls\n"},
		"the whole word":             {"Yes\n", consent.Granted, 1, ""},
		"spaces and a CR":            {"  y \r\n", consent.Granted, 1, ""},
		"no":                         {"n\nls\n", consent.Denied, 1, "ls\n"},
		"the whole word no":          {"NO\n", consent.Denied, 1, ""},
		"Enter":                      {"\nls\n", consent.Undecided, 1, "ls\n"},
		"Enter with a CR":            {"\r\n", consent.Undecided, 1, ""},
		"end of input":               {"", consent.Undecided, 1, ""},
		"y and the end of input":     {"y", consent.Undecided, 1, ""},
		"n and the end of input":     {"n", consent.Undecided, 1, ""},
		"something else, then yes":   {"sure\ny\n", consent.Granted, 2, ""},
		"something else, then no":    {"1\nn\n", consent.Denied, 2, ""},
		"something else twice":       {"sure\nok\ny\n", consent.Undecided, 2, "y\n"},
		"something else, then Enter": {"sure\n\ny\n", consent.Undecided, 2, "y\n"},
		"see, then yes":              {"?\ny\n", consent.Granted, 2, ""},
		"see, then Enter":            {"?\n\n", consent.Undecided, 2, ""},
		"see, something else, yes":   {"?\nhm\ny\n", consent.Granted, 3, ""},
		"see for ever":               {strings.Repeat("?\n", 6) + "y\n", consent.Undecided, 5, "?\ny\n"},
		"y is not yep":               {"yep\n\n", consent.Undecided, 2, ""},
		"a long line":                {"y" + strings.Repeat(" ", 100) + "\n\nls\n", consent.Undecided, 2, "ls\n"},
		"a line without an end":      {strings.Repeat("y", 5000) + "\ny\n", consent.Undecided, 1, strings.Repeat("y", 904) + "\ny\n"},
		"zero bytes":                 {"y\x00\n\x00\n", consent.Undecided, 2, ""},
	} {
		t.Run(name, func(t *testing.T) {
			in, out := strings.NewReader(test.typed), &bytes.Buffer{}
			record, err := Ask(t.Context(), shop(), in, out)
			if err != nil {
				t.Fatal(err)
			}
			want := consent.Record{}
			if test.want != consent.Undecided {
				want = consent.Record{Decision: test.want, Notice: 3, Where: "terminal", For: "SHOP_TELEMETRY", Time: record.Time}
				if age := time.Since(record.Time); age < 0 || age > time.Minute {
					t.Errorf("given at %s", record.Time)
				}
			}
			if record != want {
				t.Errorf("record %+v, want %+v", record, want)
			}
			if n := strings.Count(out.String(), "[y/N] "); n != test.questions {
				t.Errorf("asked %d times, want %d:\n%s", n, test.questions, out)
			}
			if left, _ := io.ReadAll(in); string(left) != test.left {
				t.Errorf("left %q, want %q", left, test.left)
			}
		})
	}
}

// Who answers is in the record, and nowhere on the screen.
func TestBy(t *testing.T) {
	q, out := shop(), &bytes.Buffer{}
	q.By = "account 7"
	record, err := Ask(t.Context(), q, strings.NewReader("y\n"), out)
	if err != nil || record.By != q.By || strings.Contains(out.String(), q.By) {
		t.Errorf("got %+v, %v, want it by %q and not in\n%s", record, err, q.By, out)
	}
}

// What Ask returns can be saved, and then there is nothing to ask.
func TestSaved(t *testing.T) {
	for typed, on := range map[string]bool{"y\n": true, "n\n": false} {
		decisions := consent.NewFile(filepath.Join(t.TempDir(), "telemetry"))
		q := shop()
		q.Decided = decisions
		record, err := Ask(t.Context(), q, strings.NewReader(typed), &bytes.Buffer{})
		if err != nil {
			t.Fatal(err)
		}
		if err := decisions.Save(t.Context(), record); err != nil {
			t.Fatal(err)
		}
		if got := consent.Evaluate(t.Context(), q.Catalog.Variable(), 3, nil, decisions); got.On() != on {
			t.Errorf("after %q: %+v", typed, got)
		}
		silentAsk(t, q)
		q.Catalog = list(4) // a newer notice: a yes was to the old list, a no is for good
		if record, err = Ask(t.Context(), q, strings.NewReader("y\n"), &bytes.Buffer{}); err != nil || (record.Decision == consent.Granted) != on {
			t.Errorf("asked about notice 4 after %q to notice 3: %+v, %v", typed, record, err)
		}
	}
}

// silentAsk checks that nothing is asked and nothing is read.
func silentAsk(t *testing.T, q Question) {
	t.Helper()
	in, out := strings.NewReader("y\n"), &bytes.Buffer{}
	record, err := Ask(t.Context(), q, in, out)
	if record != (consent.Record{}) || err != nil || out.Len() != 0 || in.Len() != 2 {
		t.Errorf("record %+v, %v; said %q; %d bytes left", record, err, out, in.Len())
	}
}

func TestNoQuestion(t *testing.T) {
	for _, setting := range []string{
		"DO_NOT_TRACK=1", "DO_NOT_TRACK=yes", "OTEL_SDK_DISABLED=true", "SHOP_TELEMETRY=off", "SHOP_TELEMETRY=of", "SHOP_TELEMETRY=accept:3",
		"CI=true", "CI=1", "CI=woodpecker", "CONTINUOUS_INTEGRATION=1", "JENKINS_URL=http://ci.example", "TEAMCITY_VERSION=1", "TF_BUILD=True",
		"CODEBUILD_BUILD_ID=a:b", "bamboo_buildKey=A-B", "TERM=dumb",
	} {
		t.Run(setting, func(t *testing.T) {
			name, value, _ := strings.Cut(setting, "=")
			t.Setenv(name, value)
			silentAsk(t, shop())
		})
	}
}

func TestQuestionInSpiteOf(t *testing.T) {
	for _, setting := range []string{
		"DO_NOT_TRACK=", "DO_NOT_TRACK=0", "DO_NOT_TRACK=false", "CI=", "CI=0", "CI=false", "TERM=xterm", "SHOP_TELEMETRY=", "SHOP_TELEMETRY=accept:2",
	} {
		t.Run(setting, func(t *testing.T) {
			name, value, _ := strings.Cut(setting, "=")
			t.Setenv(name, value)
			if record, err := Ask(t.Context(), shop(), strings.NewReader("y\n"), &bytes.Buffer{}); record.Decision != consent.Granted || err != nil {
				t.Errorf("record %+v, %v", record, err)
			}
		})
	}
}
