// Package erasure keeps requests to erase, one file each: made at a no, before
// the identifier is destroyed, until they arrive or are given up. It sends
// nothing.
//
// A request is JSON in NAME.request; it is due at the file's modification time. The
// outcome is in NAME.receipt, without the identifier. NAME is a hash of the
// identifier, so that one process finds the request of another.
package erasure

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"headcount.example/internal/durable"
)

const (
	Timeout = 14 * 24 * time.Hour // how long a request is tried

	maxRequests = 100     // kept at once
	maxReceipts = 10      // of the newest requests
	maxSize     = 4 << 10 // bytes of a file

	// Suffix ends the name of a file that holds an identifier.
	Suffix        = ".request"
	receiptSuffix = ".receipt"
)

// A Request asks one receiver to erase what one installation sent. A receipt is a
// finished request without the identifier.
type Request struct {
	GUID      uuid.UUID `json:"install_guid,omitzero"`
	Product   string    `json:"product"`
	URL       string    `json:"url"`
	Asked     time.Time `json:"asked"`
	Delivered time.Time `json:"delivered,omitzero"`
	GivenUp   time.Time `json:"given_up,omitzero"`

	Due  time.Time `json:"-"` // not to be sent before
	path string
}

// String describes a request and its outcome for a person.
func (r Request) String() string {
	day := func(t time.Time) string { return t.UTC().Format(time.DateOnly) }
	switch {
	case !r.Delivered.IsZero():
		return "asked to erase on " + day(r.Asked) + "; the request was delivered on " + day(r.Delivered)
	case !r.GivenUp.IsZero():
		return "asked to erase on " + day(r.Asked) + "; the request could not be delivered and was given up on " + day(r.GivenUp)
	}
	return fmt.Sprintf("asked to erase on %s; not delivered yet, tried until %s", day(r.Asked), day(r.Asked.Add(Timeout)))
}

// Requests are those of one product in one directory. Their methods are safe for
// concurrent use, by several processes too.
type Requests struct{ dir, product string }

// New names a directory and touches nothing. If it is empty, no request can be kept.
func New(dir, product string) *Requests { return &Requests{dir, product} }

func (s *Requests) path(guid uuid.UUID, suffix string) string {
	sum := sha256.Sum256(guid[:])
	return filepath.Join(s.dir, hex.EncodeToString(sum[:8])+suffix)
}

// Keep writes a request to a receiver. It does nothing if the request is kept or
// finished, because it may be called more than once for a no. With again it repeats
// one that was given up.
func (s *Requests) Keep(guid uuid.UUID, url string, now time.Time, again bool) error {
	if s.dir == "" {
		return errors.New("Config.Dir is needed to keep the request until it arrives")
	}
	kept := s.Pending()
	_, none := os.Lstat(s.path(guid, receiptSuffix))
	over := none == nil && (!again || s.Delivered(guid))
	if over || slices.ContainsFunc(kept, func(r Request) bool { return r.GUID == guid }) {
		return nil
	}
	if len(kept) >= maxRequests {
		return fmt.Errorf("%d requests are waiting already", maxRequests)
	}
	return s.write(Request{GUID: guid, Product: s.product, URL: url, Asked: second(now), path: s.path(guid, Suffix)})
}

func second(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// write tries again if Tidy, in this process or another, removed the temporary file:
// they share no lock.
func (s *Requests) write(r Request) error {
	data, err := json.Marshal(r)
	for range 10 {
		if err == nil {
			err = durable.Mkdir(s.dir)
		}
		if err == nil {
			err = durable.Replace(r.path, data)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		time.Sleep(time.Millisecond)
		err = nil
	}
	return errors.New("another process removes the temporary files of requests to erase again and again")
}

// Pending returns the requests that are not finished, the oldest first.
func (s *Requests) Pending() []Request {
	return slices.DeleteFunc(s.list(Suffix), func(r Request) bool {
		return r.GUID.Version() != 4 || r.GUID.Variant() != uuid.RFC4122 || r.path != s.path(r.GUID, Suffix)
	})
}

// Receipts returns the receipts of the newest requests, the oldest first.
func (s *Requests) Receipts() []Request { return s.list(receiptSuffix) }

// Delivered reports whether a request to erase this identifier has arrived.
func (s *Requests) Delivered(guid uuid.UUID) bool {
	path := s.path(guid, receiptSuffix)
	return slices.ContainsFunc(s.Receipts(), func(r Request) bool { return r.path == path && !r.Delivered.IsZero() })
}

// list returns the requests in files with a suffix, without damaged ones and those of
// other products.
func (s *Requests) list(suffix string) (list []Request) {
	files, _ := os.ReadDir(s.dir)
	for _, f := range files {
		var r Request
		r.path = filepath.Join(s.dir, f.Name())
		if !strings.HasSuffix(r.path, suffix) {
			continue
		}
		data, err := durable.Read(r.path, maxSize)
		if err != nil || json.Unmarshal(data, &r) != nil || r.Product != s.product {
			continue
		}
		if info, err := f.Info(); err == nil {
			r.Due = info.ModTime()
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b Request) int { return a.Asked.Compare(b.Asked) })
	return list
}

// Tidy removes temporary files and old receipts, and gives up requests that were tried
// for [Timeout]. It returns an error if one cannot be given up.
func (s *Requests) Tidy(now time.Time) error {
	if s.dir == "" {
		return nil
	}
	durable.Sweep(filepath.Join(s.dir, "*"))
	var faults []error
	for _, r := range s.Pending() {
		if now.Sub(r.Asked) >= Timeout || r.Due.Sub(r.Asked) >= Timeout {
			r.GivenUp = second(now)
			faults = append(faults, s.finish(r))
		}
	}
	receipts := s.Receipts()
	for _, r := range receipts[:max(0, len(receipts)-maxReceipts)] {
		_ = os.Remove(r.path)
	}
	return errors.Join(faults...)
}

// Arrived finishes a request that was delivered.
func (s *Requests) Arrived(r Request, now time.Time) error {
	r.Delivered = second(now)
	return s.finish(r)
}

// finish replaces a request by its receipt. If the process is killed in between, the
// request is sent once more, which does no harm.
func (s *Requests) finish(r Request) error {
	request := r.path
	r.path, r.GUID = s.path(r.GUID, receiptSuffix), uuid.Nil
	written, removed := s.write(r), os.Remove(request)
	if errors.Is(removed, fs.ErrNotExist) { // another process was first
		removed = nil
	}
	return errors.Join(written, removed, durable.SyncDir(s.dir))
}

// Postpone sets the time at which a request is due.
func (s *Requests) Postpone(r Request, due time.Time) { _ = os.Chtimes(r.path, due, due) }
