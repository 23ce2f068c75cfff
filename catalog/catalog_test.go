package catalog_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"headcount.example/bucketing"
	"headcount.example/catalog"
)

func TestMetricsListsWhatWasDeclared(t *testing.T) {
	list := shop.Metrics()
	if err := shop.Err(); err != nil || len(list) != 4 {
		t.Fatalf("error %v and %d metrics, want 4", err, len(list))
	}
	for i, want := range []catalog.Definition{
		{Kind: catalog.KindCounter, Name: "shop.user.created", Unit: "{user}", Text: says(sentence)},
		{Kind: catalog.KindCounter, Name: "shop.service.created", Unit: "{service}", Text: says("A service was created, by type."),
			Attributes: []catalog.Attribute{{Key: "shop.service.type", Values: []string{"SEARCH", "PAYMENT"}}}},
		{Kind: catalog.KindCounter, Name: "shop.order.placed", Unit: "{order}", Text: says("An order was placed."),
			Attributes: []catalog.Attribute{{Key: "shop.order.size", Values: []string{"S", "M", "L"}}, {Key: "shop.order.way", Values: []string{"WEB", "APP"}}}},
		{Kind: catalog.KindRangeGauge, Name: "shop.basket.count", Unit: "{basket}", Text: says("Baskets."),
			Attributes: []catalog.Attribute{{Key: "shop.goods.range", Values: []string{"0", "1-10", "11+"}}},
			Ranges:     bucketing.New(0, 10), RangeGauge: goods},
	} {
		got := list[i]
		got.Series = nil
		if !reflect.DeepEqual(got, want) {
			t.Errorf("metric %d is %+v, want %+v", i, got, want)
		}
	}
	for i, want := range []string{"", "SEARCH PAYMENT", "S,WEB S,APP M,WEB M,APP L,WEB L,APP", "0 1-10 11+"} {
		var series []string
		for _, s := range list[i].Series {
			series = append(series, strings.Join(s.Values, ","))
		}
		if got := strings.Join(series, " "); got != want {
			t.Errorf("series of metric %d are %q, want %q", i, got, want)
		}
	}
}

// A catalog is what was declared, whatever happens later to the slices that
// went in and came out.
func TestCallerCannotChangeACatalog(t *testing.T) {
	values, limits := []string{"A", "B"}, []int64{0, 10}
	attribute := catalog.Attribute{Key: "shop.kind", Values: values}
	attributes := []catalog.Attribute{attribute, catalog.OneOf("shop.other", values...)}
	metrics := []catalog.Metric{
		catalog.NewCounter("shop.user.created", "{user}", says(sentence), attributes...),
		catalog.NewRangeGauge("shop.goods", "1", says("Goods."), "shop.range", bucketing.New(limits...)),
	}
	c := catalog.New("Shop", 1, about, metrics...)
	before, fingerprint := fmt.Sprintf("%+v", c.Metrics()), c.Fingerprint() // as text, which shares nothing

	values[0], limits[1], attributes[1].Key, metrics[0] = "SECRET", 99, "secret", nil
	list := c.Metrics()
	list[0].Name, list[0].Attributes[0].Key, list[0].Attributes[0].Values[1] = "secret", "secret", "SECRET"
	list[0].Series[0].Values[0], list[0].Series[1].Counter = "SECRET", catalog.Counter{}
	list[1].Ranges.Labels()[0] = "SECRET"

	if after := fmt.Sprintf("%+v", c.Metrics()); after != before || c.Fingerprint() != fingerprint {
		t.Errorf("changed to %s, want %s", after, before)
	}
	if notice, err := c.Notice(); err != nil || strings.Contains(strings.ToLower(string(notice)), "secret") {
		t.Errorf("error %v, notice\n%s", err, notice)
	}
}

func TestNoticeTellsTheWholeList(t *testing.T) {
	text, err := shop.Notice()
	if err != nil {
		t.Fatal(err)
	}
	rows := tableRows(string(text), "statistic")
	if want := []string{
		"| Things (shop.user.created) | How many things are there? | A user was created. The total since you agreed. | none |",
		"| Things (shop.service.created) | How many things are there? | A service was created, by type. The total since you agreed. | shop.service.type: SEARCH, PAYMENT |",
		"| Things (shop.order.placed) | How many things are there? | An order was placed. The total since you agreed. | shop.order.size: S, M, L; shop.order.way: WEB, APP |",
		"| Things (shop.basket.count) | How many things are there? | Baskets. How many there are in each range now. | shop.goods.range: 0, 1-10, 11+ |",
	}; !slices.Equal(rows, want) {
		t.Errorf("rows\n%s\nwant\n%s", strings.Join(rows, "\n"), strings.Join(want, "\n"))
	}
	for _, want := range []string{"statistics of Shop: notice 1\n", "SHOP_TELEMETRY=accept:1", "SHOP_TELEMETRY=off", "DO_NOT_TRACK=1", "install_guid"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the notice does not say %q", want)
		}
	}
}

// tableRows are the rows of the Markdown table whose head begins with that
// word.
func tableRows(text, head string) []string {
	_, table, _ := strings.Cut(text, "| "+head+" |")
	table, _, _ = strings.Cut(table, "\n\n")
	return strings.Split(table, "\n")[2:]
}

func TestCatalogConcurrentSafe(t *testing.T) {
	want := shop.Fingerprint()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				if shop.Fingerprint() != want || len(shop.Metrics()) != 4 || shop.Variable() == "" || shop.Err() != nil {
					t.Error("differs")
				}
				paired.With("S", "WEB").Index()
			}
		})
	}
	all.Wait()
}
