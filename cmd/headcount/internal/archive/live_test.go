package archive

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/day"
)

// A Collector writes a report, and then its newline. Reading while it does
// so counts every report exactly once.
func TestFileThatGrowsWhileItIsRead(t *testing.T) {
	const reports = 600
	path, dir := write(t, filepath.Join(t.TempDir(), "usage.jsonl")), newDir(t)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	written := make(chan error, 1)
	read := make(chan bool) // so many compactions were done
	go func() {
		for i := range reports {
			text := strings.TrimSuffix(line(i%50, today-12+day.Day(i/50), i), "\n")
			if _, err := f.WriteString(text); err != nil {
				written <- err
				return
			}
			if i%100 == 99 {
				<-read
			}
			if _, err := f.WriteString("\n"); err != nil {
				written <- err
				return
			}
		}
		written <- nil
	}()
	runs := 0
	for done := false; !done; {
		compact(t, dir, path)
		runs++
		select {
		case read <- true:
		case err := <-written:
			if err != nil {
				t.Fatal(err)
			}
			done = true
		default:
		}
	}
	compact(t, dir, path)
	n, again, torn := inputOf(t, dir)
	if n != reports || again != 0 || torn != 0 || runs < 6 {
		t.Errorf("after %d runs: got %d reports, %d duplicates, %d torn, want %d, 0, 0", runs, n, again, torn, reports)
	}
	all := newDir(t)
	compact(t, all, path)
	sameText(t, "answers", answers(t, dir), answers(t, all))
}

// Wherever a file is cut while it is written, nothing is lost or read twice.
func TestEveryCutOfATail(t *testing.T) {
	first, second := line(1, today-1, 3), line(2, today, 4)
	rest := line(3, today, 5)
	whole := first + second + rest
	raw, dir := t.TempDir(), newDir(t)
	path := write(t, filepath.Join(raw, "usage.jsonl"), whole)
	compact(t, dir, path)
	want := answers(t, dir)
	step := 1
	if testing.Short() {
		step = 29
	}
	for at := len(first) - 2; at <= len(first)+len(second)+2; at += step {
		if at > len(first)+40 && at < len(first)+len(second)-40 && at%61 != 0 {
			continue // all alike
		}
		dir, path := newDir(t), write(t, filepath.Join(t.TempDir(), "usage.jsonl"), whole[:at])
		compact(t, dir, path)
		_, _, torn := inputOf(t, dir)
		tail := strings.TrimSuffix(whole[:at], "\n")
		isWhole := strings.HasSuffix(tail, "]}]}]}")
		if isWhole != (torn == 0) {
			t.Errorf("cut at %d, %q: got %d torn", at, tail[max(0, len(tail)-20):], torn)
		}
		appendTo(t, path, whole[at:])
		compact(t, dir, path)
		sameText(t, "answers", answers(t, dir), want)
	}
}

// A report without its newline is read, and so is what follows on its line.
func TestTailWithoutNewline(t *testing.T) {
	path, dir := write(t, filepath.Join(t.TempDir(), "usage.jsonl")), newDir(t)
	for i, step := range []struct {
		added         string
		reports, torn int64
	}{
		{strings.TrimSpace(line(1, today, 3)), 1, 0},
		{strings.TrimSpace(line(2, today, 3)), 2, 0},
		{`{"resourceMetrics":[{"resou`, 2, 1},
		{line(3, today, 3), 3, 1},
		{"\n", 3, 1},
	} {
		appendTo(t, path, step.added)
		compact(t, dir, path)
		if n, again, torn := inputOf(t, dir); n != step.reports || again != 0 || torn != step.torn {
			t.Errorf("step %d: got %d reports, %d duplicates, %d torn, want %d, 0, %d", i, n, again, torn, step.reports, step.torn)
		}
	}
	if data, err := os.ReadFile(path); err != nil || !strings.Contains(string(data), guid(3)) {
		t.Errorf("compact changed the file: %v", err)
	}
}

// A torn piece at the end counts while it stands, and as long as it stands.
func TestTornTailOfARotatedFile(t *testing.T) {
	raw, dir := t.TempDir(), newDir(t)
	live := write(t, filepath.Join(raw, "usage.jsonl"), line(1, today, 3), `{"resourceMetrics":[{"re`)
	for range 2 {
		compact(t, dir, raw)
		if _, _, torn := inputOf(t, dir); torn != 1 {
			t.Fatalf("got %d torn, want 1", torn)
		}
	}
	if err := os.Rename(live, filepath.Join(raw, "usage-2026-11-25T10-00-00.000.jsonl")); err != nil {
		t.Fatal(err)
	}
	write(t, live, line(2, today, 3))
	for range 2 {
		compact(t, dir, raw)
		if n, again, torn := inputOf(t, dir); n != 2 || again != 0 || torn != 1 {
			t.Fatalf("rotated: got %d reports, %d duplicates, %d torn, want 2, 0, 1", n, again, torn)
		}
	}
}

// Reading any split of a hostile file in steps gives the same answers.
func TestRandomSteps(t *testing.T) {
	files := small(t, 11)
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	data = data[:min(len(data), 120_000)]
	once := newDir(t)
	compact(t, once, write(t, filepath.Join(t.TempDir(), "usage.jsonl"), string(data)))
	want := answers(t, once)
	for seed := range uint64(4) {
		rng := rand.New(rand.NewPCG(seed, 1))
		path, dir := write(t, filepath.Join(t.TempDir(), "usage.jsonl")), newDir(t)
		for at := 0; at < len(data); {
			to := min(len(data), at+1+rng.IntN(20_000))
			appendTo(t, path, string(data[at:to]))
			compact(t, dir, path)
			at = to
		}
		sameText(t, "answers", answers(t, dir), want)
	}
}
