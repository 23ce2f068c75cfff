package house

import (
	"math/rand/v2"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"headcount.example/catalog/compreface"
	"headcount.example/internal/gate"
)

// The README says how large a report is, to the endpoint of its example: as
// one is on most days, and at most. The largest has every range, and numbers
// that do not compress: as many as a report can hold, drawn at random.
func TestReadmeReportSize(t *testing.T) {
	text := readme(t)
	number := func(rule string) string {
		found := regexp.MustCompile(rule).FindStringSubmatch(text)
		if found == nil {
			t.Fatalf("the README has no %q", rule)
		}
		return found[1]
	}
	usual, _ := strconv.Atoi(number(`about (\d+)\s+bytes`))
	most, _ := strconv.Atoi(number(`at most (\d+)`))
	way, err := gate.New(compreface.Catalog, number(`Endpoint: "([^"]+)"`))
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	size := func(ranges int, value func() int64) int {
		var guid uuid.UUID
		for i := range guid {
			guid[i] = byte(random.Uint32())
		}
		day := time.Unix(random.Int64N(4e9), 0)
		r := gate.Report{GUID: guid, Since: day.AddDate(0, 0, -random.IntN(5000)), Day: day}
		for m, d := range compreface.Catalog.Metrics() {
			r.Values = append(r.Values, make([]int64, len(d.Series)))
			for s := range d.Series {
				if r.Values[m][s] = value(); d.RangeGauge == compreface.Collections && s >= ranges {
					r.Values[m][s] = gate.Absent
				}
			}
		}
		request, err := way.Request(r)
		if err != nil {
			t.Fatal(err)
		}
		return len(request.Bytes())
	}
	for range 100 {
		if n := size(4, func() int64 { return random.Int64N(1000) }); n < usual-30 || n > usual+30 {
			t.Errorf("a report is %d bytes, the README says about %d", n, usual)
		}
	}
	largest := 0
	for range 2000 {
		largest = max(largest, size(11, func() int64 { return random.Int64N(1_000_000_000_001) }))
	}
	if t.Logf("the largest was %d bytes", largest); largest > most {
		t.Errorf("a report is %d bytes, the README says at most %d", largest, most)
	}
}
