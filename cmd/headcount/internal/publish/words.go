package publish

import (
	"fmt"

	"headcount.example/cmd/headcount/internal/number"
)

// headline is the number of active installations in words.
func headline(f Figure) string {
	if f.Status == Suppressed {
		return fmt.Sprintf("fewer than %d", Threshold)
	}
	return number.Grouped(f.shown())
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
		return number.Grouped(f.shown())
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
