package collector_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"headcount.example/catalog/compreface"
)

// goodLine is a line as the Collector writes it.
func goodLine() string {
	today := fmt.Sprint(time.Now().UTC().Truncate(24 * time.Hour).UnixNano())
	return strings.ReplaceAll(`{"resourceMetrics":[{"resource":{"attributes":[{"key":"install_guid","value":{"stringValue":"`+validGUID+`"}}]},`+
		`"scopeMetrics":[{"scope":{"name":"headcount"},"metrics":[`+
		`{"name":"compreface.user.created","unit":"{user}","sum":{"dataPoints":[{"timeUnixNano":"TODAY","asInt":"7"}],"aggregationTemporality":2,"isMonotonic":true}},`+
		`{"name":"compreface.collection.count","unit":"{collection}","gauge":{"dataPoints":[`+
		`{"attributes":[{"key":"compreface.faces.range","value":{"stringValue":"1-10"}}],"timeUnixNano":"TODAY","asInt":"3"}]}}`+
		`]}]}]}`, "TODAY", today) + "\n"
}

// The rules are worth something only if they refuse: each of these differs
// from a good line in one place.
func TestRulesRefuse(t *testing.T) {
	rules := rulesOf(compreface.Catalog)
	good := goodLine()
	rows, faults := rules.check([]byte(good))
	if len(faults) > 0 || len(rows) != 2 {
		t.Fatalf("a good line: %d rows, faults %q", len(rows), faults)
	}
	metrics := good[strings.Index(good, `{"name":"compreface.user`):strings.Index(good, "]}]}]}")]
	user := metrics[:strings.Index(metrics, `,{"name":"compreface.collection`)]
	resource := good[strings.Index(good, "[")+1 : strings.LastIndex(good, "]")]
	scope := resource[strings.Index(resource, `{"scope"`):strings.LastIndex(resource, "]")]
	userPoint := user[strings.Index(user, `[`)+1 : strings.Index(user, `]`)]
	today := userPoint[strings.Index(userPoint, `:"`)+2 : strings.Index(userPoint, `","`)]

	for name, c := range map[string]struct{ old, new string }{
		"canary":                     {"headcount", "headcount" + canary},
		"unfinished":                 {"]}\n", "]}"},
		"not JSON":                   {`{"resourceMetrics"`, `"resourceMetrics"`},
		"empty":                      {good, "\n"},
		"no resources":               {good, `{"resourceMetrics":[]}` + "\n"},
		"two values in a line":       {"]}\n", "]}{}\n"},
		"key twice":                  {`"name":"headcount"`, `"name":"x","name":"headcount"`},
		"key in other case":          {`"scope":`, `"Scope":`},
		"space":                      {`"name":"headcount"`, `"name": "headcount"`},
		"escaped text":               {`headcount`, `he\u0061dcount`},
		"resource twice":             {resource, resource + "," + resource},
		"no attributes":              {`{"key":"install_guid","value":{"stringValue":"` + validGUID + `"}}`, ""},
		"another attribute":          {`"install_guid"`, `"host.name"`},
		"two attributes":             {`"attributes":[{"key":"install_guid"`, `"attributes":[{"key":"host.name","value":{"stringValue":"x"}},{"key":"install_guid"`},
		"identifier of version 1":    {validGUID, "560eee90-5fca-11eb-988b-0242ac120003"},
		"identifier in upper case":   {validGUID, strings.ToUpper(validGUID)},
		"identifier and a new line":  {validGUID, validGUID + `\n`},
		"identifier as a number":     {`{"stringValue":"` + validGUID + `"}`, `{"intValue":"1"}`},
		"entity references":          {`}]},"scopeMetrics"`, `}],"entityRefs":[{"type":"x"}]},"scopeMetrics"`},
		"dropped attributes":         {`}]},"scopeMetrics"`, `}],"droppedAttributesCount":1},"scopeMetrics"`},
		"schema URL of the resource": {`}]}]}]}`, `}]}],"schemaUrl":"x"}]}`},
		"schema URL of the scope":    {`}]}]}`, `}],"schemaUrl":"x"}]}`},
		"no scopes":                  {scope, ""},
		"scope twice":                {scope, scope + "," + scope},
		"name of the scope":          {"headcount", "other"},
		"version of the scope":       {`{"name":"headcount"}`, `{"name":"headcount","version":"1"}`},
		"attributes of the scope":    {`{"name":"headcount"}`, `{"name":"headcount","attributes":[]}`},
		"no statistics":              {metrics, ""},
		"unlisted statistic":         {"compreface.user.created", "compreface.user.deleted"},
		"statistic twice":            {user, user + "," + user},
		"another unit":               {"{user}", "{person}"},
		"no unit":                    {`"unit":"{user}",`, ""},
		"description":                {`"unit":"{user}"`, `"description":"x","unit":"{user}"`},
		"metadata":                   {`"isMonotonic":true}}`, `"isMonotonic":true},"metadata":[]}`},
		"gauge for a counter":        {`"sum":{`, `"gauge":{`},
		"counter for a gauge":        {`"gauge":{`, `"sum":{`},
		"both":                       {`"isMonotonic":true}`, `"isMonotonic":true},"gauge":{"dataPoints":[]}`},
		"histogram":                  {`"sum":{`, `"histogram":{`},
		"delta":                      {`"aggregationTemporality":2`, `"aggregationTemporality":1`},
		"not monotonic":              {`"isMonotonic":true`, `"isMonotonic":false`},
		"no points":                  {userPoint, ""},
		"series twice":               {userPoint, userPoint + "," + userPoint},
		"label that is not declared": {`{"timeUnixNano":"` + today + `","asInt":"7"}`, `{"attributes":[{"key":"a","value":{"stringValue":"b"}}],"timeUnixNano":"` + today + `","asInt":"7"}`},
		"value that is not declared": {`"1-10"`, `"1-11"`},
		"no label":                   {`"attributes":[{"key":"compreface.faces.range","value":{"stringValue":"1-10"}}],`, ""},
		"label twice":                {`[{"key":"compreface.faces.range"`, `[{"key":"compreface.faces.range","value":{"stringValue":"1-10"}},{"key":"compreface.faces.range"`},
		"value of a label as an int": {`{"stringValue":"1-10"}`, `{"intValue":"1"}`},
		"index of a key":             {`"key":"compreface.faces.range",`, `"key":"compreface.faces.range","keyStrindex":4,`},
		"negative":                   {`"asInt":"7"`, `"asInt":"-7"`},
		"absurd":                     {`"asInt":"7"`, `"asInt":"1000000000001"`},
		"leading zero":               {`"asInt":"7"`, `"asInt":"07"`},
		"a double":                   {`"asInt":"7"`, `"asDouble":7`},
		"no value":                   {`,"asInt":"7"`, ""},
		"exemplars":                  {`"asInt":"7"`, `"asInt":"7","exemplars":[]`},
		"flags":                      {`"asInt":"7"`, `"asInt":"7","flags":1`},
		"start time":                 {`{"timeUnixNano"`, `{"startTimeUnixNano":"1","timeUnixNano"`},
		"time of the day":            {today, today[:len(today)-1] + "1"},
		"another day":                {today, "1700006400000000000"},
		"no time":                    {`"timeUnixNano":"` + today + `",`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			bad := strings.Replace(good, c.old, c.new, 1)
			if bad == good {
				t.Fatalf("%q is not in the line", c.old)
			}
			if _, faults := rules.check([]byte(bad)); len(faults) == 0 {
				t.Errorf("accepted: %s", bad)
			}
		})
	}
}

func TestCanaries(t *testing.T) {
	for _, text := range []string{canary, "CANARY", "tweety", "Y2FuYXJ5LXR3ZWV0eS1pZA==", "63616e6172792d7477656574792d6964", "1234554321012"} {
		if len(canaries([]byte("x"+text+"x"))) == 0 {
			t.Errorf("%s is not found", text)
		}
	}
	if found := canaries([]byte(goodLine())); len(found) > 0 {
		t.Errorf("found %q in a good line", found)
	}
}

func TestCompare(t *testing.T) {
	a, b := row{"g", "m", "", 1}, row{"g", "m", "", 2}
	for name, c := range map[string]struct {
		got, want []row
		faults    int
	}{
		"same": {[]row{a, b}, []row{b, a}, 0}, "missing": {[]row{a}, []row{a, b}, 1}, "surplus": {[]row{a, b}, []row{a}, 1},
		"twice": {[]row{a, a}, []row{a}, 1}, "changed": {[]row{a}, []row{b}, 2}, "lost": {nil, []row{a}, 1}, "none": {nil, nil, 0},
	} {
		if faults := compare(c.got, c.want); len(faults) != c.faults {
			t.Errorf("%s: %q", name, faults)
		}
	}
}
