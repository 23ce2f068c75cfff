package catalog_test

import (
	"fmt"

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
