// Package catalog is the one list of what may leave an installation.
//
// A product declares its statistics in Go, as a closed list: names, units,
// texts for people, labels with all their values, who asks and why, and the
// number of the notice that tells people about them. What is not on the list
// cannot be counted and cannot be sent.
//
//	var (
//		UserCreated = catalog.NewCounter("shop.user.created", "{user}", catalog.Text{
//			Title: "Users created", Description: "A user was created.", Question: "How many people use the shop?"})
//		ServiceCreated = catalog.NewCounter("shop.service.created", "{service}", catalog.Text{
//			Title: "Services created", Description: "A service was created, by type.", Question: "Which services are popular?"},
//			catalog.OneOf("shop.service.type", "SEARCH", "PAYMENT"))
//		Baskets = catalog.NewRangeGauge("shop.basket.count", "{basket}", catalog.Text{
//			Title: "Baskets by size", Description: "Baskets, by the range their number of goods falls in.",
//			Question: "How large are baskets?", Range: "Baskets with {range} goods"},
//			"shop.goods.range", bucketing.New(0, 10, 50))
//
//		About = catalog.About{
//			Recipient: "Shop Ltd", Purpose: "To understand which parts of the shop are used.",
//			ReportDays: 30, FigureDays: 400, ErasureDays: 14,
//			Contact: "privacy@shop.example", Policy: "https://shop.example/privacy",
//		}
//		Catalog = catalog.New("Shop", 1, About, UserCreated, ServiceCreated, Baskets)
//	)
//
// A fault in the list is never a panic: [Catalog.Err] says everything that is
// wrong, and a catalog with a fault counts and sends nothing.
//
// # What is sent
//
// For a [Counter], the total of each declared combination of labels. For a
// [RangeGauge], how many things fall in each range now. [Catalog.Notice] renders
// the list for people and [Catalog.CollectorConfig] for the Collector, which
// lets exactly this list through.
//
// # What is never sent
//
// Anything else. The values of labels are written in the program. They are never
// what a user typed.
//
// # OpenTelemetry
//
// A [Counter] is a monotonic, cumulative Sum. A [RangeGauge] is a Gauge whose one
// attribute is the range. Labels are attributes with a closed list of values. An
// installation is named by install_guid, the only Resource attribute. Names and
// units follow OpenTelemetry's rules. A catalog is not a Meter: what is not
// declared in it cannot be made at run time.
//
// # Languages
//
// The catalog's sentences are English in Go. [Catalog.WithTexts] adds translations,
// one file a language, and says what a file looks like. [Catalog.Document] is the
// notice in a language, as a list of [Block]; the rest of its words come with this
// package. The fingerprint covers the English alone, so a better translation is no new
// notice. A translation of older English is not used: the English sentence is
// shown in its place.
//
// # Changing the list
//
// [Catalog.Fingerprint] changes with everything that affects what is sent or
// what people are told. Package catalogtest holds the test that fails when it
// changes and the notice number does not rise.
package catalog
