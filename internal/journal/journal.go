// Package journal keeps the exact bytes of the reports of one installation,
// for its administrator: what was sent, where to, when, and the outcome. It is
// bounded, and readable when everything else is off.
//
// An entry is written before a report is sent, so that nothing can leave without one,
// whatever ends the process in between. A report whose entry has no outcome may or may
// not have arrived.
//
// Each entry is a file of its own, NNNNNNNN.json in the directory "journal",
// written beside its place and renamed. A reader skips a damaged entry, which never
// hides another.
package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"headcount.example/internal/durable"
)

// Kept is the largest number of entries; the oldest is removed first. If more than
// keptUndelivered did not arrive, the oldest of those is removed first: a receiver that
// is away for long does not push out what did arrive.
const (
	Kept            = 90
	keptUndelivered = 30
)

// Delivered is the outcome of a report that arrived.
const Delivered = "delivered"

const (
	dirName  = "journal"
	maxEntry = 4 << 20 // of a file; a report is far smaller
	maxText  = 500

	lockTimeout = 5 * time.Second // a report waits for it
	tidyTimeout = time.Second     // Init and a no wait for it
)

// An Entry is one report.
type Entry struct {
	Number   int       `json:"number"`
	Time     time.Time `json:"time"`    // when it was about to be sent
	URL      string    `json:"url"`     // where to
	Request  []byte    `json:"request"` // the bytes on the connection
	Outcome  string    `json:"outcome"` // "delivered", why not, or empty when the process ended before it knew
	Finished time.Time `json:"finished,omitzero"`
}

// Journal is the journal in one directory. Its methods are safe for
// concurrent use, by several processes too: a writer holds a lock.
type Journal struct{ dir string }

// New names the directory of the installation and touches nothing.
func New(dir string) *Journal { return &Journal{filepath.Join(dir, dirName)} }

// Begin writes an entry without an outcome and returns its number. If it fails,
// nothing may be sent.
func (j *Journal) Begin(now time.Time, url string, request []byte) (int, error) {
	if err := durable.Mkdir(j.dir); err != nil {
		return 0, fmt.Errorf("journal: %w", err)
	}
	release, err := j.lock(lockTimeout)
	if err != nil {
		return 0, err
	}
	defer release()
	durable.Sweep(filepath.Join(j.dir, "*")) // what killed processes left
	numbers, err := j.numbers()
	if err != nil {
		return 0, err
	}
	number := 1
	if len(numbers) > 0 {
		number = numbers[len(numbers)-1] + 1
	}
	for len(numbers) >= Kept {
		at := j.oldestToRemove(numbers)
		if err := os.Remove(j.path(numbers[at])); err != nil && !errors.Is(err, os.ErrNotExist) {
			return 0, fmt.Errorf("journal: %w", err) // or it would grow without end
		}
		numbers = slices.Delete(numbers, at, at+1)
	}
	if err := j.write(Entry{Number: number, Time: now.UTC().Truncate(time.Second), URL: url, Request: request}); err != nil {
		return 0, err
	}
	return number, nil
}

// Tidy removes temporary files, which can hold an identifier. If another process is
// writing for longer than a second, Tidy leaves its file. At a no it removes that too:
// the writer then gets an error and sends nothing.
func (j *Journal) Tidy(no bool) {
	all := filepath.Join(j.dir, "*")
	if len(durable.Leftovers(all)) == 0 {
		return // and so no lock file appears
	}
	release, err := j.lock(tidyTimeout)
	switch {
	case err == nil:
		defer release()
	case !no:
		return
	}
	durable.Sweep(all)
}

// oldestToRemove returns the index of the entry that is removed first.
func (j *Journal) oldestToRemove(numbers []int) int {
	var undelivered []int
	for i, number := range numbers {
		if e, err := j.read(number); err != nil || e.Outcome != Delivered {
			undelivered = append(undelivered, i)
		}
	}
	if len(undelivered) > keptUndelivered {
		return undelivered[0]
	}
	return 0
}

// End writes the outcome of a report: [Delivered], or why it did not arrive.
func (j *Journal) End(now time.Time, number int, outcome string) error {
	release, failed := j.lock(lockTimeout)
	if failed != nil {
		return failed
	}
	defer release()
	e, failed := j.read(number)
	if failed != nil {
		return failed
	}
	e.Finished, e.Outcome = now.UTC().Truncate(time.Second), outcome[:min(len(outcome), maxText)]
	return j.write(e)
}

// Entries returns the entries, the newest first, and none if there is no directory.
// The error names the entries that cannot be read; the others are returned.
func (j *Journal) Entries() ([]Entry, error) {
	numbers, err := j.numbers()
	if err != nil {
		return nil, err
	}
	var entries []Entry
	var faults []error
	for i := len(numbers) - 1; i >= 0; i-- {
		e, err := j.read(numbers[i])
		switch {
		case errors.Is(err, os.ErrNotExist): // another process just removed it for a newer one
		case err != nil:
			faults = append(faults, err)
		default:
			entries = append(entries, e)
		}
	}
	return entries, errors.Join(faults...)
}

// lock waits for another writer.
func (j *Journal) lock(timeout time.Duration) (release func(), err error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if release, err = durable.Lock(ctx, filepath.Join(j.dir, ".lock")); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	return release, nil
}

func (j *Journal) path(number int) string {
	return filepath.Join(j.dir, fmt.Sprintf("%08d.json", number))
}

// numbers lists the entries in rising order, and skips files with other names.
func (j *Journal) numbers() ([]int, error) {
	files, err := os.ReadDir(j.dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	var numbers []int
	for _, f := range files {
		n, _ := strconv.Atoi(strings.TrimSuffix(f.Name(), ".json"))
		if n > 0 && n < 1<<30 && filepath.Base(j.path(n)) == f.Name() && f.Type().IsRegular() {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers) // some may have more digits
	return numbers, nil
}

func (j *Journal) read(number int) (Entry, error) {
	data, err := durable.Read(j.path(number), maxEntry)
	if err != nil {
		return Entry{}, fmt.Errorf("journal: %w", err)
	}
	var e Entry
	err = json.Unmarshal(data, &e)
	if err == nil && e.Number != number {
		err = fmt.Errorf("it says that it is number %d", e.Number)
	}
	if err != nil {
		return Entry{}, fmt.Errorf("journal: %q is not an entry: %w", j.path(number), err)
	}
	return e, nil
}

func (j *Journal) write(e Entry) error {
	data, err := json.Marshal(e)
	if err == nil {
		err = durable.Replace(j.path(e.Number), data)
	}
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}
