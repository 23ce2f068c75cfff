package catalog_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"headcount.example/bucketing"
	"headcount.example/catalog"
)

const sentence = "A user was created."

// a is a text of n bytes.
func a(n int) string { return strings.Repeat("a", n) }

// words are n different values.
func words(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("V%d", i)
	}
	return list
}

// counter is a sound counter but for what the test gives it.
func counter(attributes ...catalog.Attribute) catalog.Counter {
	return catalog.NewCounter("shop.user.created", "{user}", says(sentence), attributes...)
}

// series are sound counters with that many series each.
func series(counts ...int) []catalog.Metric {
	var list []catalog.Metric
	for i, n := range counts {
		list = append(list, catalog.NewCounter(fmt.Sprintf("shop.c%d", i), "{x}", says(sentence), catalog.OneOf("shop.kind", words(n)...)))
	}
	return list
}

// bounds are the upper bounds of n ranges.
func bounds(n int) []int64 {
	list := make([]int64, n-1)
	for i := range list {
		list[i] = int64(i)
	}
	return list
}

// refused asserts that the catalog has these faults and no other, and that
// nothing of it can be counted, sent, told or configured.
func refused(t *testing.T, c *catalog.Catalog, faults ...string) {
	t.Helper()
	err := c.Err()
	if err == nil {
		t.Fatalf("no error, want %q", faults)
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != len(faults) {
		t.Errorf("faults %q, want %q", lines, faults)
	}
	for i, fault := range faults {
		if i < len(lines) && (!strings.HasPrefix(lines[i], "catalog: ") || !strings.Contains(lines[i], fault)) {
			t.Errorf("fault %q, want it to begin with %q and say %q", lines[i], "catalog: ", fault)
		}
	}
	if got := c.Metrics(); len(got) != 0 {
		t.Errorf("a faulty catalog has %d metrics", len(got))
	}
	if c.Variable() != "" || c.Fingerprint() != "" {
		t.Errorf("a faulty catalog has the variable %q and the fingerprint %q", c.Variable(), c.Fingerprint())
	}
	if text, err := c.Notice(); err == nil || len(text) > 0 {
		t.Errorf("a faulty catalog has a notice of %d bytes, error %v", len(text), err)
	}
	if text, err := c.CollectorConfig(); err == nil || len(text) > 0 {
		t.Errorf("a faulty catalog has a configuration of %d bytes, error %v", len(text), err)
	}
}

// sound asserts the opposite of refused.
func sound(t *testing.T, c *catalog.Catalog) {
	t.Helper()
	if err := c.Err(); err != nil {
		t.Fatal(err)
	}
	text, err := c.Notice()
	if err != nil || len(text) == 0 || len(c.Metrics()) == 0 || c.Variable() == "" || len(c.Fingerprint()) != 64 {
		t.Errorf("notice of %d bytes, error %v, %d metrics, variable %q, fingerprint %q",
			len(text), err, len(c.Metrics()), c.Variable(), c.Fingerprint())
	}
}

func TestProductNames(t *testing.T) {
	for product, variable := range map[string]string{
		"Shop":               "SHOP_TELEMETRY",
		"shop":               "SHOP_TELEMETRY",
		"S":                  "S_TELEMETRY",
		"Affiliate Platform": "AFFILIATE_PLATFORM_TELEMETRY",
		"a-b.c_d 2":          "A_B_C_D_2_TELEMETRY",
		"Otelier":            "OTELIER_TELEMETRY",
		a(64):                strings.ToUpper(a(64)) + "_TELEMETRY",
	} {
		t.Run(product, func(t *testing.T) {
			c := catalog.New(product, 1, about, counter())
			sound(t, c)
			if c.Variable() != variable || c.Product() != product {
				t.Errorf("product %q and variable %q, want %q and %q", c.Product(), c.Variable(), product, variable)
			}
		})
	}
	const variable = " cannot become an environment variable"
	for name, test := range map[string]struct{ product, fault string }{
		"empty":               {"", `product name ""` + variable},
		"blank":               {" ", `product name " "` + variable},
		"begins with a digit": {"2Shop", `"2Shop"` + variable},
		"begins with a space": {" Shop", `" Shop"` + variable},
		"ends with a space":   {"Shop ", `"Shop "` + variable},
		"ends with a line":    {"Shop\n", `"Shop\n"` + variable},
		"two spaces":          {"My  Shop", `"My  Shop"` + variable},
		"dash and dot":        {"My-.Shop", `"My-.Shop"` + variable},
		"not ASCII":           {"Käse", `"Käse"` + variable},
		"markup":              {"<b>Shop</b>", `"<b>Shop</b>"` + variable},
		"bar":                 {"A|B", `"A|B"` + variable},
		"variable":            {"${HOME}", `"${HOME}"` + variable},
		"equals sign":         {"A=B", `"A=B"` + variable},
		"NUL":                 {"A\x00", `"A\x00"` + variable},
		"not UTF-8":           {"A\xff", `"A\xff"` + variable},
		"65 bytes":            {a(65), `"` + a(65) + `" is longer than 64 bytes`},
		"OTel":                {"OTel", `"OTel" would take OpenTelemetry's own variables`},
		"otel":                {"otel", `"otel" would take OpenTelemetry's own variables`},
		"OTel SDK":            {"OTel SDK", `"OTel SDK" would take OpenTelemetry's own variables`},
		"otel.exporter":       {"otel.exporter", `"otel.exporter" would take OpenTelemetry's own variables`},
	} {
		t.Run(name, func(t *testing.T) { refused(t, catalog.New(test.product, 1, about, counter()), test.fault) })
	}
}

func TestNoticeNumbers(t *testing.T) {
	for _, n := range []int{1, 2, 1 << 30} {
		c := catalog.New("Shop", n, about, counter())
		sound(t, c)
		if c.NoticeNumber() != n {
			t.Errorf("notice number %d, want %d", c.NoticeNumber(), n)
		}
	}
	for _, n := range []int{0, -1, -1 << 30} {
		refused(t, catalog.New("Shop", n, about, counter()), fmt.Sprintf("notice number %d: notices are numbered from 1", n))
	}
}

// Metric cannot be implemented outside, but it can be embedded and pointed
// to. None of it may make New panic.
func TestWhatIsNotAMetric(t *testing.T) {
	type around struct{ catalog.Metric }
	whole := counter()
	refused(t, catalog.New("Shop", 1, about), `product "Shop" declares no statistics`)
	for name, m := range map[string]catalog.Metric{
		"nil":                    nil,
		"zero counter":           catalog.Counter{},
		"zero sizes":             catalog.RangeGauge{},
		"undeclared series":      catalog.Counter{}.With("A"),
		"nil pointer to counter": (*catalog.Counter)(nil),
		"nil pointer to sizes":   (*catalog.RangeGauge)(nil),
		"pointer":                &whole,
		"wrapped nil":            around{},
		"wrapped counter":        around{whole},
	} {
		t.Run(name, func(t *testing.T) {
			other := catalog.NewCounter("shop.other", "1", says("Others."))
			refused(t, catalog.New("Shop", 1, about, m), "metric 1 of 1 was not made by NewCounter or NewRangeGauge")
			refused(t, catalog.New("Shop", 1, about, other, m), "metric 2 of 2 was not made by NewCounter or NewRangeGauge")
		})
	}
}

func TestNoCatalog(t *testing.T) {
	for name, c := range map[string]*catalog.Catalog{"nil": nil, "zero": {}} {
		t.Run(name, func(t *testing.T) {
			refused(t, c, "no catalog: make one with catalog.New")
			if c.Product() != "" || c.NoticeNumber() != 0 {
				t.Errorf("product %q, notice number %d", c.Product(), c.NoticeNumber())
			}
		})
	}
}

func TestNamesDeclaredTwice(t *testing.T) {
	one, same := counter(), counter()
	sizes := catalog.NewRangeGauge("shop.user.created", "{user}", says("Users."), "shop.range", bucketing.Faces)
	const fault = `metric "shop.user.created" is declared twice`
	for name, metrics := range map[string][]catalog.Metric{
		"same definition":   {one, one},
		"same declaration":  {one, same},
		"counter and sizes": {one, sizes},
		"not side by side":  {one, catalog.NewCounter("shop.other", "1", says("Others.")), same},
	} {
		t.Run(name, func(t *testing.T) { refused(t, catalog.New("Shop", 1, about, metrics...), fault) })
	}
}

func TestAttributes(t *testing.T) {
	const metric = `metric "shop.user.created": attribute `
	for name, test := range map[string]struct {
		attributes []catalog.Attribute
		faults     []string
	}{
		"no values":           {[]catalog.Attribute{catalog.OneOf("shop.kind")}, []string{metric + `"shop.kind" has no values`}},
		"zero":                {make([]catalog.Attribute, 1), []string{metric + `"" is not`, metric + `"" has no values`}},
		"second no values":    {[]catalog.Attribute{catalog.OneOf("shop.a", "A"), catalog.OneOf("shop.b")}, []string{metric + `"shop.b" has no values`}},
		"a literal is fine":   {[]catalog.Attribute{{Key: "shop.kind", Values: []string{"A"}}}, nil},
		"key twice":           {[]catalog.Attribute{catalog.OneOf("shop.a", "A"), catalog.OneOf("shop.a", "B")}, []string{metric + `"shop.a" is declared twice`}},
		"value twice":         {[]catalog.Attribute{catalog.OneOf("shop.a", "A", "B", "A")}, []string{metric + `"shop.a": value "A" is declared twice`}},
		"value of two keys":   {[]catalog.Attribute{catalog.OneOf("shop.a", "A"), catalog.OneOf("shop.b", "A")}, nil},
		"case of values":      {[]catalog.Attribute{catalog.OneOf("shop.a", "A", "a")}, nil},
		"the identifier":      {[]catalog.Attribute{catalog.OneOf("install_guid", "A")}, []string{metric + `"install_guid" is the name of the identifier`}},
		"like the identifier": {[]catalog.Attribute{catalog.OneOf("shop.install_guid", "A")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := catalog.New("Shop", 1, about, counter(test.attributes...))
			if test.faults == nil {
				sound(t, c)
			} else {
				refused(t, c, test.faults...)
			}
		})
	}
	refused(t, catalog.New("Shop", 1, about, catalog.NewRangeGauge("shop.goods", "1", says(sentence), "install_guid", bucketing.Faces)),
		`metric "shop.goods": attribute "install_guid" is the name of the identifier`)
}

func TestSeriesOfAMetric(t *testing.T) {
	const fault = `metric "shop.user.created" has more than 64 series`
	for name, test := range map[string]struct {
		counts []int // values of each label
		sound  bool
	}{
		"63":            {[]int{63}, true},
		"64":            {[]int{64}, true},
		"65":            {[]int{65}, false},
		"7 times 9":     {[]int{7, 9}, true},
		"8 times 8":     {[]int{8, 8}, true},
		"5 times 13":    {[]int{5, 13}, false},
		"4 by 4 by 4":   {[]int{4, 4, 4}, true},
		"4 by 4 by 5":   {[]int{4, 4, 5}, false},
		"65 and 1":      {[]int{65, 1}, false},
		"1 and 65":      {[]int{1, 65}, false},
		"2 to the 40th": {slices.Repeat([]int{2}, 40), false},
	} {
		t.Run(name, func(t *testing.T) {
			var labels []catalog.Attribute
			product := 1
			for i, n := range test.counts {
				labels = append(labels, catalog.OneOf(fmt.Sprintf("shop.l%d", i), words(n)...))
				product *= n
			}
			c := catalog.New("Shop", 1, about, counter(labels...))
			if !test.sound {
				refused(t, c, fault)
				return
			}
			sound(t, c)
			if got := len(c.Metrics()[0].Series); got != product {
				t.Errorf("%d series, want %d", got, product)
			}
		})
	}
	for n, want := range map[int]bool{63: true, 64: true, 65: false} {
		c := catalog.New("Shop", 1, about, catalog.NewRangeGauge("shop.user.created", "1", says(sentence), "shop.range", bucketing.New(bounds(n)...)))
		if want {
			sound(t, c)
		} else {
			refused(t, c, fault)
		}
	}
}

func TestSeriesOfACatalog(t *testing.T) {
	sound(t, catalog.New("Shop", 1, about, series(64, 64, 64, 63)...))
	sound(t, catalog.New("Shop", 1, about, series(64, 64, 64, 64)...))
	refused(t, catalog.New("Shop", 1, about, series(64, 64, 64, 64, 1)...), "257 series in all, more than 256")
	sound(t, catalog.New("Shop", 1, about, series(slices.Repeat([]int{1}, 256)...)...))
	refused(t, catalog.New("Shop", 1, about, series(slices.Repeat([]int{1}, 257)...)...), "257 series in all")
}

func TestRangesOfSizes(t *testing.T) {
	for name, test := range map[string]struct {
		ranges bucketing.Ranges
		fault  string
	}{
		"zero":     {bucketing.Ranges{}, "no ranges: make them with bucketing.New"},
		"none":     {bucketing.New(), "no upper bounds"},
		"negative": {bucketing.New(-1), "upper bound -1 is negative"},
		"falling":  {bucketing.New(5, 3), "upper bound 3 comes after 5"},
		"repeated": {bucketing.New(5, 5), "upper bound 5 is repeated"},
	} {
		t.Run(name, func(t *testing.T) {
			fault := `metric "shop.goods": bucketing: ` + test.fault
			refused(t, catalog.New("Shop", 1, about, catalog.NewRangeGauge("shop.goods", "1", says(sentence), "shop.range", test.ranges)), fault)
			refused(t, catalog.New("Shop", 1, about, catalog.NewRangeGauge("shop.goods", "1", says(sentence), "Range", test.ranges)),
				fault, `attribute "Range" is not an OpenTelemetry name`)
		})
	}
}

func TestAllFaultsAreReportedTogether(t *testing.T) {
	c := catalog.New("2Shop", 0, about,
		catalog.NewCounter("Shop.User", "", says("users"), catalog.OneOf("Kind", "a b", "a b"), catalog.OneOf("install_guid")),
		nil,
		catalog.NewRangeGauge("shop.goods", "{", says("Goods"), "otel.range", bucketing.New()),
		catalog.NewCounter("shop.goods", "1", says("Goods."), catalog.OneOf("shop.kind", words(65)...)),
	)
	refused(t, c,
		`product name "2Shop"`, "notice number 0",
		`metric name "Shop.User"`, `metric "Shop.User": unit ""`, `description "users"`,
		`attribute "Kind" is not`, `value "a b" is not`, `value "a b" is not`, `value "a b" is declared twice`,
		`attribute "install_guid" is the name of the identifier`, `attribute "install_guid" has no values`,
		"metric 2 of 4",
		`unit "{"`, `description "Goods"`, "no upper bounds", `attribute "otel.range" is in`,
		`metric "shop.goods" is declared twice`, "has more than 64 series")
}

// A series is no metric, and neither is what With returns for an undeclared
// value.
func TestSeriesGivenAsMetric(t *testing.T) {
	way := catalog.NewCounter("shop.basket.sold", "{basket}", says("A basket was sold."), catalog.OneOf("shop.way", "WEB", "APP"))
	for name, given := range map[string]catalog.Counter{"a series": way.With("WEB"), "an undeclared one": way.With("Nonsense")} {
		err := catalog.New("Shop", 1, about, given).Err()
		if err == nil || !strings.Contains(err.Error(), "is one series") || !strings.Contains(err.Error(), "shop.basket.sold") {
			t.Errorf("%s: got %v, want a fault that names it", name, err)
		}
	}
	if err := catalog.New("Shop", 1, about, way).Err(); err != nil {
		t.Error(err)
	}
	if err := catalog.New(strings.Repeat("x", 1<<20), 1, about, way).Err(); err == nil || len(err.Error()) > 1000 {
		t.Errorf("a name of 1 MiB: got an error of %d bytes", len(err.Error()))
	}
}
