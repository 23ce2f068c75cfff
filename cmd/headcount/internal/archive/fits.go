package archive

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/number"
)

// fewestReports are enough to tell a wrong catalog from some hostile reports.
const fewestReports = 10

// fits warns where the catalog is probably not that of the files: none of many
// reports is as it says, and none ever was. It is no error, so that hostile
// reports alone stop nothing.
func (c *compaction) fits() {
	if c.m.Catalog == nil || len(c.m.Months) > 0 || c.done.Reports > 0 || c.done.Kinds[answer.TooOld] > 0 {
		return
	}
	kinds, sum := map[string]int64{}, int64(0)
	for _, kind := range []string{answer.UnknownMetric, answer.UnknownLabel, answer.WrongKind, answer.AbsurdValue} {
		if n := c.done.Kinds[kind]; n > 0 {
			kinds[kind] = n
			sum += n
		}
	}
	if sum < fewestReports {
		return
	}
	most := slices.SortedFunc(maps.Keys(kinds), func(a, b string) int {
		return cmp.Or(cmp.Compare(kinds[b], kinds[a]), cmp.Compare(a, b))
	})
	var list []string
	for _, kind := range most {
		list = append(list, kind+" "+number.Grouped(kinds[kind]))
	}
	c.warn("none of %s reports is as the catalog %q says (%s): is --catalog right? With the right one compact begins again",
		number.Grouped(sum), c.m.Catalog.Product, strings.Join(list, ", "))
}
