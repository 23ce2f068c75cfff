package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/schema"
)

// commands are what can be done with an archive.
func commands(dir string, files ...string) map[string]func() error {
	ctx := context.Background()
	all := map[string]func() error{
		"open": func() error {
			a, err := Open(dir)
			if err == nil {
				_, err = a.Tables(ctx)
			}
			if err == nil {
				err = a.Reports(ctx, func(*schema.Report) error { return nil })
			}
			return err
		},
	}
	for _, do := range []string{"compact", "erase", "prune"} {
		j := job{Do: do, Dir: dir, Files: files}
		all[do] = func() error { return j.do(ctx) }
	}
	return all
}

// refused fails the test unless a command fails with an error that has all
// these words.
func refused(t *testing.T, what string, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: got no error, want one with %q", what, words)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%s: got %q, want it to say %q", what, err, w)
		}
	}
}

func TestMissingDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	for name, do := range commands(dir) {
		if name == "compact" {
			continue
		}
		err := do()
		refused(t, name, err, dir, "does not exist", "headcount compact makes one")
		if !errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), fs.ErrNotExist.Error()) {
			t.Errorf("%s: got %v, want fs.ErrNotExist, said once", name, err)
		}
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the directory was made")
	}
	compact(t, dir, write(t, filepath.Join(t.TempDir(), "usage.jsonl"), line(1, today, 1)))
}

func TestEmptyDirectory(t *testing.T) {
	dir := t.TempDir()
	for name, do := range commands(dir) {
		if name != "compact" {
			refused(t, name, do(), dir, "is not an archive", "headcount compact makes one")
		}
	}
	compact(t, dir, write(t, filepath.Join(t.TempDir(), "usage.jsonl"), line(1, today, 1)))
}

func TestDirectoryOfSomethingElse(t *testing.T) {
	dir := t.TempDir()
	path := write(t, filepath.Join(dir, "letter.txt"), "dear")
	raw := write(t, filepath.Join(t.TempDir(), "usage.jsonl"), line(1, today, 1))
	before := tree(t, dir)
	for name, do := range commands(dir, raw) {
		refused(t, name, do(), dir)
	}
	refused(t, "compact", commands(dir, raw)["compact"](), "letter.txt", "a directory of its own")
	sameText(t, "files", tree(t, dir), before)
	for name, do := range commands(path, raw) {
		refused(t, name+" of a file", do(), path, "not a directory")
	}
}

func TestArchiveOfAnotherProduct(t *testing.T) {
	dir := newDir(t)
	path := write(t, filepath.Join(t.TempDir(), "usage.jsonl"), line(1, today, 1))
	compact(t, dir, path)
	before := tree(t, dir)
	_, err := Compact(t.Context(), dir, CompactOptions{Files: []string{path}, Catalog: "affiliate"})
	refused(t, "affiliate", err, dir, `"CompreFace"`, "an archive of its own", "if this archive was made with a wrong --catalog, remove it and compact the raw files again")
	_, err = Compact(t.Context(), dir, CompactOptions{Files: []string{path}, Catalog: "no such"})
	refused(t, "unknown", err, `"no such"`, "compreface, affiliate")
	sameText(t, "files", tree(t, dir), before)
}

func TestDataOfAnotherProduct(t *testing.T) {
	dir := newDir(t)
	path := write(t, filepath.Join(t.TempDir(), "usage.jsonl"), line(1, today, 1), line(2, today, 1))
	done, err := Compact(t.Context(), dir, CompactOptions{Files: []string{path}, Catalog: "affiliate"})
	if err != nil || done.Reports != 0 || done.Kinds[answer.UnknownMetric] != 2 {
		t.Errorf("got %+v, %v, want 2 of unknown metrics", done, err)
	}
	whole(t, dir)
}

// catalogFile is compreface's list, changed.
func catalogFile(t *testing.T, changes ...string) string {
	t.Helper()
	s := list(t, "compreface")
	text := `{"product":"` + s.Product + `","notice":1,"max":1000,"metrics":[{"name":"` + usersMetric + `","kind":"counter","unit":"{user}"}]}`
	if now := strings.NewReplacer(changes...).Replace(text); len(changes) == 0 || now != text {
		return write(t, filepath.Join(t.TempDir(), "catalog.json"), now)
	}
	t.Fatalf("nothing to change by %q", changes)
	return ""
}

func TestNoticesAndLists(t *testing.T) {
	raw := filepath.Join(t.TempDir(), "usage.jsonl")
	for name, test := range map[string]struct {
		first, second string
		fault         []string
		warning       string
	}{
		"the same":                {catalogFile(t), catalogFile(t), nil, ""},
		"a newer notice":          {catalogFile(t), catalogFile(t, `"notice":1`, `"notice":2`), nil, ""},
		"an older notice":         {catalogFile(t, `"notice":1`, `"notice":2`), catalogFile(t), nil, "notice 2"},
		"one more metric":         {catalogFile(t), catalogFile(t, `"metrics":[`, `"metrics":[{"name":"a.b","kind":"counter"},`), nil, ""},
		"the whole list":          {catalogFile(t), "compreface", nil, ""},
		"none before":             {"", catalogFile(t), nil, ""},
		"none after":              {catalogFile(t), "", nil, ""},
		"another kind":            {catalogFile(t), catalogFile(t, `"counter","unit":"{user}"`, `"range_gauge","attributes":[{"key":"a","values":["1"]}]`), []string{usersMetric, "counter", "range_gauge", "another name"}, ""},
		"another label":           {catalogFile(t, `"unit":"{user}"`, `"attributes":[{"key":"a","values":["1"]}]`), catalogFile(t, `"unit":"{user}"`, `"attributes":[{"key":"b","values":["1"]}]`), []string{`"a"`, `"b"`, "another name"}, ""},
		"one label fewer":         {catalogFile(t, `"unit":"{user}"`, `"attributes":[{"key":"a","values":["1"]}]`), catalogFile(t), []string{"1 labels", "0"}, ""},
		"another value of labels": {catalogFile(t, `"unit":"{user}"`, `"attributes":[{"key":"a","values":["1"]}]`), catalogFile(t, `"unit":"{user}"`, `"attributes":[{"key":"a","values":["2"]}]`), nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := newDir(t)
			write(t, raw, line(1, today-1, 3))
			if _, err := Compact(t.Context(), dir, CompactOptions{Files: []string{raw}, Catalog: test.first}); err != nil {
				t.Fatal(err)
			}
			before := tree(t, dir)
			appendTo(t, raw, line(1, today, 5), line(2, today, 4))
			done, err := Compact(t.Context(), dir, CompactOptions{Files: []string{raw}, Catalog: test.second})
			if test.fault != nil {
				refused(t, "compact", err, append(test.fault, dir)...)
				sameText(t, "files", tree(t, dir), before)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(done.Warnings, ""); !strings.Contains(got, test.warning) || (got == "") != (test.warning == "") {
				t.Errorf("got the warning %q, want one with %q", got, test.warning)
			}
			again, err := Compact(t.Context(), dir, CompactOptions{Files: []string{raw}, Catalog: test.second})
			if err != nil || again.Reports != 0 || again.Bytes != 0 {
				t.Errorf("again: got %+v, %v", again, err)
			}
			whole(t, dir)
			answers(t, dir)
		})
	}
}

func TestNewerVersion(t *testing.T) {
	dir := newDir(t)
	raw := write(t, filepath.Join(t.TempDir(), "usage.jsonl"), line(1, today, 1))
	compact(t, dir, raw)
	path := filepath.Join(dir, manifestName)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, strings.Replace(string(data), `"version": 1`, `"version": 2`, 1))
	for name, do := range commands(dir, raw) {
		refused(t, name, do(), dir, "version 2", "reads version 1", "use the headcount that wrote it")
	}
}

// A manifest that is not as it was written is an error, wherever it is cut
// and whichever byte is changed.
func TestDamagedManifest(t *testing.T) {
	dir := newDir(t)
	raw := write(t, filepath.Join(t.TempDir(), "usage.jsonl"), line(1, today, 1), askErase(2, today))
	compact(t, dir, raw)
	path := filepath.Join(dir, manifestName)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	check := func(what, text string) {
		t.Helper()
		write(t, path, text)
		_, err := Open(dir)
		refused(t, what, err, path)
		if err != nil && !strings.Contains(err.Error(), "restore it from a backup") && !strings.Contains(err.Error(), "use the headcount that wrote it") {
			t.Errorf("%s: got %q, which names no remedy", what, err)
		}
	}
	for n := range data {
		if n < 400 || n%37 == 0 || n > len(data)-40 {
			check(fmt.Sprintf("cut at %d", n), string(data[:n]))
		}
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 400 {
		at, changed := rng.IntN(len(data)), []byte(string(data))
		changed[at] ^= 1 << rng.IntN(8)
		check(fmt.Sprintf("byte %d from %q to %q", at, data[at], changed[at]), string(changed))
	}
	for _, text := range []string{"", "null", "{}", "[]", "garbage", "{}\n", `{"version":1}`, string(seal([]byte("{\n \"version\": 1\n}"))), string(seal([]byte("{\n \"version\": 1,\n \"schema\": {}\n}")))} {
		check(text, text)
	}
	for name, do := range commands(dir, raw) {
		refused(t, name, do(), "is damaged")
	}
	write(t, path, string(data))
	if _, err := Open(dir); err != nil {
		t.Error(err)
	}
}

// A file of a month that is not as it was written is an error of all that
// needs it: never a panic, and never a figure.
func TestDamagedFiles(t *testing.T) {
	dir := newDir(t)
	raw := write(t, filepath.Join(t.TempDir(), "usage.jsonl"), many(0, 200), line(3, today, 500))
	compact(t, dir, raw)
	m, err := load(dir)
	if err != nil {
		t.Fatal(err)
	}
	appendTo(t, raw, line(4, today, 600), askErase(4, today))
	rng := rand.New(rand.NewPCG(2, 2))
	for _, name := range []string{m.Months[1].Reports, m.Months[1].Tables, m.Months[1].Installations} {
		path := filepath.Join(dir, name)
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		damage := map[string]string{"missing": "", "empty": "", "without its end": string(good[:len(good)-1]), "half": string(good[:len(good)/2]), "longer": string(good) + "x"}
		for i := range 20 {
			changed := []byte(string(good))
			changed[rng.IntN(len(changed))] ^= 1 << rng.IntN(8)
			damage[fmt.Sprint("flipped ", i)] = string(changed)
		}
		for what, text := range damage {
			if write(t, path, text); what == "missing" {
				os.Remove(path)
			}
			for command, do := range commands(dir, raw) {
				if command == "prune" || command == "erase" || command == "open" && name == m.Months[1].Installations || command == "compact" && name == m.Months[1].Tables {
					continue // does not need the file
				}
				refused(t, command+" with "+name+" "+what, do(), dir, "restore it from a backup")
			}
		}
		write(t, path, string(good))
	}
	if err := commands(dir, raw)["compact"](); err != nil {
		t.Fatal(err)
	}
	whole(t, dir)
}

// The Parquet library gets files here that no check has seen.
func TestReaderOfDamagedParquet(t *testing.T) {
	dir := newDir(t)
	compact(t, dir, write(t, filepath.Join(t.TempDir(), "usage.jsonl"), many(0, 300)))
	m, err := load(dir)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(3, 3))
	rounds := 1500
	if testing.Short() {
		rounds = 200
	}
	faults := 0
	for _, name := range []string{m.Months[0].Reports, m.Months[0].Installations} {
		good, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "damaged.parquet")
		for i := range rounds {
			changed := []byte(string(good))
			switch i % 3 {
			case 0:
				changed = changed[:rng.IntN(len(changed))]
			case 1:
				changed[rng.IntN(len(changed))] ^= 1 << rng.IntN(8)
			default: // the footer, which has no checksum
				changed[len(changed)-1-rng.IntN(min(len(changed), 1500))] = byte(rng.Uint32())
			}
			write(t, path, string(changed))
			if err := readAll(path, m.Schema, strings.HasPrefix(name, "reports")); err != nil {
				faults++
				if !strings.Contains(err.Error(), path) {
					t.Fatalf("got %q, which does not name the file", err)
				}
			}
		}
	}
	if faults < rounds/3 {
		t.Errorf("got %d errors of %d damaged files, want most", faults, 2*rounds)
	}
}

func readAll(path string, s *schema.Schema, reports bool) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	if !reports {
		r, err := readStates(f, s)
		if err != nil {
			return err
		}
		defer r.close()
		for r.peek() != nil {
			if err := r.next(); err != nil {
				return err
			}
		}
		return nil
	}
	r, err := readReports(f, s)
	if err != nil {
		return err
	}
	defer r.close()
	for {
		if x, err := r.next(); x == nil || err != nil {
			return err
		}
	}
}
