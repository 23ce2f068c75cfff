package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"headcount.example/catalog/affiliate"
)

var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "headcount-affiliate-test-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "affiliate")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		return path, fmt.Errorf("%w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, _ := binary(); path != "" {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// shop is an installation of the platform.
type shop struct {
	t        *testing.T
	data     string
	endpoint string
	env      []string // and nothing else
}

func open(t *testing.T, endpoint string, env ...string) *shop {
	t.Helper()
	return &shop{t, filepath.Join(t.TempDir(), "data"), endpoint, env}
}

func (s *shop) prepare(args ...string) *exec.Cmd {
	s.t.Helper()
	path, err := binary()
	if err != nil {
		s.t.Fatal(err)
	}
	c := exec.CommandContext(s.t.Context(), path, append([]string{"--data", s.data, "--stats", s.endpoint}, args...)...)
	c.Env = append([]string{"PATH=/usr/bin:/bin"}, s.env...)
	return c
}

// run runs one command, which must end with this code, and returns what it
// said on both outputs.
func (s *shop) run(code int, command string) (out, fault string) {
	s.t.Helper()
	var stdout, stderr bytes.Buffer
	c := s.prepare(strings.Fields(command)...)
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || c.ProcessState.ExitCode() != code {
		s.t.Fatalf("%s: %v, want code %d\n%s%s", command, err, code, &stdout, &stderr)
	}
	return stdout.String(), stderr.String()
}

// kept lists what the statistics keep.
func (s *shop) kept() []string {
	names := []string{}
	entries, _ := os.ReadDir(filepath.Join(s.data, "telemetry"))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// The canaries are everything that a person typed.
const program, other, affiliateName, amount = "canary-program", "canary-other", "canary-ada", "987654"

// work is a day's work, with everything that can succeed and fail in it.
func (s *shop) work() {
	s.t.Helper()
	s.run(0, "program create "+program)
	s.run(0, "program create "+other)
	s.run(0, "program create empty")
	s.run(1, "program create "+program) // taken: a slip
	s.run(1, "join nowhere "+affiliateName)
	s.run(0, "join "+other+" "+affiliateName)
	for i := range 12 {
		s.run(0, fmt.Sprintf("join %s %s-%d", program, affiliateName, i))
	}
	s.run(0, "referral "+other+" "+affiliateName+" "+amount)
	s.run(0, "referral "+other+" "+affiliateName+" 1")
	s.run(1, "referral "+other+" canary-bob 1")
	s.run(1, "referral "+other+" "+affiliateName+" -1")
	s.run(2, "referral "+other+" "+affiliateName+" much")
	s.run(0, "payout "+other+" "+affiliateName)
	s.run(1, "payout "+other+" "+affiliateName) // nothing owed
	s.run(0, "referral "+other+" "+affiliateName+" 5")
	s.spoil("payments.jsonl", func() { s.run(1, "payout "+other+" "+affiliateName) })
	s.run(0, "report")
	s.run(0, "report --json")
	s.spoil("state.json", func() { s.run(1, "report") })
}

// spoil puts a directory in the place of a file for a while.
func (s *shop) spoil(name string, during func()) {
	s.t.Helper()
	path := filepath.Join(s.data, name)
	if err := errors.Join(os.Rename(path, path+".kept"), os.Mkdir(path, 0o700)); err != nil {
		s.t.Fatal(err)
	}
	during()
	if err := errors.Join(os.Remove(path), os.Rename(path+".kept", path)); err != nil {
		s.t.Fatal(err)
	}
}

// counted is what one day's work comes to.
var counted = map[string]int64{
	"affiliate.action PROGRAM_CREATE": 3, "affiliate.action AFFILIATE_JOIN": 13, "affiliate.action REFERRAL_RECORD": 3,
	"affiliate.action PAYOUT_COMPLETE": 1, "affiliate.error REFERRAL_REJECTED": 2, "affiliate.error PAYOUT_FAILED": 2,
	"affiliate.error INTERNAL": 1, "affiliate.feature.used PAYOUTS": 3, "affiliate.feature.used REPORTS": 2,
	"affiliate.program.count 0": 1, "affiliate.program.count 1-10": 1, "affiliate.program.count 11-50": 1,
}

// From end to end, with the real program and the real Collector.
func TestConsentFromEndToEnd(t *testing.T) {
	c := startCollector(t)
	s := open(t, c.url)

	s.work()
	s.run(1, "settings telemetry send")
	s.run(0, "settings telemetry preview")
	if n, kept := c.opened.Load(), s.kept(); n != 0 || len(kept) != 0 || len(c.rows(t)) != 0 {
		t.Fatalf("without consent: %d connections, files %q, rows %v", n, kept, c.rows(t))
	}

	if err := os.RemoveAll(s.data); err != nil {
		t.Fatal(err)
	}
	out, _ := s.run(0, "settings telemetry on")
	if !strings.Contains(out, "on, agreed to notice 1") || !strings.Contains(out, "settings telemetry off") {
		t.Errorf("on says %q", out)
	}
	s.work()
	preview, _ := s.run(0, "settings telemetry preview")
	s.run(0, "settings telemetry send")
	if got := c.rows(t); !maps.Equal(got, counted) {
		t.Errorf("the Collector wrote\n%v\nwant\n%v", got, counted)
	}
	if !strings.Contains(preview, "affiliate.error{affiliate.error.kind=PAYOUT_FAILED} 2\n") {
		t.Errorf("the preview shows\n%s", preview)
	}
	sent := c.opened.Load()

	out, _ = s.run(0, "settings telemetry off")
	if !strings.Contains(out, "off, no on ") {
		t.Errorf("off says %q", out)
	}
	kept := s.kept()
	if err := os.Remove(filepath.Join(s.data, "state.json")); err != nil {
		t.Fatal(err)
	}
	s.work()
	s.run(1, "settings telemetry send")
	if c.opened.Load() != sent {
		t.Error("sent after the no")
	}
	// What was decided stays, and two empty files to lock, and the journal.
	if want := []string{"consent.json", "consent.lock", "headcount.lock", "journal"}; !slices.Equal(kept, want) || !slices.Equal(s.kept(), want) {
		t.Errorf("left %q, later %q", kept, s.kept())
	}
	c.searched(t, "canary", amount, "987655", "owed", "taken", s.data)
}

// Turned off and erased, with what was sent to look at.
func TestErase(t *testing.T) {
	c := startCollector(t)
	s := open(t, c.url)
	if out, _ := s.run(0, "settings telemetry journal"); out != "nothing was sent from here\n" {
		t.Errorf("the journal says %q", out)
	}
	s.run(0, "settings telemetry on")
	s.work()
	s.run(0, "settings telemetry send")
	out, _ := s.run(0, "settings telemetry status")
	_, rest, _ := strings.Cut(out, "with the identifier ")
	guid, _, _ := strings.Cut(rest, "\n")
	away := *s
	away.endpoint = "http://127.0.0.1:1"
	if out, fault := s.run(0, "settings telemetry erase"); !strings.Contains(out, "the request was delivered on") || !strings.Contains(out, "off, no on ") || fault != "" {
		t.Errorf("erase says %q and %q", out, fault)
	}
	data, err := os.ReadFile(c.file)
	if err != nil || len(guid) != 36 || bytes.Count(data, []byte("headcount.erasure.requested")) != 1 || bytes.Count(data, []byte(guid)) != 2 {
		t.Errorf("%v: the identifier is %q and the Collector's file\n%s", err, guid, data)
	}
	out, _ = s.run(0, "settings telemetry journal")
	erasure, report, _ := strings.Cut(out, " bytes in all)")
	if !strings.Contains(erasure, "headcount.erasure.requested 1") || !strings.Contains(report, "affiliate.error{affiliate.error.kind=PAYOUT_FAILED} 2") ||
		strings.Count(out, " to "+c.url+"/v1/metrics: delivered") != 2 {
		t.Errorf("the journal says\n%s", out)
	}
	asked := c.opened.Load()
	s.run(0, "settings telemetry on") // and nothing is sent
	for range 2 {
		if out, _ := s.run(0, "settings telemetry erase"); !strings.Contains(out, "nothing to erase: nothing was sent since") {
			t.Errorf("where nothing was sent it says %q", out)
		}
	}
	if c.opened.Load() != asked {
		t.Error("the receiver has heard of an identifier for the first time, in the request to erase it")
	}
	// Where the receiver is away, the request is kept.
	s.run(0, "settings telemetry on")
	s.run(0, "settings telemetry send")
	for range 2 {
		if out, fault := away.run(1, "settings telemetry erase"); !strings.Contains(out, "not delivered yet, tried until ") || !strings.Contains(fault, "later commands try again") {
			t.Errorf("it says %q and %q", out, fault)
		}
	}
}

func TestVariables(t *testing.T) {
	own := affiliate.Catalog.Variable()
	for _, no := range []string{"DO_NOT_TRACK=1", "OTEL_SDK_DISABLED=true", own + "=off", own + "=of"} {
		t.Run(no, func(t *testing.T) {
			s := open(t, "http://127.0.0.1:1", no)
			name, _, _ := strings.Cut(no, "=")
			if out, fault := s.run(1, "settings telemetry on"); !strings.Contains(fault, "unset "+name) || out != "" {
				t.Errorf("on says %q and %q", out, fault)
			}
			if kept := s.kept(); len(kept) != 0 {
				t.Errorf("kept %q", kept)
			}
			s.env = nil
			if out, _ := s.run(0, "settings telemetry status"); !strings.Contains(out, "off, not decided yet") {
				t.Errorf("without it the status says %q", out)
			}
		})
	}
	t.Run("a yes", func(t *testing.T) {
		s := open(t, "http://127.0.0.1:1", "AFFILIATE_PLATFORM_TELEMETRY=accept:1")
		if out, _ := s.run(0, "settings telemetry status"); !strings.Contains(out, "on, AFFILIATE_PLATFORM_TELEMETRY accepts notice 1") {
			t.Errorf("status says %q", out)
		}
	})
}

// Where the receiver cannot be reached, or is no receiver, the product works.
func TestNeverInTheWay(t *testing.T) {
	for _, endpoint := range []string{"http://127.0.0.1:1", "http://stats.example", "::", ""} {
		s := open(t, endpoint)
		s.run(0, "program create one")
		s.run(0, "report")
	}
}

// A receiver that takes a report and never answers keeps no command: this one
// answers when all of them have ended.
func TestReceiverThatNeverAnswers(t *testing.T) {
	var asked atomic.Bool
	end := make(chan struct{})
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Store(true); <-end }))
	defer receiver.Close()
	defer close(end)
	s := open(t, receiver.URL)
	s.run(0, "settings telemetry on")
	for !asked.Load() {
		s.due()
		s.run(0, "report")
	}
}

func TestCommands(t *testing.T) {
	s := open(t, "http://127.0.0.1:1")
	for _, test := range []struct {
		code          int
		command, says string
	}{
		{0, "help", "Exit codes"}, {0, "--help", "program create NAME"},
		{0, "help", affiliate.Catalog.Variable() + "=off"}, {0, "--help", affiliate.Catalog.Variable() + "=off"},
		{0, "help", "DO_NOT_TRACK=1"}, {0, "--help", "DO_NOT_TRACK=1"},
		{2, "", "is not a command"}, {2, "frob", `"frob"`}, {2, "join one", `"join one"`}, {2, "--frob", "-frob"},
		{2, "settings telemetry maybe", `"maybe": say on, off, erase`}, {2, "report --xml", `"report --xml"`},
		{1, "join spring ada", `no program "spring": create it first`},
		{0, "program create spring", `"spring" is open`}, {1, "program create spring", "not taken"},
		{0, "join spring ada", ""}, {1, "join spring ada", `"ada": choose a name`},
		{2, "referral spring ada x", `"x" is not a number of cents`}, {1, "referral spring ada 0", "positive"},
		{0, "referral spring ada 9223372036854775807", ""}, {1, "referral spring ada 1", "rejected"},
		{0, "payout spring ada", `9223372036854775807 cents go to "ada"`}, {1, "payout spring bob", "owed nothing"},
		{0, "report", `"spring": 1 affiliates, 1 referrals, 0 cents owed, 9223372036854775807 cents paid`},
		{0, "settings telemetry status", "off, not decided yet"}, {0, "settings telemetry notice", "# Usage statistics of Affiliate Platform: notice 1"},
	} {
		if out, fault := s.run(test.code, test.command); !strings.Contains(out+fault, test.says) || (fault != "") != (test.code != 0) {
			t.Errorf("%q says %q and %q, want %q", test.command, out, fault, test.says)
		}
	}
	var list []map[string]any
	out, _ := s.run(0, "report --json")
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list) != 1 || list[0]["name"] != "spring" || list[0]["affiliates"] != 1.0 {
		t.Errorf("%v: %s", err, out)
	}
}
