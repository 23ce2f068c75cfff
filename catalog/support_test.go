package catalog_test

import "headcount.example/catalog"

// about is what a catalog of the tests says of who asks.
var about = catalog.About{
	Recipient: "Shop Ltd", Purpose: "To understand which parts of the shop are used.",
	ReportDays: 30, FigureDays: 400, ErasureDays: 14, Contact: "privacy@shop.example", Policy: "https://shop.example/privacy",
}

// says is the text of a metric with this description.
func says(description string) catalog.Text {
	return catalog.Text{Title: "Things", Description: description, Question: "How many things are there?"}
}
