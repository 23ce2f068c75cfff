package main

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"headcount.example/cmd/headcount/internal/answer"
)

const documents = "../../docs"

// A document is a text, and a directory that stands for the root of the
// machine on which its commands run.
type document struct {
	text, root string
	asOf       string // the last day of the simulated reports
}

// readDocument waits for midnight in UTC where it is near: the commands of a document are
// to run on one day.
func readDocument(t *testing.T, name string) *document {
	t.Helper()
	now := time.Now().UTC()
	if left := 24*time.Hour - now.Sub(now.Truncate(24*time.Hour)); left < 5*time.Minute {
		t.Logf("waits %v for midnight in UTC", left)
		time.Sleep(left)
	}
	return &document{read(t, filepath.Join(documents, name)), t.TempDir(), lastCompleteDay(time.Now()).String()}
}

var (
	shellBlock = regexp.MustCompile("(?s)(<!-- run -->\n)?```sh\n(.*?)```")
	cronLine   = regexp.MustCompile("(?s)```cron\n(?:\\S+ ){5}otelcol (.*?)\n```")
	execStart  = regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/(headcount .*)$`)
)

// blocks are the shell blocks, each of which must be marked to be run.
func (d *document) blocks(t *testing.T) (list []string) {
	t.Helper()
	for _, b := range shellBlock.FindAllStringSubmatch(d.text, -1) {
		if b[1] == "" {
			t.Errorf("a block is not marked to be run:\n%s", b[2])
		}
		list = append(list, b[2])
	}
	if len(list) == 0 {
		t.Error("got no block to run")
	}
	return list
}

// here puts a command line below the document's root.
func (d *document) here(commands string) string {
	return regexp.MustCompile(`(^|[\s"=])/(var|srv)/`).ReplaceAllString(commands, "${1}"+d.root+"/$2/")
}

// run runs a block as an operator would, in the document's root, where
// headcount is this program, and systemctl does nothing.
func (d *document) run(t *testing.T, commands string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(d.root, "bin")
	if _, err := os.Stat(bin); err != nil {
		for _, dir := range []string{"bin", "var/lib/otelcol", "var/lib/headcount", "var/backups", "srv/www"} {
			if err := os.MkdirAll(filepath.Join(d.root, dir), 0o750); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Symlink(self, filepath.Join(bin, "headcount")); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(bin, "systemctl"), []byte("#!/bin/sh\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.Command("sh", "-euc", d.here(commands))
	c.Dir = d.root
	c.Env = append(os.Environ(), asCommand+"=1", "PATH="+bin+":"+os.Getenv("PATH"))
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, commands, out)
	}
	return string(out)
}

// The commands in the documents run, in their order.
func TestDocuments(t *testing.T) {
	t.Run("analysts", func(t *testing.T) {
		d := readDocument(t, "analysts.md")
		for _, commands := range d.blocks(t) {
			d.run(t, commands)
		}
		for _, name := range []string{"answers.html", "answers.json", "answers.csv", "week.txt", "actions.csv", "collections.csv"} {
			if text := read(t, filepath.Join(d.root, name)); len(text) < 500 {
				t.Errorf("%s: got %d bytes, want an answer", name, len(text))
			}
		}
	})
	t.Run("README", func(t *testing.T) {
		d := readDocument(t, "../README.md")
		d.run(t, "headcount simulate --installations 50 --days 40 --out /var/lib/otelcol")
		commands := regexp.MustCompile(`(?m)^    (headcount .*)$`).FindAllStringSubmatch(d.text, -1)
		if len(commands) != 4 {
			t.Errorf("got %d commands, want 4", len(commands))
		}
		for _, c := range commands {
			d.run(t, c[1])
		}
	})
	t.Run("operators", func(t *testing.T) {
		d := readDocument(t, "operators.md")
		d.run(t, "headcount simulate --installations 200 --days 80 --seed 5 --rotate 1 --end "+d.asOf+" --out /var/lib/otelcol")
		for _, commands := range d.blocks(t) {
			before := d.answer(t)
			d.run(t, commands)
			if after := d.answer(t); before != nil && *after != *before {
				t.Errorf("the answers are others: got %+v, want %+v, after\n%s", *after, *before, commands)
			}
		}
		d.checkReceipt(t)
		for _, name := range []string{"srv/www/statistics/index.html", "var/backups/headcount.tar.gz", "var/lib/headcount/report.json"} {
			if info, err := os.Stat(filepath.Join(d.root, name)); err != nil || info.Size() == 0 {
				t.Errorf("%s: got %v, want a file", name, err)
			}
		}
		if _, err := readToken(filepath.Join(d.root, "var/lib/headcount/token")); err != nil {
			t.Errorf("the token: %v", err)
		}
	})
}

// answer is how many installations the archive answers with; nil without an
// archive.
func (d *document) answer(t *testing.T) *answer.Installations {
	t.Helper()
	archive := filepath.Join(d.root, "var/lib/headcount/archive")
	if _, err := os.Stat(archive); err != nil {
		return nil
	}
	r := headcount("report", "--archive", archive, "--as-of", d.asOf, "--format", "json")
	var a answer.Answer
	if err := json.Unmarshal([]byte(r.stdout), &a); err != nil || r.code != exitFine {
		t.Fatalf("report: got exit code %d, %q, %v", r.code, r.stderr, err)
	}
	return &a.Installations
}

// checkReceipt looks whether the loop is closed: after the rotation nothing is
// left to erase.
func (d *document) checkReceipt(t *testing.T) {
	t.Helper()
	var receipt struct {
		Ever int `json:"requests_ever"`
		Left int
	}
	text := read(t, filepath.Join(d.root, "var/lib/headcount/receipt.json"))
	if err := json.Unmarshal([]byte(text), &receipt); err != nil || receipt.Ever == 0 || receipt.Left != 0 {
		t.Errorf("got %+v, %v; want requests, and nothing left:\n%s", receipt, err, text)
	}
}

// units are the files of deploy/systemd, by their names.
func units(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("../../deploy/systemd/*.*")
	if err != nil || len(paths) == 0 {
		t.Fatalf("got %v, %v; want units", paths, err)
	}
	text := map[string]string{}
	for _, path := range paths {
		text[filepath.Base(path)] = read(t, path)
	}
	return text
}

// What the units and the cron line start are command lines of this program.
func TestUnits(t *testing.T) {
	d := readDocument(t, "operators.md")
	d.run(t, "headcount simulate --installations 20 --days 20 --out /var/lib/otelcol")
	started := 0
	for _, name := range slices.Sorted(maps.Keys(units(t))) { // headcount.service makes the archive
		if !strings.Contains(d.text, "`"+name+"`") {
			t.Errorf("docs/operators.md does not say what %s does", name)
		}
	}
	for _, name := range []string{"headcount.service", "headcount-publish.service", "headcount-page.service"} {
		for _, line := range execStart.FindAllStringSubmatch(units(t)[name], -1) {
			started++
			if strings.HasPrefix(line[1], "headcount serve ") { // runs until it is ended
				line[1] += " --help"
			}
			d.run(t, line[1])
		}
	}
	if started != 6 {
		t.Errorf("got %d lines that start headcount, want 6", started)
	}
	line := cronLine.FindStringSubmatch(d.text)
	if line == nil || strings.Contains(line[1], "\n") {
		t.Fatalf("got %q, want one cron line", line)
	}
	d.run(t, strings.NewReplacer("cd /usr/local/bin && ", "", "./headcount", "headcount").Replace(line[1]))
}

// The Collector's unit puts the file aside at each start, and starts each
// week: what headcount prune and erase need to keep the promise.
func TestTheUnitRotates(t *testing.T) {
	d := readDocument(t, "operators.md")
	d.run(t, "echo report > /var/lib/otelcol/usage.jsonl")
	unit := units(t)["otelcol.service"]
	before := regexp.MustCompile(`(?m)^ExecStartPre=(.*)$`).FindStringSubmatch(unit)
	if before == nil || !strings.Contains(unit, "\nRuntimeMaxSec=7d\nRestart=always\n") {
		t.Fatalf("got the unit\n%s\nwant one that rotates each week", unit)
	}
	rotate := strings.NewReplacer("$$", "$", "%%", "%").Replace(before[1])
	for range 2 { // an empty file, and none, stay as they are
		d.run(t, rotate)
		files, err := filepath.Glob(filepath.Join(d.root, "var/lib/otelcol/*"))
		if err != nil || len(files) != 1 || !regexp.MustCompile(`/usage-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.000\.jsonl$`).MatchString(files[0]) {
			t.Fatalf("got %q, %v; want one rotated file", files, err)
		}
	}
}

// systemd accepts the units, and rates them as closed as it can.
func TestSystemdAcceptsTheUnits(t *testing.T) {
	dir := t.TempDir()
	var paths []string
	for name, text := range units(t) {
		for _, program := range []string{"/usr/local/bin/headcount", "/usr/local/bin/otelcol", "/usr/sbin/nginx"} {
			text = strings.ReplaceAll(text, program, "/bin/true")
		}
		paths = append(paths, write(t, filepath.Join(dir, name), text))
		if want := "[Unit]\nDescription="; !strings.HasPrefix(text, want) {
			t.Errorf("%s: got the beginning %.30q, want %q", name, text, want)
		}
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Log("not checked by systemd: systemd-analyze is missing (apt-get install systemd)")
		return
	}
	out, err := exec.Command(analyze, append([]string{"verify", "--man=no"}, paths...)...).CombinedOutput()
	if err != nil || strings.Contains(string(out), dir) {
		t.Errorf("%v\n%s", err, out)
	}
	for _, path := range paths {
		if !strings.HasSuffix(path, ".service") {
			continue
		}
		out, err := exec.Command(analyze, "security", "--offline=yes", "--threshold=20", "--no-pager", path).CombinedOutput()
		if err != nil { // 20 is an exposure of 2.0 of 10
			t.Errorf("%s is more open than it should be: %v\n%s", filepath.Base(path), err, out)
		}
	}
}

// The document for operators names every kind, and every thing to look at.
func TestOperatorsKnowEveryKind(t *testing.T) {
	d := readDocument(t, "operators.md")
	for _, kind := range []string{answer.Torn, answer.Foreign, answer.BadGUID, answer.UnknownMetric, answer.UnknownLabel, answer.WrongKind,
		answer.AbsurdValue, answer.WrongDay, answer.TooOld, answer.NoPoints, answer.UnwantedExtras} {
		if !strings.Contains(d.text, "`"+kind+"`") {
			t.Errorf("docs/operators.md does not say what to do about %q", kind)
		}
	}
	for _, sentence := range []string{"without any report", "of what was read is unreadable", "is not over", "of the reports are not as the catalog says",
		"requests to erase wait for headcount erase", "the newest report is of"} {
		if !strings.Contains(d.text, sentence) {
			t.Errorf("docs/operators.md does not say what to do about %q", sentence)
		}
	}
}

// The document for analysts names every key of an answer that is a figure of
// installations, a counter or a range gauge.
func TestAnalystsKnowEveryKey(t *testing.T) {
	d := readDocument(t, "analysts.md")
	for _, of := range []any{answer.Installations{}, answer.Counter{}, answer.Gauge{Share: new(float64)}, answer.Input{}} {
		data, err := json.Marshal(of)
		if err != nil {
			t.Fatal(err)
		}
		var keys map[string]any
		if err := json.Unmarshal(data, &keys); err != nil {
			t.Fatal(err)
		}
		for key := range keys {
			if !strings.Contains(d.text, "`"+key+"`") && key != "name" && key != "labels" && key != "range" {
				t.Errorf("docs/analysts.md does not say what %q means", key)
			}
		}
	}
}
