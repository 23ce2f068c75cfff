package consent

// The file: consent.json, in a directory that belongs to the application.
//
//   - It holds the version, which is 1, and the last 100 decisions, the newest
//     last; the newest one counts. Older ones are dropped.
//   - Every record has the fields below, in this order, and no others: "by" if
//     the application says who decided, "erase" if a no asks for it, "since" if
//     it is a yes. Times are UTC, to the
//     second, and rise. Apart from white space the file is byte for byte what
//     Save writes; anything else, be it a doubled or an unknown field, the same
//     field in capitals or a byte after the end, makes the whole file damaged.
//   - It is a regular file of at most 64 KiB, mode 0600, owned by the user of
//     the process or by root. So is its directory, in which no other user may
//     write. A no is believed without that. A link, a pipe or a directory in its place is damage.
//   - A damaged file is off, and is never repaired by guessing. The next Save
//     puts it aside as consent.json.damaged and starts a new history. If a file
//     was put aside and nothing took its place, that is damage as well.
//   - consent.lock is empty and stays. It is locked by the kernel, for as long
//     as a Save runs and no longer than its process lives.
//
//	{
//	  "version": 1,
//	  "records": [
//	    {
//	      "decision": "granted",
//	      "notice": 1,
//	      "time": "2026-11-21T18:02:07Z",
//	      "where": "sign-up form",
//	      "by": "account 7",
//	      "since": "2026-11-21T18:02:07Z"
//	    }
//	  ]
//	}

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

const (
	fileName    = "consent.json"
	damagedName = "consent.json.damaged"
	lockName    = "consent.lock"
	version     = 1
	maxFile     = 64 << 10
)

type document struct {
	Version int      `json:"version"`
	Records []Record `json:"records"`
}

// parse reads a file as encode writes it, and nothing else.
func parse(data []byte, now time.Time) ([]Record, error) {
	if len(data) > maxFile {
		return nil, fmt.Errorf("it is larger than %d bytes", maxFile)
	}
	doc := document{Version: version}
	err := json.Unmarshal(data, &doc)
	n := len(doc.Records)
	switch {
	case doc.Version != version:
		return nil, fmt.Errorf("version %d is not %d", doc.Version, version)
	case err != nil:
		return nil, err
	case n < 1 || n > maxRecords:
		return nil, fmt.Errorf("it has %d records, and not 1 to %d", n, maxRecords)
	}
	for i, r := range doc.Records {
		if err := check(r, now); err != nil {
			return nil, fmt.Errorf("record %d: %w", i+1, err)
		}
	}
	return doc.Records, canonical(data, doc.Records)
}

// canonical refuses what a decoder accepts: it skips fields that it does not know,
// takes the last of two "decision" fields, and takes "DECISION" for "decision".
func canonical(data []byte, records []Record) error {
	again, err := encode(records)
	if err != nil {
		return err
	}
	var is, ought bytes.Buffer
	if err := errors.Join(json.Compact(&is, data), json.Compact(&ought, again)); err != nil {
		return err
	}
	if !bytes.Equal(is.Bytes(), ought.Bytes()) {
		return errors.New("it is not written the way Save writes it")
	}
	return nil
}

// encode keeps the newest records. They have passed check, so that even 100 of
// the longest stay below maxFile; quotation marks double, nothing grows more.
func encode(records []Record) ([]byte, error) {
	if n := len(records) - maxRecords; n > 0 {
		records = records[n:]
	}
	doc := document{Version: version}
	for _, r := range records {
		doc.Records = append(doc.Records, normal(r))
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(doc)
	return out.Bytes(), err
}
