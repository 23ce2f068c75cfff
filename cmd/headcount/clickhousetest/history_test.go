package clickhousetest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/fleet"
	"headcount.example/cmd/headcount/internal/otlpfile"
	"headcount.example/cmd/headcount/internal/schema"
)

const lastDay = day.Day(20782) // 2026-11-25

// An event is a request of an installation, in OTLP.
type event struct {
	guid [16]byte
	day  day.Day
	body []byte
}

// history makes the requests of a simulated fleet in their order: reports,
// second reports of a day, restored totals, clones, late ones, requests to
// erase. Each of a day has an hour of its own.
func history(t testing.TB, seed uint64, installations, days int, end day.Day) []event {
	t.Helper()
	dir, s := t.TempDir(), list(t)
	o := fleet.Options{Schema: s, Installations: installations, Days: days, Seed: seed, End: end}
	if _, err := fleet.Write(t.Context(), o, dir, nil); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, "usage.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var events []event
	hours := map[string]int{}           // by installation and day
	requested := map[[16]byte]day.Day{} // to erase
	_, err = otlpfile.Read(t.Context(), f, s, otlpfile.Handler{Report: func(r *schema.Report) error {
		if r.Day == day.None {
			return nil
		}
		// A Collector stamps the day of arrival, so nothing arrives after a
		// request with a day before it.
		if on, asked := requested[r.GUID]; asked && r.Day < on {
			return nil
		}
		if r.Erasure {
			requested[r.GUID] = r.Day
		}
		of := fmt.Sprint(r.GUID, r.Day)
		hour := hours[of]
		if hours[of]++; hour > 23 {
			return fmt.Errorf("more than 24 requests of an installation on a day")
		}
		body, err := encode(s, r, r.Day.Time().Add(time.Duration(hour)*time.Hour))
		events = append(events, event{r.GUID, r.Day, body})
		return err
	}})
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func encode(s *schema.Schema, r *schema.Report, at time.Time) ([]byte, error) {
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr("install_guid", uuid.UUID(r.GUID).String())
	metrics := rm.ScopeMetrics().AppendEmpty().Metrics()
	now := pcommon.NewTimestampFromTime(at)
	if r.Erasure {
		m := metrics.AppendEmpty()
		m.SetName(schema.Erasure)
		p := m.SetEmptyGauge().DataPoints().AppendEmpty()
		p.SetTimestamp(now)
		p.SetIntValue(1)
	}
	for i, series := range s.Series {
		if r.Erasure || r.Value(i) == schema.Absent {
			continue
		}
		d := s.Metrics[series.Metric]
		m := metrics.AppendEmpty() // one for each point: the Collector puts them together
		m.SetName(d.Name)
		p := pointOf(m, d.Kind)
		p.SetTimestamp(now)
		p.SetIntValue(r.Value(i))
		for j, v := range series.Values {
			p.Attributes().PutStr(d.Attributes[j].Key, v)
		}
	}
	return (&pmetric.ProtoMarshaler{}).MarshalMetrics(md)
}

func pointOf(m pmetric.Metric, kind schema.Kind) pmetric.NumberDataPoint {
	if kind == schema.RangeGauge {
		return m.SetEmptyGauge().DataPoints().AppendEmpty()
	}
	sum := m.SetEmptySum()
	sum.SetIsMonotonic(true)
	sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	return sum.DataPoints().AppendEmpty()
}

const senders = 4

// send sends events, those of one installation one after the other, and
// event i to the Collector i modulo their number.
func send(t testing.TB, events []event, to ...*collector) {
	t.Helper()
	var all sync.WaitGroup
	for s := range senders {
		all.Go(func() {
			for i, e := range events {
				if int(e.guid[15])%senders != s {
					continue
				}
				if err := post(to[i%len(to)].url, e.body); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

func post(url string, body []byte) error {
	answer, err := http.Post(url, "application/x-protobuf", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("the Collector answers %s %.200q", answer.Status, text)
	}
	return err
}
