package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/audit"
	"headcount.example/cmd/headcount/internal/audit/client"
)

// built builds a program of this repository.
func built(t *testing.T, module, program string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), filepath.Base(filepath.Join(module, program)))
	c := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", to, program) // as the Makefile builds them
	c.Dir = module
	c.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return to
}

// noNetworks says why no network of its own can be made here; empty where one
// can.
func noNetworks(t *testing.T) string {
	t.Helper()
	t.Setenv(asCommand, "1") // this program is the command when it calls itself
	if os.Geteuid() == 0 {
		return ""
	}
	if out, err := exec.Command("unshare", "--user", "--map-root-user", "--net", "true").CombinedOutput(); err != nil {
		return "needs root: a user cannot make a network here: " + strings.TrimSpace(string(out))
	}
	return ""
}

func networks(t *testing.T) {
	t.Helper()
	if why := noNetworks(t); why != "" {
		t.Skip(why)
	}
}

func auditedClient(t *testing.T, args ...string) (*client.Result, result) {
	t.Helper()
	r := headcount(append([]string{"audit", "client", "--format", "json"}, args...)...)
	got := &client.Result{}
	if err := json.Unmarshal([]byte(r.stdout), got); err != nil {
		t.Fatalf("%v\n%s\n%s", err, r.stdout, r.stderr)
	}
	return got, r
}

// The products of this repository are clean in every state.
func TestAuditClientOfOurProducts(t *testing.T) {
	networks(t)
	examples, faces := "../../examples", "../../examples/faces"
	driver, err := filepath.Abs("internal/audit/client/testdata/faces.sh")
	if err != nil {
		t.Fatal(err)
	}
	quickstart := func(t *testing.T) []string {
		return []string{"--catalog", "compreface", "--grant", "COMPREFACE_TELEMETRY=accept:1", "--deny", "COMPREFACE_TELEMETRY=off", "--",
			built(t, examples, "./quickstart"), "-endpoint", "{endpoint}", "-dir", "{dir}", "-faces", "700,0,5", "-now"}
	}
	affiliate := func(t *testing.T) []string {
		program := built(t, examples, "./affiliate")
		base := program + " --data {dir} --stats {endpoint} settings telemetry "
		return []string{"--catalog", "affiliate", "--grant", base + "on", "--deny", base + "off", "--erase", base + "erase", "--",
			program, "--data", "{dir}", "--stats", "{endpoint}", "settings", "telemetry", "send"}
	}
	service := func(t *testing.T) []string {
		if _, err := exec.LookPath("curl"); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal("missing in CI: curl (apt-get install curl)")
			}
			t.Skip("skipped: curl is missing (apt-get install curl)")
		}
		return []string{"--catalog", "compreface", "--grant", "COMPREFACE_TELEMETRY=accept:1", "--deny", "COMPREFACE_TELEMETRY=off", "--",
			"sh", driver, built(t, faces, "."), "{endpoint}", "{dir}"}
	}
	for name, test := range map[string]struct {
		args func(*testing.T) []string
		sent int // numbers in a report
	}{"quickstart": {quickstart, 5}, "affiliate": {affiliate, 5}, "faces": {service, 5}} {
		t.Run(name, func(t *testing.T) {
			got, r := auditedClient(t, test.args(t)...)
			for _, f := range got.Findings {
				t.Errorf("%+v", *f)
			}
			if r.code != exitFine || got.Verdict != "clean" {
				t.Errorf("got exit code %d, %q and the verdict %q", r.code, r.stderr, got.Verdict)
			}
			tried := map[string]*client.State{}
			for _, s := range got.States {
				t.Logf("%+v", *s)
				tried[s.Name] = s
			}
			t.Logf("%q", got.Notes)
			for _, state := range []string{"undecided", "granted", "granted and vetoed", "granted, while tar reads", "denied", "granted, then denied",
				"granted, then denied while its files are locked", "granted, then denied while its files cannot be read",
				"granted, then denied while its directory cannot be written", "granted, then denied while others may write"} {
				if tried[state] == nil {
					t.Errorf("the state %q was not tried", state)
				}
			}
			if s := tried["granted"]; s != nil && (s.Reports != 1 || len(s.Sent) < test.sent) {
				t.Errorf("granted: got %d reports with %q, want one", s.Reports, s.Sent)
			}
			if owned := tried["granted, then denied while another user owns it"]; owned == nil && os.Geteuid() == 0 {
				t.Error("as root, no state has another owner")
			}
		})
	}
}

// Each cheat is found, and named.
func TestAuditClientFindsCheats(t *testing.T) {
	networks(t)
	cheat := built(t, ".", "./internal/audit/client/cheat")
	for _, test := range []struct {
		how, state string
		carrier    audit.Carrier
	}{
		{"honest", "", ""},
		{"attribute", "granted", audit.ResourceAttribute},
		{"header", "granted", audit.Header},
		{"connection", "granted", client.Connection},
		{"lookup", "granted", client.Lookup},
		{"early", "undecided", client.Consent},
		{"keeps", "granted, then denied", client.Kept},
		{"stubborn", "granted, then denied while its files cannot be read", client.Consent},
		{"exclusive", "granted, while tar reads", client.Backup},
		{"ambient", "undecided", client.Connection},
	} {
		t.Run(test.how, func(t *testing.T) {
			got, r := auditedClient(t, "--catalog", "compreface", "--grant", "CHEAT_TELEMETRY=yes", "--deny", "CHEAT_TELEMETRY=no", "--",
				cheat, test.how, "{endpoint}", "{dir}")
			if test.how == "honest" {
				if r.code != exitFine || len(got.Findings) > 0 {
					t.Errorf("got exit code %d and %+v, want nothing", r.code, got.Findings)
				}
				return
			}
			found := slices.ContainsFunc(got.Findings, func(f *client.Finding) bool {
				return f.State == test.state && f.Carrier == test.carrier && f.Proof != ""
			})
			if !found || r.code != exitFailure {
				for _, f := range got.Findings {
					t.Logf("%+v", *f)
				}
				t.Errorf("got exit code %d, and no finding of %q in the state %q", r.code, test.carrier, test.state)
			}
		})
	}
}

// Where nothing is sent after the yes, or the command cannot run, nothing can
// be judged.
func TestAuditClientCannotJudge(t *testing.T) {
	networks(t)
	for _, test := range []struct {
		want string
		args []string
	}{
		{"nothing was sent after", []string{"--catalog", "compreface", "--grant", "X=1", "--", "true"}},
		{"no-such-program", []string{"--catalog", "compreface", "--grant", "X=1", "--", "no-such-program"}},
		{"failed", []string{"--catalog", "compreface", "--grant", "exit 3", "--", "true"}},
		{"did not end within", []string{"--catalog", "compreface", "--grant", "X=1", "--timeout", "10ms", "--", "sleep", "60"}},
		{"--grant is needed", []string{"--catalog", "compreface", "--", "true"}},
		{"--catalog NAME|FILE is needed", []string{"--grant", "X=1", "--", "true"}},
		{"a command is needed", []string{"--catalog", "compreface", "--grant", "X=1"}},
	} {
		r := headcount(append([]string{"audit", "client"}, test.args...)...)
		if r.code != exitUsage || strings.Count(r.stderr, "\n") != 1 {
			t.Errorf("%q: got exit code %d and %q, want 2 and one line", test.args, r.code, r.stderr)
		}
		r.oneLine(t, test.want)
	}
}
