package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A job is what a process of its own does with an archive.
type job struct {
	Do    string // compact, erase or prune
	Dir   string
	Files []string
	Step  string        // before which it is killed
	Nth   int           // of these steps; 0: none
	After time.Duration // after which it is killed; 0: never
	Limit uint64        // of the size of a file; 0: none

	Memory bool // at the end it says how much it took
}

const jobVariable = "HEADCOUNT_ARCHIVE_JOB"

func TestMain(m *testing.M) {
	if text := os.Getenv(jobVariable); text != "" {
		var j job
		if err := json.Unmarshal([]byte(text), &j); err != nil {
			panic(err)
		}
		if err := j.run(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func kill() {
	syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

func (j *job) run() error {
	if j.Nth > 0 {
		n := 0
		step = func(name string) {
			if name != j.Step {
				return
			}
			if n++; n == j.Nth {
				kill()
			}
		}
	}
	if j.After > 0 {
		time.AfterFunc(j.After, kill)
	}
	if j.Limit > 0 {
		limit := syscall.Rlimit{Cur: j.Limit, Max: j.Limit}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			return err
		}
	}
	err := j.do(context.Background())
	if status, _ := os.ReadFile("/proc/self/status"); j.Memory {
		fmt.Printf("%s", status)
	}
	return err
}

func (j *job) do(ctx context.Context) (err error) {
	switch j.Do {
	case "compact":
		_, err = Compact(ctx, j.Dir, CompactOptions{Files: j.Files, Catalog: "compreface"})
	case "erase":
		_, err = Erase(ctx, j.Dir, EraseOptions{Files: j.Files, Closed: true, Now: today.Time()})
	case "prune":
		_, err = Prune(ctx, j.Dir, PruneOptions{Files: j.Files, RawDays: 1, Months: 1, Now: today.Time()})
	}
	return err
}

// start runs the job in a process of its own, and returns whether it was
// killed.
func (j job) start(t *testing.T) (killed bool, stderr string) {
	t.Helper()
	text, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), jobVariable+"="+string(text))
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return err != nil && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL, string(out)
}

// A scene is a directory with an archive and raw files, in which a job is to
// be done.
type scene struct {
	dir, raw string
}

func (s scene) job(do string) job { return job{Do: do, Dir: s.dir, Files: []string{s.raw}} }

// copy makes the same scene once more, with the times of the files.
func (s scene) copy(t *testing.T) scene {
	t.Helper()
	to := scene{newDir(t), filepath.Join(t.TempDir(), "raw")}
	for from, to := range map[string]string{s.dir: to.dir, s.raw: to.raw} {
		if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, out)
		}
	}
	return to
}

// scenes are one before each job: new reports, late ones, requests to erase,
// rejected pieces, rotated files.
func scenes(t *testing.T) map[string]scene {
	files := small(t, 7)
	all := map[string]scene{}
	base := scene{newDir(t), filepath.Dir(files[0])}
	foul := strings.Replace(line(401, today, 5), usersMetric, "unknown.metric", 1)
	write(t, filepath.Join(base.raw, "usage-2026-11-25T09-00-00.000.jsonl"), line(401, today-40, 1), line(401, today-2, 2), foul,
		request(resource(402, today, 3, "1-10"), resource(401, today, 3, "1-10"))+"\n", line(401, today, 9)[:300]+"\n",
		askErase(401, today), line(401, today, 10), askErase(403, today), line(404, today, 3), line(401, today, 11)[:350])
	compact(t, base.dir, files[:len(files)/2]...)
	all["compact"] = base
	read := base.copy(t)
	compact(t, read.dir, read.raw)
	appendTo(t, filepath.Join(read.raw, "usage.jsonl"), line(400, today, 3)) // not read yet
	for _, path := range rawNames(t, read.raw) {
		if err := os.Chtimes(path, today.Time().AddDate(0, 0, -9), today.Time().AddDate(0, 0, -9)); err != nil {
			t.Fatal(err)
		}
	}
	all["erase"], all["prune"] = read, read.copy(t)
	return all
}

func rawNames(t *testing.T, raw string) []string {
	t.Helper()
	paths, err := expand([]string{raw})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// state is what must be the old or the new one after a crash.
func (s scene) state(t *testing.T) string { return answers(t, s.dir) }

// repaired fails the test where, after a crash, the archive is neither the
// old nor the new one, or the next run does not complete it.
func (s scene) repaired(t *testing.T, do string, before, after, final string) {
	t.Helper()
	now := s.state(t)
	if now != before && now != after {
		sameText(t, "after the crash (neither the old answers nor the new ones; compared with the new)", now, after)
	}
	if err := (&job{Do: do, Dir: s.dir, Files: []string{s.raw}}).do(t.Context()); err != nil {
		t.Fatal(err)
	}
	sameText(t, "after the next run", s.state(t), after)
	whole(t, s.dir)
	s.clean(t, do)
	compact(t, s.dir, s.raw)
	sameText(t, "after compact", s.state(t), final)
}

// clean fails the test where temporary files are left beside the raw ones,
// or something of an erased installation.
func (s scene) clean(t *testing.T, do string) {
	t.Helper()
	names, err := os.ReadDir(s.raw)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		if strings.HasPrefix(n.Name(), ".") {
			t.Errorf("%s was left beside the raw files", n.Name())
		}
	}
	if do == "erase" {
		for _, id := range requested(t, s.dir) {
			if at := find(t, id, s.dir, s.raw); len(at) > 0 {
				t.Errorf("%x is still in %s", id, at)
			}
		}
	}
}

// requested are the identifiers of the scene that asked to erase.
func requested(t *testing.T, dir string) (list [][16]byte) {
	t.Helper()
	m, err := load(dir)
	if err != nil {
		t.Fatal(err)
	}
	gone, err := m.erased()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range asked {
		if gone.has(id) {
			list = append(list, id)
		}
	}
	if len(list) == 0 || len(list) != len(m.Pending)+len(m.Tombstones) {
		t.Fatalf("got %d installations that asked to erase, want %d", len(list), len(m.Pending)+len(m.Tombstones))
	}
	return list
}

// asked are all identifiers that asked to erase in the scenes.
var asked [][16]byte

// Killed at any step or moment, the archive is the old or the new one, and
// the next run completes.
func TestKilled(t *testing.T) {
	places := scenes(t)
	m, err := load(places["erase"].dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range m.Pending {
		asked = append(asked, parsed(text))
	}
	if len(asked) < 2 {
		t.Fatalf("got %d requests to erase, want some", len(asked))
	}
	for _, do := range []string{"compact", "erase", "prune"} {
		t.Run(do, func(t *testing.T) {
			from := places[do]
			before := from.state(t)
			done := from.copy(t)
			steps := stepsOf(t, func() error { j := done.job(do); return j.do(t.Context()) })
			after := done.state(t)
			compact(t, done.dir, done.raw)
			final := done.state(t)
			for name, n := range steps {
				for _, nth := range some(n) {
					t.Run(fmt.Sprintf("at %s %d of %d", name, nth, n), func(t *testing.T) {
						t.Parallel()
						s := from.copy(t)
						j := s.job(do)
						j.Step, j.Nth = name, nth
						if killed, out := j.start(t); !killed {
							t.Fatalf("was not killed: %s", out)
						}
						s.repaired(t, do, before, after, final)
					})
				}
			}
			rng := rand.New(rand.NewPCG(1, 2))
			rounds := 12
			if testing.Short() {
				rounds = 2
			}
			for i := range rounds {
				moment := time.Duration(1 + rng.IntN(100_000_000))
				t.Run("at moment "+strconv.Itoa(i), func(t *testing.T) {
					t.Parallel()
					s := from.copy(t)
					j := s.job(do)
					j.After = moment
					if killed, out := j.start(t); !killed && out != "" {
						t.Fatal(out)
					}
					s.repaired(t, do, before, after, final)
				})
			}
		})
	}
}

// some are the first, the last and one in between of n.
func some(n int) []int {
	switch n {
	case 1:
		return []int{1}
	case 2:
		return []int{1, 2}
	}
	return []int{1, (n + 1) / 2, n}
}

// stepsOf counts the steps of a run by their names.
func stepsOf(t *testing.T, run func() error) map[string]int {
	t.Helper()
	steps := map[string]int{}
	before := step
	defer func() { step = before }()
	step = func(name string) { steps[name]++ }
	if err := run(); err != nil {
		t.Fatal(err)
	}
	return steps
}

// Cancelled at any step, a run ends with the context's error and leaves no
// trace; where it had put the new manifest in place, the new archive is there.
func TestCancelled(t *testing.T) {
	places := scenes(t)
	for _, do := range []string{"compact", "erase", "prune"} {
		from := places[do]
		before := from.state(t)
		done := from.copy(t)
		steps := stepsOf(t, func() error { j := done.job(do); return j.do(t.Context()) })
		after := done.state(t)
		for name, n := range steps {
			for _, nth := range some(n) {
				t.Run(fmt.Sprintf("%s at %s %d of %d", do, name, nth, n), func(t *testing.T) {
					s := from.copy(t)
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					i, was := 0, step
					step = func(at string) {
						if at == name {
							if i++; i == nth {
								cancel()
							}
						}
					}
					j := s.job(do)
					err := j.do(ctx)
					step = was
					if err != nil && !errors.Is(err, context.Canceled) {
						t.Fatalf("got %v, want %v", err, context.Canceled)
					}
					now := s.state(t)
					if now != before || err == nil {
						sameText(t, "answers", now, after)
					}
					whole(t, s.dir)
				})
			}
		}
	}
}
