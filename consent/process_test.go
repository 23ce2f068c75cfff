package consent

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// These tests run this binary again as another process. TestMain turns it into
// one that saves; see child.

const (
	childDir   = "CONSENT_TEST_DIR"
	childName  = "CONSENT_TEST_NAME"
	childFirst = "CONSENT_TEST_FIRST"
	childCount = "CONSENT_TEST_COUNT"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		os.Exit(child(NewFile(dir)))
	}
	os.Exit(m.Run())
}

// child saves decisions about notices first, first+1, ... and prints each
// notice once its Save has returned.
func child(f *File) int {
	first, _ := strconv.Atoi(os.Getenv(childFirst))
	count, _ := strconv.Atoi(os.Getenv(childCount))
	for notice := first; notice < first+count; notice++ {
		r := Record{Decision: decided(notice), Notice: notice, Where: os.Getenv(childName), By: strconv.Itoa(notice)}
		err := f.Save(context.Background(), r)
		for wasOvertaken(err) { // by a no of the other process
			err = f.Save(context.Background(), r)
		}
		if err != nil {
			fmt.Println(err)
			return 1
		}
		fmt.Println(notice)
	}
	return 0
}

// decided alternates, so that each Save changes the answer.
func decided(notice int) Decision {
	if notice%2 == 0 {
		return Denied
	}
	return Granted
}

func start(t *testing.T, f *File, name string, first, count int) (*exec.Cmd, io.Reader) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(self)
	command.Env = append(os.Environ(), childDir+"="+f.dir, childName+"="+name,
		childFirst+"="+strconv.Itoa(first), childCount+"="+strconv.Itoa(count))
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	return command, out
}

// TestKill kills a process that saves, over and over in the same directory, and
// finds the last decision that was acknowledged or the one after it.
func TestKill(t *testing.T) {
	rounds := 100
	if testing.Short() {
		rounds = 10
	}
	f, last, torn, unacknowledged := place(t), 0, 0, 0
	save(t, f, Denied, 1)
	last = 1
	for range rounds {
		command, out := start(t, f, "killed", last+1, 1<<20)
		lines := bufio.NewScanner(out)
		for range 1 + rand.IntN(4) {
			if lines.Scan() {
				last = number(t, lines.Text())
			}
		}
		// Somewhere inside the Save that is running now.
		for begin, wait := time.Now(), time.Duration(rand.IntN(3000))*time.Microsecond; time.Since(begin) < wait; {
		}
		if err := command.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() { // acknowledged, but not yet heard of
			last = number(t, lines.Text())
		}
		_ = command.Wait()

		if strings.Contains(strings.Join(listing(t, f.dir), " "), ".new-") {
			torn++
		}
		r, err := f.Consent(context.Background())
		if err != nil || (r.Notice != last && r.Notice != last+1) || (r.Notice > 1 && r.By != strconv.Itoa(r.Notice)) || (r.Notice > 1 && r.Decision != decided(r.Notice)) {
			t.Fatalf("after notice %d was saved: %+v, %v", last, r, err)
		}
		if r.Notice != last {
			unacknowledged++
		}
		last = r.Notice
	}
	t.Logf("%d kills: %d left half a Save, %d a Save that had not returned", rounds, torn, unacknowledged)
	save(t, f, Granted, last+1)
	holds(t, f, Granted, last+1)
	if got := strings.Join(listing(t, f.dir), " "); got != fileName+" "+lockName {
		t.Errorf("the directory holds %s", got)
	}
}

func number(t *testing.T, line string) int {
	t.Helper()
	n, err := strconv.Atoi(line)
	if err != nil {
		t.Fatalf("the other process says: %s", line)
	}
	return n
}

// TestTwoProcesses has two of them save at once while this one reads.
func TestTwoProcesses(t *testing.T) {
	const each = 49
	f := place(t)
	save(t, f, Denied, 1)
	names := []string{"a", "b"}
	commands := make([]*exec.Cmd, len(names))
	ended := make(chan error, len(names))
	for i, name := range names {
		command, out := start(t, f, name, 1, each)
		commands[i] = command
		go func() {
			said, _ := io.ReadAll(out)
			err := command.Wait()
			if err != nil {
				err = fmt.Errorf("%w: %s", err, said)
			}
			ended <- err
		}()
	}
	reads := 0
	for running := len(names); running > 0; reads++ {
		if r, err := f.Consent(context.Background()); err != nil || r.Decision == Undecided {
			t.Errorf("read %+v, %v", r, err)
		}
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
			running--
		default:
		}
	}
	records, err := f.History(context.Background())
	if err != nil || len(records) != 1+2*each {
		t.Fatalf("%d records instead of %d, %v", len(records), 1+2*each, err)
	}
	next := map[string]int{"a": 1, "b": 1}
	for _, r := range records[1:] {
		if r.Notice != next[r.Where] || r.By != strconv.Itoa(r.Notice) {
			t.Errorf("%s saved notice %d, which came as %d", r.Where, next[r.Where], r.Notice)
		}
		next[r.Where]++
	}
	t.Logf("%d records of 2 processes, read %d times meanwhile", len(records)-1, reads)
}
