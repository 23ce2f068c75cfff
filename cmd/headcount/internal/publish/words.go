package publish

import (
	"fmt"
	"strconv"
)

// grouped writes a number as in 8,760.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// headline is the number of active installations in words.
func headline(f Figure) string {
	if f.Status == Suppressed {
		return fmt.Sprintf("fewer than %d", Threshold)
	}
	return grouped(f.shown())
}

// words is a figure in a table. Each status looks different.
func (f Figure) words() string {
	switch f.Status {
	case Suppressed:
		return "hidden"
	case Missing:
		return "not known"
	case NearlyAll:
		return "nearly all"
	default:
		return grouped(f.shown())
	}
}

// percent is the share of a figure, empty where it is not known.
func (f Figure) percent() string {
	switch {
	case f.Share == nil:
		return ""
	case f.Status == NearlyAll:
		return "nearly 100 %"
	case *f.Share == 0 && f.shown() > 0:
		return "under 1 %"
	default:
		return fmt.Sprintf("%.0f %%", *f.Share*100)
	}
}
