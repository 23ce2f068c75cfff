package export

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/schema"
)

// A memory is a Source of a few reports.
type memory struct {
	list    *schema.Schema
	reports []schema.Report
}

func (m *memory) Schema() *schema.Schema { return m.list }

func (m *memory) Reports(ctx context.Context, do func(*schema.Report) error) error {
	for _, r := range m.reports {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := do(&r); err != nil {
			return err
		}
	}
	return nil
}

// The two installations of the documented examples, with the version that an
// installation has today.
var (
	first  = [16]byte(uuid.MustParse("560eee90-5fca-41eb-988b-0242ac120003"))
	second = [16]byte(uuid.MustParse("59638de4-5fca-41eb-848b-0242ac120002"))
)

func on(t *testing.T, text string) day.Day {
	t.Helper()
	d, err := day.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// faces is a Source with the face service's list.
func faces(t *testing.T) *memory {
	t.Helper()
	list, err := schema.Load("compreface")
	if err != nil {
		t.Fatal(err)
	}
	return &memory{list: list}
}

// add appends a report; values are by the name of the series.
func (m *memory) add(t *testing.T, guid [16]byte, date string, values map[string]int64) {
	t.Helper()
	r := schema.Report{GUID: guid, Day: on(t, date), Values: make([]int64, len(m.list.Series))}
	for i, s := range m.list.Series {
		r.Values[i] = schema.Absent
		if v, ok := values[s.Name]; ok {
			r.Values[i] = v
			delete(values, s.Name)
		}
	}
	for name := range values {
		t.Fatalf("series %q is not in the list", name)
	}
	m.reports = append(m.reports, r)
}

const (
	users       = "compreface.user.created"
	apps        = "compreface.application.created"
	detection   = "compreface.service.created{compreface.service.type=FACE_DETECTION}"
	verifying   = "compreface.service.created{compreface.service.type=FACE_VERIFICATION}"
	recognition = "compreface.service.created{compreface.service.type=FACE_RECOGNITION}"
	empty       = "compreface.collection.count{compreface.faces.range=0}"
	upTo10      = "compreface.collection.count{compreface.faces.range=1-10}"
	upTo2000    = "compreface.collection.count{compreface.faces.range=501-2000}"
)
