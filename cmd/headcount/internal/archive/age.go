package archive

import (
	"errors"
	"io"
	"regexp"
	"strconv"
	"time"

	"headcount.example/cmd/headcount/internal/day"
)

// stamp is the time that the Collector gives each point.
var stamp = regexp.MustCompile(`"timeUnixNano":"([0-9]{1,19})"`)

// age is how many whole days ago the first report in a raw file arrived, as
// far as its beginning tells: the Collector appends, and stamps its own day.
// Where that is missing or later, the last write counts.
func (o *opened) age(now time.Time) (int, error) {
	first := o.info.ModTime()
	r, err := o.again()
	if err != nil {
		return 0, err
	}
	begin, err := io.ReadAll(io.LimitReader(r, 64<<10))
	if err != nil && !corrupt(err) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, o.fault(err)
	}
	for _, m := range stamp.FindAllSubmatch(begin, -1) {
		n, _ := strconv.ParseInt(string(m[1]), 10, 64) // too large is late, and 0 is no day
		if at := time.Unix(0, n); day.Of(at) >= day.First {
			if at.Before(first) {
				first = at
			}
			break
		}
	}
	return int(now.Sub(first).Hours() / 24), nil
}
