package live

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"headcount.example/catalog/compreface"
	"headcount.example/internal/gate"
	"headcount.example/telemetry"
)

// An Installation is a product with the library, which counted what a test
// knows.
type Installation struct {
	GUID  string
	Users int64 // and as many services for recognition, and collections with 1-10 faces
	stats *telemetry.Client
}

// Install makes an installation that reports to an endpoint.
func Install(t *testing.T, endpoint string, users int64) *Installation {
	t.Helper()
	t.Setenv("DO_NOT_TRACK", "")
	t.Setenv("OTEL_SDK_DISABLED", "")
	t.Setenv("OTEL_METRICS_EXPORTER", "")
	t.Setenv(compreface.Catalog.Variable(), fmt.Sprintf("accept:%d", compreface.Catalog.NoticeNumber()))
	stats, err := telemetry.Init(telemetry.Config{Catalog: compreface.Catalog, Endpoint: endpoint, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stats.Shutdown(context.Background()) })
	i := &Installation{GUID: stats.Status().InstallGUID, stats: stats}
	stats.Observe(compreface.Collections, func(context.Context) ([]int64, error) {
		sizes := make([]int64, i.Users)
		for n := range sizes {
			sizes[n] = 7
		}
		return sizes, nil
	})
	i.Count(users)
	return i
}

// Count counts users and services, and adds collections.
func (i *Installation) Count(n int64) {
	i.Users += n
	i.stats.Add(compreface.UserCreated, n)
	i.stats.Add(compreface.ServiceCreated.With(compreface.Recognition), n)
}

// Report sends a report.
func (i *Installation) Report(t *testing.T) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return i.stats.Flush(ctx)
}

// ReportOf sends the report of an installation for a day: so many users, and
// nothing else. It is the library's own way out, which takes any day.
func ReportOf(t *testing.T, endpoint, guid string, day time.Time, users int64) error {
	t.Helper()
	way, err := gate.New(compreface.Catalog, endpoint)
	if err != nil {
		t.Fatal(err)
	}
	r := gate.Report{GUID: uuid.MustParse(guid), Day: day}
	for _, d := range compreface.Catalog.Metrics() {
		values := make([]int64, len(d.Series))
		for s := range values {
			values[s] = gate.Absent
		}
		if d.Name == "compreface.user.created" {
			values[0] = users
		}
		r.Values = append(r.Values, values)
	}
	return send(t, way, r)
}

// Erase sends the request of an installation to erase it.
func Erase(t *testing.T, endpoint, guid string) error {
	t.Helper()
	way, err := gate.New(compreface.Catalog, endpoint)
	if err != nil {
		t.Fatal(err)
	}
	return send(t, way, gate.Report{GUID: uuid.MustParse(guid), Day: time.Now(), Erase: true})
}

func send(t *testing.T, way *gate.Gate, r gate.Report) error {
	t.Helper()
	request, err := way.Request(r)
	if err != nil {
		t.Fatal(err)
	}
	return request.Send(t.Context())
}
