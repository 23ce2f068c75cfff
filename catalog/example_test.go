package catalog_test

import (
	"fmt"
	"strings"
	"testing/fstest"

	"headcount.example/bucketing"
	"headcount.example/catalog"
)

func ExampleNew() {
	var (
		UserCreated = catalog.NewCounter("shop.user.created", "{user}", catalog.Text{
			Title: "Users created", Description: "A user was created.", Question: "How many people use the shop?"})
		ServiceCreated = catalog.NewCounter("shop.service.created", "{service}", catalog.Text{
			Title: "Services created", Description: "A service was created, by type.", Question: "Which services are popular?"},
			catalog.OneOf("shop.service.type", "SEARCH", "PAYMENT"))
		Baskets = catalog.NewRangeGauge("shop.basket.count", "{basket}", catalog.Text{
			Title: "Baskets by size", Description: "Baskets, by the range their number of goods falls in.",
			Question: "How large are baskets?", Range: "Baskets with {range} goods"},
			"shop.goods.range", bucketing.New(0, 10, 50))

		About = catalog.About{
			Recipient: "Shop Ltd", Purpose: "To understand which parts of the shop are used.",
			ReportDays: 30, FigureDays: 400, ErasureDays: 14,
			Contact: "privacy@shop.example", Policy: "https://shop.example/privacy",
		}
		Catalog = catalog.New("Shop", 1, About, UserCreated, ServiceCreated, Baskets)
	)
	fmt.Println(Catalog.Err(), Catalog.Variable())
	for _, m := range Catalog.Metrics() {
		fmt.Println(m.Name, m.Unit)
		for _, a := range m.Attributes {
			fmt.Println("  ", a.Key, a.Values)
		}
	}
	// Output:
	// <nil> SHOP_TELEMETRY
	// shop.user.created {user}
	// shop.service.created {service}
	//    shop.service.type [SEARCH PAYMENT]
	// shop.basket.count {basket}
	//    shop.goods.range [0 1-10 11-50 51+]
}

// Every fault is reported at once, and a faulty catalog counts nothing.
func ExampleCatalog_Err() {
	c := catalog.New("Shop", 0, about,
		catalog.NewCounter("shop.user", "{user}", says("A user was created."), catalog.OneOf("shop.user.name")))
	fmt.Println(c.Err())
	fmt.Println(len(c.Metrics()))
	// Output:
	// catalog: notice number 0: notices are numbered from 1
	// catalog: metric "shop.user": attribute "shop.user.name" has no values
	// 0
}

func ExampleCounter_With() {
	created := catalog.NewCounter("shop.service.created", "{service}", says("A service was created, by type."),
		catalog.OneOf("shop.service.type", "SEARCH", "PAYMENT"))
	fmt.Println(created.With("SEARCH"))
	fmt.Println(created.With("what a user typed"))
	// Output:
	// shop.service.created{shop.service.type=SEARCH}
	// shop.service.created{undeclared labels}
}

// services is a catalog with one statistic.
var services = catalog.New("Shop", 1, about, catalog.NewCounter("shop.service.created", "{service}", says("A service was created, by type."),
	catalog.OneOf("shop.service.type", "SEARCH", "PAYMENT")))

// What people agree to, in English and as a program may show it in another
// language.
func ExampleCatalog_Notice() {
	notice, err := services.Notice()
	fmt.Println(services.Product(), services.NoticeNumber(), services.About().Recipient, err)
	fmt.Println(strings.Contains(string(notice), "A service was created, by type."))

	blocks, translated := services.Document("de")
	fmt.Println(blocks[0].Heading+",", "all of it translated:", translated)
	// Output:
	// Shop 1 Shop Ltd <nil>
	// true
	// Nutzungsstatistik von Shop: Hinweis 1, all of it translated: false
}

// A program shows each kind of block in its own way.
func ExampleCatalog_Document() {
	blocks, _ := services.Document("en")
	for _, b := range blocks[:6] {
		switch {
		case b.Heading != "":
			fmt.Println("==", b.Heading)
		case b.Items != nil:
			fmt.Println("-", len(b.Items), "items")
		case b.Head != nil:
			fmt.Println(b.Head[3]+":", b.Rows[0][3])
		default:
			fmt.Println(b.Text[:40], "…")
		}
	}
	// Output:
	// == Usage statistics of Shop: notice 1
	// If you agree, this installation sends Sh …
	// == Who asks, and why
	// - 6 items
	// == What is sent
	// possible labels: shop.service.type: SEARCH, PAYMENT
}

// What a vendor's Collector lets through, and what the command headcount reads.
func ExampleCatalog_CollectorConfig() {
	config, err := services.CollectorConfig()
	fmt.Println(strings.Contains(string(config), `metric.name == "shop.service.created"`), err)

	list, err := services.JSON()
	fmt.Println(strings.Contains(string(list), `"shop.service.created"`), err)
	fmt.Println(services.Erasure().Name, "may be sent too")
	// Output:
	// true <nil>
	// true <nil>
	// headcount.erasure.requested may be sent too
}

// Another name, label, range or sentence is another fingerprint.
func ExampleCatalog_Fingerprint() {
	other := catalog.New("Shop", 1, about, catalog.NewCounter("shop.service.created", "{service}", says("A service was created, by type."),
		catalog.OneOf("shop.service.type", "SEARCH", "PAYMENT", "OTHER")))
	fmt.Println(services.Fingerprint() == other.Fingerprint())
	// Output: false
}

// Translations are files of the application, most often embedded.
func ExampleCatalog_WithTexts() {
	files := fstest.MapFS{"texts/de.json": {Data: []byte(`{"english": "0", "texts": {}}`)}}
	translated := services.WithTexts(files, "texts")
	fmt.Println(strings.Split(translated.CheckTexts().Error(), ": translate")[0])

	texts := translated.Texts("de") // English, because the translation is not sound
	fmt.Println(texts.Translated, texts.Metric("shop.service.created").Title, texts.Value("shop.service.type", "SEARCH"))
	// Output:
	// catalog: texts/de.json: the English texts have changed since they were translated
	// false Things search
}
