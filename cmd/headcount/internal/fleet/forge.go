package fleet

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"headcount.example/cmd/headcount/internal/schema"
)

// A lie changes one place of a report.
type lie struct{ truth, lie string }

// forge makes a report into one that the catalog does not allow.
func (w *writer) forge(f *form, e *event, report []byte) []byte {
	first := slices.IndexFunc(e.values, func(v int64) bool { return v != schema.Absent })
	values := slices.Clone(e.values)
	switch n := w.faults.rng.IntN(14); {
	case n == 0:
		values[first] = -5
		return f.appendReport(nil, e.guid, values)
	case n == 1 && w.o.Schema.Max+1 > 0:
		values[first] = w.o.Schema.Max + 1
		return f.appendReport(nil, e.guid, values)
	case n == 2:
		return f.appendReport(nil, e.guid, nil)
	}
	lies := w.lies(string(appendGUID(nil, e.guid)), e.values[first])
	for at := w.faults.rng.IntN(len(lies)); ; at++ { // ends: each report has an identifier
		l := lies[at%len(lies)]
		if forged := bytes.Replace(report, []byte(l.truth), []byte(l.lie), 1); !bytes.Equal(forged, report) {
			return forged
		}
	}
}

func (w *writer) lies(guid string, value int64) []lie {
	list := []lie{
		{guid, "560eee90-5fca-11eb-988b-0242ac120003"}, // of version 1
		{guid, strings.ToUpper(guid)},
		{guid, ""},
		{guid, guid + "0"},
		{`"install_guid"`, `"host.name"`},
		{`[{"key":"install_guid"`, `[{"key":"host.name","value":{"stringValue":"db1"}},{"key":"install_guid"`},
		{fmt.Sprintf(`"asInt":"%d"`, value), `"asDouble":1.5`},
		{`"aggregationTemporality":2`, `"aggregationTemporality":1`},
		{`"isMonotonic":true`, `"isMonotonic":false`},
		{`"gauge":{`, `"sum":{`},
	}
	for _, m := range w.o.Schema.Metrics {
		name := string(quote(m.Name))
		list = append(list, lie{`"name":` + name, `"name":` + strings.TrimSuffix(name, `"`) + `.secret"`})
		for _, a := range m.Attributes {
			value := string(quote(a.Values[0]))
			list = append(list, lie{`"stringValue":` + value, `"stringValue":` + strings.TrimSuffix(value, `"`) + `?"`})
		}
	}
	return list
}
