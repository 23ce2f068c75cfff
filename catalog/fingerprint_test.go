package catalog_test

import (
	"regexp"
	"testing"

	"headcount.example/bucketing"
	"headcount.example/catalog"
)

// parts are a small catalog, with everything in it that can change.
type parts struct {
	product              string
	notice               int
	name, unit, text     string
	key                  string
	values               []string
	sizesName, sizesUnit string
	sizesText, sizesKey  string
	bounds               []int64
	swapped, without     bool
	about                catalog.About
	other                catalog.Text // of sizes
}

func sample() parts {
	return parts{"Shop", 1, "shop.service.created", "{service}", "A service was created.", "shop.service.type",
		[]string{"SEARCH", "PAYMENT"}, "shop.basket.count", "{basket}", "Baskets.", "shop.goods.range", []int64{0, 10, 50}, false, false, about, catalog.Text{Title: "Baskets", Question: "How large are baskets?"}}
}

func (p parts) catalog() *catalog.Catalog {
	c := catalog.NewCounter(p.name, p.unit, says(p.text), catalog.OneOf(p.key, p.values...))
	p.other.Description = p.sizesText
	s := catalog.NewRangeGauge(p.sizesName, p.sizesUnit, p.other, p.sizesKey, bucketing.New(p.bounds...))
	switch {
	case p.swapped:
		return catalog.New(p.product, p.notice, p.about, s, c)
	case p.without:
		return catalog.New(p.product, p.notice, p.about, c)
	}
	return catalog.New(p.product, p.notice, p.about, c, s)
}

func TestFingerprintChangesWithEveryPart(t *testing.T) {
	seen := map[string]string{sample().catalog().Fingerprint(): "nothing"}
	for name, change := range map[string]func(*parts){
		"product":                 func(p *parts) { p.product = "Shoq" },
		"product, same variable":  func(p *parts) { p.product = "SHOP" },
		"notice number":           func(p *parts) { p.notice = 2 },
		"name":                    func(p *parts) { p.name = "shop.service.made" },
		"unit":                    func(p *parts) { p.unit = "{services}" },
		"unit without braces":     func(p *parts) { p.unit = "service" },
		"description":             func(p *parts) { p.text = "A service was made." },
		"key":                     func(p *parts) { p.key = "shop.service.kind" },
		"value changed":           func(p *parts) { p.values = []string{"SEARCH", "PAY"} },
		"value added":             func(p *parts) { p.values = append(p.values, "CHAT") },
		"value removed":           func(p *parts) { p.values = p.values[:1] },
		"values in another order": func(p *parts) { p.values = []string{"PAYMENT", "SEARCH"} },
		"name of sizes":           func(p *parts) { p.sizesName = "shop.basket.size" },
		"unit of sizes":           func(p *parts) { p.sizesUnit = "1" },
		"description of sizes":    func(p *parts) { p.sizesText = "All baskets." },
		"key of sizes":            func(p *parts) { p.sizesKey = "shop.goods.size" },
		"bound changed":           func(p *parts) { p.bounds = []int64{0, 10, 51} },
		"bound added":             func(p *parts) { p.bounds = append(p.bounds, 100) },
		"bound removed":           func(p *parts) { p.bounds = p.bounds[1:] },
		"order of statistics":     func(p *parts) { p.swapped = true },
		"statistic removed":       func(p *parts) { p.without = true },
		"title":                   func(p *parts) { p.other.Title = "All baskets" },
		"question":                func(p *parts) { p.other.Question = "How many baskets are there?" },
		"words of a range":        func(p *parts) { p.other.Range = "Baskets with {range} goods" },
		"recipient":               func(p *parts) { p.about.Recipient = "Other Ltd" },
		"purpose":                 func(p *parts) { p.about.Purpose = "To sell more." },
		"days of reports":         func(p *parts) { p.about.ReportDays++ },
		"days of figures":         func(p *parts) { p.about.FigureDays++ },
		"days of erasure":         func(p *parts) { p.about.ErasureDays++ },
		"contact":                 func(p *parts) { p.about.Contact = "https://shop.example/contact" },
		"policy":                  func(p *parts) { p.about.Policy = "https://shop.example/policy" },
		"results":                 func(p *parts) { p.about.Results = "https://shop.example/results" },
		"others":                  func(p *parts) { p.about.Others = "A partner gets the reports." },
	} {
		t.Run(name, func(t *testing.T) {
			p := sample()
			change(&p)
			c := p.catalog()
			if err := c.Err(); err != nil {
				t.Fatal(err)
			}
			if before, ok := seen[c.Fingerprint()]; ok {
				t.Errorf("the same fingerprint as after a change of %s", before)
			}
			seen[c.Fingerprint()] = name
		})
	}
}

// The same name, unit, text, label and values, as a total and as sizes.
func TestFingerprintChangesWithTheKind(t *testing.T) {
	ranges := bucketing.New(0, 10)
	c := catalog.New("Shop", 1, about, catalog.NewCounter("shop.goods", "1", says("Goods."), catalog.OneOf("shop.range", ranges.Labels()...)))
	s := catalog.New("Shop", 1, about, catalog.NewRangeGauge("shop.goods", "1", says("Goods."), "shop.range", ranges))
	if c.Fingerprint() == s.Fingerprint() || c.Fingerprint() == "" {
		t.Errorf("fingerprints %q and %q", c.Fingerprint(), s.Fingerprint())
	}
}

// A word that moves from one statistic or label to its neighbour.
func TestFingerprintKeepsWordsApart(t *testing.T) {
	one := catalog.New("Shop", 1, about, counter(catalog.OneOf("shop.a", "A", "B"), catalog.OneOf("shop.b", "C")))
	two := catalog.New("Shop", 1, about, counter(catalog.OneOf("shop.a", "A"), catalog.OneOf("shop.b", "B", "C")))
	if one.Fingerprint() == two.Fingerprint() || one.Fingerprint() == "" {
		t.Errorf("fingerprints %q and %q", one.Fingerprint(), two.Fingerprint())
	}
}

// That it stays the same in other processes and on other machines is what
// fingerprints.txt of the catalogs compreface and affiliate holds.
func TestFingerprintStaysTheSame(t *testing.T) {
	want := sample().catalog().Fingerprint()
	if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(want) {
		t.Errorf("fingerprint %q", want)
	}
	c := sample().catalog()
	for range 100 {
		c.Metrics()[0].Attributes[0].Values[0] = "CHANGED" // the caller's own copy
		if got := c.Fingerprint(); got != want {
			t.Fatalf("fingerprint %q, want %q", got, want)
		}
		if got := sample().catalog().Fingerprint(); got != want {
			t.Fatalf("the same catalog again: fingerprint %q, want %q", got, want)
		}
	}
}
