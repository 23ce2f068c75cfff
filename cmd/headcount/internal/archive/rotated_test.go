package archive

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"headcount.example/cmd/headcount/internal/day"
)

// many is so many reports of different installations and days, from number
// first on.
func many(first, n int) string {
	var b strings.Builder
	for i := first; i < first+n; i++ {
		b.WriteString(line(i%37+1000*(i/1110), today-30+day.Day(i%1110/37), i))
	}
	return b.String()
}

func gzipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func rename(t testing.TB, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// What happens to a file between two runs: nothing is read twice, and nothing
// is lost.
func TestWhatHappensToAFile(t *testing.T) {
	const read, more = 300, 40 // reports at first, and what comes after
	a, b := many(0, read), many(read, more)
	type place struct{ raw, live string }
	moved := func(p place) string { return filepath.Join(p.raw, "usage-2026-11-20T00-00-00.000.jsonl") }
	for name, test := range map[string]struct {
		do      func(t *testing.T, p place)
		reports int64 // in all
		torn    int64
		warning string
	}{
		"nothing":                  {func(*testing.T, place) {}, read, 0, ""},
		"grown":                    {func(t *testing.T, p place) { appendTo(t, p.live, b) }, read + more, 0, ""},
		"renamed":                  {func(t *testing.T, p place) { rename(t, p.live, moved(p)) }, read, 0, ""},
		"renamed, and grown since": {func(t *testing.T, p place) { rename(t, p.live, moved(p)); appendTo(t, moved(p), b) }, read + more, 0, ""},
		"rotated": {func(t *testing.T, p place) {
			rename(t, p.live, moved(p))
			write(t, p.live, b)
		}, read + more, 0, ""},
		"grown, then rotated": {func(t *testing.T, p place) {
			appendTo(t, p.live, many(read, 5))
			rename(t, p.live, moved(p))
			write(t, p.live, many(read+5, more))
		}, read + 5 + more, 0, ""},
		"rotated, the new one is empty": {func(t *testing.T, p place) { rename(t, p.live, moved(p)); write(t, p.live) }, read, 0, ""},
		"rotated as logrotate does": {func(t *testing.T, p place) {
			rename(t, p.live, p.live+".1")
			write(t, p.live, b)
		}, read + more, 0, ""},
		"compressed": {func(t *testing.T, p place) {
			write(t, p.live+".gz", gzipped(t, a))
			os.Remove(p.live)
		}, read, 0, ""},
		"compressed, and beside the old one": {func(t *testing.T, p place) { write(t, p.live+".gz", gzipped(t, a)) }, read, 0, ""},
		"grown, then compressed": {func(t *testing.T, p place) {
			write(t, p.live+".gz", gzipped(t, a+b))
			os.Remove(p.live)
		}, read + more, 0, ""},
		"copied": {func(t *testing.T, p place) { write(t, filepath.Join(p.raw, "copy.jsonl"), a) }, read, 0, ""},
		"copied again, longer, as rsync does": {func(t *testing.T, p place) {
			write(t, p.live+".new", a+b)
			rename(t, p.live+".new", p.live)
		}, read + more, 0, ""},
		"an older copy in its place": {func(t *testing.T, p place) {
			write(t, p.live+".new", a[:len(a)*2/3])
			rename(t, p.live+".new", p.live)
		}, read, 0, "older copy"},
		"an older copy beside it": {func(t *testing.T, p place) { write(t, filepath.Join(p.raw, "older.jsonl"), a[:len(a)/3]) }, read, 0, "older copy"},
		"an older copy, compressed": {func(t *testing.T, p place) {
			write(t, filepath.Join(p.raw, "older.jsonl.gz"), gzipped(t, a[:len(a)/3]))
		}, read, 0, "older copy"},
		"emptied":                           {func(t *testing.T, p place) { write(t, p.live) }, read, 0, "emptied"},
		"emptied and written anew, shorter": {func(t *testing.T, p place) { write(t, p.live, b) }, read + more, 0, "emptied"},
		"emptied and written anew, longer":  {func(t *testing.T, p place) { write(t, p.live, many(read, read+more)) }, read + read + more, 0, "emptied"},
		"emptied and written anew, the same length": {func(t *testing.T, p place) {
			write(t, p.live, strings.ReplaceAll(a, fmt.Sprint(int64(today-30)*86400e9), fmt.Sprint(int64(today)*86400e9)))
		}, read + read, 0, "emptied"},
		"emptied and written anew, first by the same installation": {func(t *testing.T, p place) {
			write(t, p.live, line(0, today, 9))
		}, read + 1, 0, "emptied"},
		"replaced by another one": {func(t *testing.T, p place) {
			write(t, p.live+".new", b)
			rename(t, p.live+".new", p.live)
		}, read + more, 0, ""},
		"removed, its directory is not empty": {func(t *testing.T, p place) { os.Remove(p.live); write(t, moved(p), b) }, read + more, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw := t.TempDir()
			p := place{raw, write(t, filepath.Join(raw, "usage.jsonl"), a)}
			dir := newDir(t)
			compact(t, dir, raw)
			test.do(t, p)
			done := compact(t, dir, raw)
			if got := strings.Join(done.Warnings, "\n"); (got == "") != (test.warning == "") || !strings.Contains(got, test.warning) {
				t.Errorf("got the warning %q, want one with %q", got, test.warning)
			}
			for _, when := range []string{"once", "again"} {
				if n, _, torn := inputOf(t, dir); n != test.reports || torn != test.torn {
					t.Errorf("%s: got %d reports, %d torn, want %d, %d", when, n, torn, test.reports, test.torn)
				}
				compact(t, dir, raw)
			}
			// And life goes on: the live file grows.
			if _, err := os.Stat(p.live); err == nil && test.warning != "older copy" {
				appendTo(t, p.live, many(3330, 3))
				compact(t, dir, raw)
				if n, _, _ := inputOf(t, dir); n != test.reports+3 {
					t.Errorf("grown later: got %d reports, want %d", n, test.reports+3)
				}
			}
		})
	}
}

// A file that was cut may have grown before the next run: nothing of that is
// lost, and no more is read twice than since the run before the cut.
func TestFileThatWasCut(t *testing.T) {
	for name, test := range map[string]struct {
		cut, more int // reports that are left, and new ones
		torn      bool
		most      int64 // reports at most, with those that are read twice
		fewest    int64
		warning   string
	}{
		"and nothing since":                 {250, 0, false, 350, 300, "read again from byte"},
		"by little, in a report":            {299, 0, true, 399, 300, "read again from byte"},
		"and grown":                         {250, 30, false, 380, 330, "read again from byte"},
		"and grown, in a report":            {290, 7, true, 397, 307, "read again from byte"},
		"and grown to the same length":      {200, 100, false, 400, 400, "read again from byte"},
		"and grown beyond":                  {290, 200, false, 590, 500, "read again from byte"},
		"before all that earlier runs read": {20, 5, false, 325, 305, ""},
	} {
		t.Run(name, func(t *testing.T) {
			raw, dir := t.TempDir(), newDir(t)
			lines := strings.SplitAfter(many(0, 300), "\n")
			path := write(t, filepath.Join(raw, "usage.jsonl"))
			for at := 0; at < 300; at += 100 {
				appendTo(t, path, lines[at:at+100]...)
				compact(t, dir, raw)
			}
			rest := strings.Join(lines[:test.cut], "")
			if test.torn {
				rest += lines[test.cut][:200]
			}
			write(t, path, rest, many(300, test.more))
			done := compact(t, dir, raw)
			if got := strings.Join(done.Warnings, "\n"); len(done.Warnings) > 1 || !strings.Contains(got, test.warning) {
				t.Errorf("got the warnings %q, want one with %q", got, test.warning)
			}
			n, again, _ := inputOf(t, dir)
			if n < test.fewest || n > test.most || n-again != 300+int64(test.more) {
				t.Errorf("got %d reports, %d of them twice, want %d once", n, again, 300+test.more)
			}
			if got, want := answerOf(t, dir, today, 365).Counters[0].Total, totalOf(300+test.more); got != want {
				t.Errorf("got a total of %d, want %d", got, want)
			}
			compact(t, dir, raw)
			if now, _, _ := inputOf(t, dir); now != n {
				t.Errorf("again: got %d reports, want %d", now, n)
			}
		})
	}
}

// totalOf is the sum of the largest totals in the first n reports of many.
func totalOf(n int) (sum int64) {
	largest := map[int]int{}
	for i := range n {
		largest[i%37] = i
	}
	for _, n := range largest {
		sum += int64(n)
	}
	return sum
}

// Files that begin alike are different files: with the same report, or with
// the same installation.
func TestFilesThatBeginAlike(t *testing.T) {
	for name, test := range map[string]struct {
		files   []string
		reports int64
	}{
		"the same first report":       {[]string{line(1, today, 5) + many(0, 5), line(1, today, 5) + many(5, 6)}, 13},
		"the same first installation": {[]string{line(1, today-1, 5), line(1, today, 5)}, 2},
		"many of one report":          {[]string{line(1, today, 1), line(1, today, 2), line(1, today, 3), line(1, today-1, 1)}, 4},
		"long ones":                   {[]string{many(0, 200) + many(200, 5), many(0, 200) + many(300, 6)}, 411},
	} {
		t.Run(name, func(t *testing.T) {
			dir, raw := newDir(t), t.TempDir()
			for i, text := range test.files {
				write(t, filepath.Join(raw, fmt.Sprintf("%d.jsonl", i)), text)
			}
			for range 2 {
				if done := compact(t, dir, raw); len(done.Warnings) > 0 {
					t.Errorf("got %q, want no warning", done.Warnings)
				}
				if n, _, _ := inputOf(t, dir); n != test.reports {
					t.Errorf("got %d reports, want %d", n, test.reports)
				}
			}
		})
	}
}

// A new file that has got the number of one that was removed is not said to
// have been emptied.
func TestNumberUsedAgain(t *testing.T) {
	raw, dir := t.TempDir(), newDir(t)
	path := write(t, filepath.Join(raw, "usage-2026-11-20T00-00-00.000.jsonl"), many(0, 30))
	compact(t, dir, raw)
	rename(t, path, filepath.Join(raw, "usage.jsonl")) // the same number, another name and content
	write(t, filepath.Join(raw, "usage.jsonl"), many(100, 40))
	if done := compact(t, dir, raw); len(done.Warnings) > 0 {
		t.Errorf("got %q, want no warning", done.Warnings)
	}
	if n, again, _ := inputOf(t, dir); n != 70 || again != 0 {
		t.Errorf("got %d reports, %d duplicates, want 70 and 0", n, again)
	}
}

// The first bytes of a copied file may be half a report; the piece is not
// counted as torn for ever.
func TestCopyOfHalfAReport(t *testing.T) {
	raw, dir := t.TempDir(), newDir(t)
	path := write(t, filepath.Join(raw, "usage.jsonl"), line(1, today, 5)[:300])
	compact(t, dir, raw)
	write(t, path+".new", line(1, today, 5), line(2, today, 5))
	rename(t, path+".new", path)
	compact(t, dir, raw)
	if n, again, torn := inputOf(t, dir); n != 2 || again != 0 || torn != 0 {
		t.Errorf("got %d reports, %d duplicates, %d torn, want 2, 0, 0", n, again, torn)
	}
}

// A file that is being compressed is read as far as it goes.
func TestGzipCutShort(t *testing.T) {
	text := many(0, 4000)
	all := gzipped(t, text)
	raw, dir := t.TempDir(), newDir(t)
	path := write(t, filepath.Join(raw, "usage-2026-11-20T00-00-00.000.jsonl.gz"), all[:2])
	for _, to := range []int{2, 5, 11, len(all) / 3, len(all) / 2, len(all) - 9, len(all) - 1} {
		write(t, path, all[:to])
		if done := compact(t, dir, raw); len(done.Warnings) != 1 || !strings.Contains(done.Warnings[0], "cut short") || !strings.Contains(done.Warnings[0], path) {
			t.Errorf("%d bytes: got the warnings %q, want one that it is cut short", to, done.Warnings)
		}
	}
	write(t, path, all)
	if done := compact(t, dir, raw); len(done.Warnings) > 0 {
		t.Errorf("whole: got %q, want no warning", done.Warnings)
	}
	if n, _, torn := inputOf(t, dir); n != 4000 || torn != 0 {
		t.Errorf("got %d reports, %d torn, want 4000, 0", n, torn)
	}
}

// A damaged gzip file stops no other file from being read.
func TestGzipDamaged(t *testing.T) {
	all := gzipped(t, many(0, 3000))
	for name, damaged := range map[string]string{
		"header":   all[:2] + "\xff\xff" + all[4:],
		"middle":   all[:len(all)/2] + strings.Repeat("\xff", 64) + all[len(all)/2+64:],
		"checksum": all[:len(all)-8] + "\x00\x01\x02\x03" + all[len(all)-4:],
	} {
		t.Run(name, func(t *testing.T) {
			raw, dir := t.TempDir(), newDir(t)
			path := write(t, filepath.Join(raw, "a.jsonl.gz"), damaged)
			write(t, filepath.Join(raw, "b.jsonl"), line(1, today, 5))
			done := compact(t, dir, raw)
			if len(done.Warnings) != 1 || !strings.Contains(done.Warnings[0], path) {
				t.Errorf("got the warnings %q, want one about %s", done.Warnings, path)
			}
			before, _, _ := inputOf(t, dir)
			compact(t, dir, raw)
			if n, _, _ := inputOf(t, dir); n < 1 || n != before {
				t.Errorf("got %d reports, and then %d, want the same and at least the one of the good file", before, n)
			}
		})
	}
}

// A file's times do not count, its content does.
func TestTimesDoNotCount(t *testing.T) {
	raw, dir := t.TempDir(), newDir(t)
	path := write(t, filepath.Join(raw, "usage.jsonl"), many(0, 30))
	compact(t, dir, raw)
	if err := os.Chtimes(path, time.Unix(1, 0), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	before := tree(t, dir)
	compact(t, dir, raw)
	sameText(t, "files", tree(t, dir), before)
}
