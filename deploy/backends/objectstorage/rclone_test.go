package objectstorage

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"headcount.example/deploy/backends/internal/live"
)

// README.md's line puts the rotated files into a bucket, and leaves the live
// one. What comes back gives the same answers: two installations are two, with
// the totals that they sent. After an erasure and the same line again nothing in
// the bucket has the identifier.
func TestBucket(t *testing.T) {
	rclone := live.Build(t, "program", "github.com/rclone/rclone")
	headcount := live.Build(t, "../../../cmd/headcount", ".")
	c := live.Receive(t, live.Collector(t), "")
	one, two := live.Install(t, c.URL, 3), live.Install(t, c.URL, 4)
	for _, send := range []func() error{
		func() error { return one.Report(t) }, func() error { return two.Report(t) }, func() error { return live.Erase(t, c.URL, one.GUID) },
	} {
		if err := send(); err != nil {
			t.Fatal(err)
		}
	}
	raw, bucket, back := filepath.Dir(c.File), t.TempDir(), t.TempDir()
	c.Kill()
	if err := os.Rename(c.File, filepath.Join(raw, "usage-2026-11-20T00-00-00.000.jsonl")); err != nil {
		t.Fatal(err)
	}
	c.Again(t) // which renames it once more
	files, err := filepath.Glob(filepath.Join(raw, "usage-*.jsonl"))
	if err != nil || len(files) != 1 {
		t.Fatalf("got %q and %v, want one rotated file", files, err)
	}
	rotated := files[0]
	two.Count(5)
	if err := two.Report(t); err != nil { // is in the live file
		t.Fatal(err)
	}

	listen := live.FreeAddress(t)
	live.Start(t, rclone, []string{"serve", "s3", bucket, "--addr", listen}, []string{"HOME=" + t.TempDir()}, "http://"+listen)
	carry := func(args ...string) {
		t.Helper()
		run(t, []string{"HOME=" + t.TempDir(), "RCLONE_CONFIG_BUCKET_TYPE=s3", "RCLONE_CONFIG_BUCKET_PROVIDER=Rclone",
			"RCLONE_CONFIG_BUCKET_ENDPOINT=http://" + listen, "RCLONE_CONFIG_BUCKET_ACCESS_KEY_ID=key", "RCLONE_CONFIG_BUCKET_SECRET_ACCESS_KEY=secret"},
			rclone, args...)
	}
	put := strings.Fields(strings.NewReplacer("'", "", "/var/lib/otelcol", raw).Replace(inReadme(t)))
	if err := os.MkdirAll(filepath.Join(bucket, "headcount"), 0o700); err != nil { // the bucket itself
		t.Fatal(err)
	}
	carry(put...)
	if got := found(t, bucket, ""); len(got) != 1 || filepath.Base(got[0]) != filepath.Base(rotated) {
		t.Fatalf("got %q in the bucket, want the rotated file alone", got)
	}
	carry("copy", "bucket:headcount", back)

	archive := t.TempDir()
	report := func(name, files string) (string, answer) {
		t.Helper()
		dir := filepath.Join(archive, name)
		run(t, nil, headcount, "compact", "--archive", dir, "--catalog", "compreface", files)
		text := run(t, nil, headcount, "report", "--archive", dir, "--as-of", time.Now().UTC().Format(time.DateOnly), "--format", "json")
		var a answer
		if err := json.Unmarshal([]byte(text), &a); err != nil {
			t.Fatal(err)
		}
		return text, a
	}
	_, copied := report("copied", filepath.Join(back, "collector-1"))
	_, there := report("there", rotated)
	for name, a := range map[string]answer{"copied": copied, "there": there} {
		// The installation that asked to be erased counts no more, and its request waits.
		if a.Installations.Ever != 1 || a.users() != two.Users-5 || a.Health.Pending != 1 {
			t.Errorf("%s: got %+v, want 1 installation with %d users and 1 request to erase", name, a, two.Users-5)
		}
	}

	run(t, nil, headcount, "erase", "--archive", filepath.Join(archive, "there"), "--closed", rotated)
	if got := found(t, bucket, one.GUID); len(got) != 1 {
		t.Fatalf("got %q with the identifier before the next copy, want one file", got)
	}
	carry(put...)
	if got := found(t, bucket, one.GUID); len(got) != 0 {
		t.Errorf("got %q with the erased identifier, want none", got)
	}
	if got := found(t, bucket, two.GUID); len(got) != 1 {
		t.Errorf("got %q with the other identifier, want one file", got)
	}
}

// An answer is what the test reads of headcount report --format json.
type answer struct {
	Installations struct{ Ever int64 }
	Counters      []struct {
		Name  string
		Total int64
	}
	Health struct {
		Pending int64 `json:"pending_erasures"`
	}
}

func (a answer) users() int64 {
	for _, c := range a.Counters {
		if c.Name == "compreface.user.created" {
			return c.Total
		}
	}
	return -1
}

// inReadme is what follows rclone in README.md's line.
func inReadme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^    rclone (copy --include .*)$`).FindStringSubmatch(string(text))
	if line == nil {
		t.Fatal("README.md has no line with rclone copy")
	}
	return line[1]
}

// found are the files below a directory that hold a text.
func found(t *testing.T, dir, text string) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(data), text) {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func run(t *testing.T, env []string, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = env
	var log strings.Builder
	cmd.Stderr = &log
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s%s", filepath.Base(program), args, err, out, log.String())
	}
	return string(out)
}
