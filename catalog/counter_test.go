package catalog_test

import (
	"slices"
	"strings"
	"testing"

	"headcount.example/bucketing"
	"headcount.example/catalog"
)

var (
	plain  = catalog.NewCounter("shop.user.created", "{user}", says(sentence))
	typed  = catalog.NewCounter("shop.service.created", "{service}", says("A service was created, by type."), catalog.OneOf("shop.service.type", "SEARCH", "PAYMENT"))
	paired = catalog.NewCounter("shop.order.placed", "{order}", says("An order was placed."),
		catalog.OneOf("shop.order.size", "S", "M", "L"), catalog.OneOf("shop.order.way", "WEB", "APP"))
	goods = catalog.NewRangeGauge("shop.basket.count", "{basket}", says("Baskets."), "shop.goods.range", bucketing.New(0, 10))
	shop  = catalog.New("Shop", 1, about, plain, typed, paired, goods)
)

// declared is every counter that the shop may count.
func declared() map[catalog.Counter]string {
	all := map[catalog.Counter]string{}
	for _, m := range shop.Metrics() {
		for _, s := range m.Series {
			if m.Kind == catalog.KindCounter {
				all[s.Counter] = s.Counter.String()
			}
		}
	}
	return all
}

func TestWithChoosesTheDeclaredSeries(t *testing.T) {
	for want, c := range map[string]catalog.Counter{
		"shop.user.created": plain,
		"shop.service.created{shop.service.type=SEARCH}":          typed.With("SEARCH"),
		"shop.service.created{shop.service.type=PAYMENT}":         typed.With("PAYMENT"),
		"shop.order.placed{shop.order.size=S,shop.order.way=WEB}": paired.With("S", "WEB"),
		"shop.order.placed{shop.order.size=S,shop.order.way=APP}": paired.With("S", "APP"),
		"shop.order.placed{shop.order.size=M,shop.order.way=WEB}": paired.With("M", "WEB"),
		"shop.order.placed{shop.order.size=M,shop.order.way=APP}": paired.With("M", "APP"),
		"shop.order.placed{shop.order.size=L,shop.order.way=WEB}": paired.With("L", "WEB"),
		"shop.order.placed{shop.order.size=L,shop.order.way=APP}": paired.With("L", "APP"),
	} {
		if _, ok := declared()[c]; !ok || c.String() != want {
			t.Errorf("%q: declared %v, want %q", c, ok, want)
		}
	}
	if got := len(declared()); got != 9 {
		t.Errorf("%d declared counters, want 9", got)
	}
}

func TestWithRefusesWhatIsNotDeclared(t *testing.T) {
	for name, c := range map[string]catalog.Counter{
		"zero counter":            {},
		"zero with a value":       catalog.Counter{}.With("SEARCH"),
		"zero with none":          catalog.Counter{}.With(),
		"no labels yet":           typed,
		"none":                    typed.With(),
		"unknown":                 typed.With("FIND"),
		"empty":                   typed.With(""),
		"other case":              typed.With("search"),
		"space after":             typed.With("SEARCH "),
		"begins like one":         typed.With("SEARC"),
		"too many":                typed.With("SEARCH", "PAYMENT"),
		"too many and empty":      typed.With("SEARCH", ""),
		"the key":                 typed.With("shop.service.type"),
		"too few":                 paired.With("S"),
		"wrong way round":         paired.With("WEB", "S"),
		"first unknown":           paired.With("XL", "WEB"),
		"second unknown":          paired.With("S", "FAX"),
		"three":                   paired.With("S", "WEB", "S"),
		"value for an unlabelled": plain.With("SEARCH"),
		"empty for an unlabelled": plain.With(""),
		"too many series":         counter(catalog.OneOf("shop.kind", words(65)...)).With("V0"),
		"label without values":    counter(catalog.OneOf("shop.kind")).With(""),
	} {
		t.Run(name, func(t *testing.T) {
			if series, ok := declared()[c]; ok {
				t.Errorf("gives the declared series %q", series)
			}
			if text := c.String(); text != "undeclared counter" && text[len(text)-len("{undeclared labels}"):] != "{undeclared labels}" {
				t.Errorf("called %q", text)
			}
		})
	}
}

// The error of an undeclared label names the labels there are, and none that was given.
func TestErr(t *testing.T) {
	const types, sold = "shop.service.created needs With and its labels: shop.service.type is one of SEARCH, PAYMENT", "shop.order.size is one of S, M, L; shop.order.way is one of WEB, APP"
	for name, c := range map[string]struct {
		counter catalog.Counter
		want    string
	}{
		"declared":     {typed.With("SEARCH"), ""},
		"unlabelled":   {plain, ""},
		"zero":         {catalog.Counter{}, "the zero Counter is in no catalog"},
		"other case":   {typed.With("search"), types},
		"no With":      {typed, types},
		"two labels":   {paired.With("S", "BY\nFAX"), sold},
		"none at all":  {plain.With("WEB"), "shop.user.created has no labels: do not call With"},
		"a long value": {typed.With(strings.Repeat("x", 100)), types},
	} {
		err := c.counter.Err()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestWithOnASeriesStartsAnew(t *testing.T) {
	if got := typed.With("SEARCH").With("PAYMENT"); got != typed.With("PAYMENT") {
		t.Errorf("got %q", got)
	}
	if got := typed.With("FIND").With("PAYMENT"); got != typed.With("PAYMENT") {
		t.Errorf("after an unknown value: got %q", got)
	}
	if got := plain.With(); got != plain {
		t.Errorf("unlabelled with no values: got %q", got)
	}
}

func TestCountersCompare(t *testing.T) {
	all := declared()
	for _, m := range shop.Metrics() {
		for _, s := range m.Series {
			if m.Kind != catalog.KindCounter {
				if s.Counter != (catalog.Counter{}) {
					t.Errorf("sizes %q have a counter", m.Name)
				}
				continue
			}
			if _, ok := all[s.Counter]; !ok {
				t.Errorf("%q differs from one call of Metrics to the next", s.Counter)
			}
			if again := s.Counter.With(s.Values...); again != s.Counter || again.Index() != s.Counter.Index() {
				t.Errorf("With(%q) gives %q, want the same as in Metrics", s.Values, again)
			}
		}
	}
	// Two declarations that read the same are two counters, but they are
	// called the same: a file of totals outlives the program that wrote it.
	again := catalog.NewCounter("shop.user.created", "{user}", says("Users."))
	if again == plain || again.String() != plain.String() {
		t.Errorf("declared again: equal %v, %q", again == plain, again)
	}
}

func TestNamesOfSeriesAreDistinct(t *testing.T) {
	values := words(8)
	labels := []catalog.Attribute{catalog.OneOf("shop.a", values...), catalog.OneOf("shop.b", values...)}
	c := catalog.New("Shop", 1, about, counter(labels...), catalog.NewCounter("shop.user", "1", says("Users."), labels...),
		catalog.NewCounter("shop", "1", says("Users."), catalog.OneOf("shop.a", values...)))
	names, next := map[string]bool{}, 0
	for _, m := range c.Metrics() {
		for _, s := range m.Series {
			if names[s.Counter.String()] {
				t.Errorf("%q names two series", s.Counter)
			}
			names[s.Counter.String()] = true
			if s.Counter.Index() != next {
				t.Errorf("%q has index %d, want %d", s.Counter, s.Counter.Index(), next)
			}
			next++
		}
	}
	if len(names) != 64+64+8 {
		t.Errorf("%d names for 136 series", len(names))
	}
	for _, undeclared := range []catalog.Counter{{}, counter(labels...), catalog.NewCounter("shop.other", "1", says("Others."))} {
		if undeclared.Index() != -1 {
			t.Errorf("%q has index %d, want -1", undeclared, undeclared.Index())
		}
	}
}

func TestNoAllocation(t *testing.T) {
	sizes, ways, types := []string{"S", "M", "L"}, []string{"WEB", "APP"}, []string{"SEARCH", "PAYMENT"}
	i, sum := 0, 0
	if allocs := testing.AllocsPerRun(1000, func() {
		i++
		sum += paired.With(sizes[i%3], ways[i%2]).Index() + typed.With(types[i%2]).Index() + plain.With().Index()
	}); allocs != 0 {
		t.Errorf("%v allocations per call", allocs)
	}
}

func TestStringOfSizes(t *testing.T) {
	if got := goods.String(); got != "shop.basket.count" {
		t.Errorf("got %q", got)
	}
	if got := (catalog.RangeGauge{}).String(); got != "undeclared range gauge" {
		t.Errorf("zero value: got %q", got)
	}
	if goods != shop.Metrics()[3].RangeGauge {
		t.Error("the sizes of Metrics are not the declared ones")
	}
}

// Whatever a user types, it is counted only if the program wrote it down.
func FuzzWith(f *testing.F) {
	f.Add("SEARCH", "WEB")
	f.Add("S", "APP")
	f.Add("", "\x00")
	f.Add("shop.service.type=SEARCH", "S,shop.order.way=WEB")
	all := declared()
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, test := range []struct {
			c  catalog.Counter
			ok bool
		}{
			{typed.With(a), a == "SEARCH" || a == "PAYMENT"},
			{typed.With(a, b), false},
			{paired.With(a, b), slices.Contains([]string{"S", "M", "L"}, a) && (b == "WEB" || b == "APP")},
			{paired.With(a), false},
			{plain.With(a), false},
			{catalog.Counter{}.With(a, b), false},
		} {
			if _, ok := all[test.c]; ok != test.ok {
				t.Fatalf("%q, %q: %q is declared: %v", a, b, test.c, ok)
			}
		}
		if c := paired.With(a, b); all[c] != "" && all[c] != "shop.order.placed{shop.order.size="+a+",shop.order.way="+b+"}" {
			t.Fatalf("%q, %q: %q", a, b, all[c])
		}
	})
}

func BenchmarkWith(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		paired.With("L", "APP")
	}
}
