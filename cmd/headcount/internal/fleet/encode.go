package fleet

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"headcount.example/cmd/headcount/internal/schema"
)

// encode is an event as a request of OTLP in protobuf, as the product sends it:
// without the time at which the totals began.
func encode(f *fleet, e *event) ([]byte, error) {
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr("install_guid", string(appendGUID(nil, e.guid)))
	sm := rm.ScopeMetrics().AppendEmpty()
	sm.Scope().SetName("headcount")
	now := pcommon.NewTimestampFromTime(e.day.Time())
	if e.erase {
		m := sm.Metrics().AppendEmpty()
		m.SetName(schema.Erasure)
		m.SetUnit("{request}")
		p := m.SetEmptyGauge().DataPoints().AppendEmpty()
		p.SetTimestamp(now)
		p.SetIntValue(1)
		return (&pmetric.ProtoMarshaler{}).MarshalMetrics(md)
	}
	last := -1
	var points pmetric.NumberDataPointSlice
	for i, v := range e.values {
		if v == schema.Absent {
			continue
		}
		s := f.o.Schema.Series[i]
		d := f.o.Schema.Metrics[s.Metric]
		if s.Metric != last {
			points, last = emptyMetric(sm.Metrics().AppendEmpty(), d), s.Metric
		}
		p := points.AppendEmpty()
		p.SetTimestamp(now)
		p.SetIntValue(v)
		for j, value := range s.Values {
			p.Attributes().PutStr(d.Attributes[j].Key, value)
		}
	}
	return (&pmetric.ProtoMarshaler{}).MarshalMetrics(md)
}

func emptyMetric(m pmetric.Metric, d schema.Metric) pmetric.NumberDataPointSlice {
	m.SetName(d.Name)
	m.SetUnit(d.Unit)
	if d.Kind == schema.RangeGauge {
		return m.SetEmptyGauge().DataPoints()
	}
	sum := m.SetEmptySum()
	sum.SetIsMonotonic(true)
	sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	return sum.DataPoints()
}
