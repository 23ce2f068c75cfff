package archived

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"
)

// tombstones know erased identifiers by their keyed hashes.
type tombstones struct {
	key  []byte
	have map[string]bool
}

func newTombstones(key string, hashes []string) (*tombstones, error) {
	k, err := hex.DecodeString(key)
	if err != nil || len(k) < 16 {
		return nil, errors.New("manifest.json has no key for its tombstones")
	}
	t := &tombstones{k, map[string]bool{}}
	for _, h := range hashes {
		t.have[h] = true
	}
	return t, nil
}

// of returns the tombstone of an identifier, if it has one.
func (t *tombstones) of(id [16]byte) (string, bool) {
	h := hmac.New(sha256.New, t.key)
	h.Write(id[:])
	hash := hex.EncodeToString(h.Sum(nil)[:16])
	return hash, t.have[hash]
}

var guids = regexp.MustCompile(`(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}`)

// text searches a file for erased identifiers.
func (i *inspection) text(rel string, data []byte) {
	for _, m := range guids.FindAll(data, -1) {
		id, err := uuid.ParseBytes(m)
		if err != nil {
			continue
		}
		if hash, gone := i.erased.of(id); gone {
			i.found(Erased, rel, "the identifier of an erased installation", "its tombstone is "+hash)
		}
	}
}

// rejected looks at the lines that compact did not take. They are what was
// not on the list, and are kept for a while to be looked at.
func (i *inspection) rejected(rel, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	before := i.Now.UTC().AddDate(0, 0, -i.RawDays).Format(time.DateOnly)
	lines := 0
	r := bufio.NewReader(f)
	for {
		line, err := r.ReadBytes('\n')
		if len(strings.TrimSpace(string(line))) > 0 {
			lines++
			i.line(rel, line, before)
		}
		if err != nil {
			break // the end; a torn line was looked at
		}
	}
	if lines > 0 {
		i.result.Notes = append(i.result.Notes, fmt.Sprintf("%s: %d lines that are not on the list, kept for %d days for operators to look at", rel, lines, i.RawDays))
	}
	return nil
}

func (i *inspection) line(rel string, line []byte, before string) {
	var x struct {
		Read  string `json:"read"`
		Text  string `json:"text"`
		Bytes []byte `json:"bytes"`
	}
	if err := json.Unmarshal(line, &x); err != nil {
		i.found(Damaged, rel, "a line that is not JSON", fmt.Sprintf("%.80q", line))
	}
	if x.Read < before {
		i.found(Retention, rel, fmt.Sprintf("a line that is kept for longer than %d days; headcount prune removes it", i.RawDays), "read on "+x.Read)
	}
	i.text(rel, line)
	i.text(rel, []byte(x.Text))
	i.text(rel, x.Bytes)
}
