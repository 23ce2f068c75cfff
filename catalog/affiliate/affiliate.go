// Package affiliate is the catalog of an affiliate-marketing platform: key
// events (significant actions and errors, by kind), which features are used,
// and the number and size of programs. Names of programs, affiliates or
// visitors, amounts of money and error messages are not on the list and
// cannot be sent.
package affiliate

import (
	"embed"

	"headcount.example/bucketing"
	"headcount.example/catalog"
)

// texts are the translations of the sentences below.
//
//go:embed texts
var texts embed.FS

// About is who asks and why. The names and addresses stand for the vendor's own.
var About = catalog.About{
	Recipient: "Affiliate Platform Ltd",
	Purpose: "To improve how the platform is used, to find and fix faults sooner, and to choose which features come next. " +
		"Access is restricted to authorised staff.",
	ReportDays: 30, FigureDays: 400, ErasureDays: 30,
	Contact: "privacy@affiliate.example",
	Policy:  "https://affiliate.example/privacy",
}

var (
	// Actions are the significant actions of the platform that succeeded, by
	// kind: count Actions.With("PROGRAM_CREATE"), not Actions itself.
	Actions = catalog.NewCounter("affiliate.action", "{action}", catalog.Text{
		Title: "Actions", Description: "A significant action succeeded, by kind.",
		Question: "Which parts of the platform do people rely on?"},
		catalog.OneOf("affiliate.action.kind",
			"PROGRAM_CREATE", "PROGRAM_CLOSE", "AFFILIATE_JOIN", "AFFILIATE_APPROVE", "CREATIVE_CREATE",
			"REFERRAL_RECORD", "PAYOUT_COMPLETE"))

	// Errors are the errors that matter to the platform's makers, by kind.
	// There is no message, code or stack: the kind is all that is known.
	Errors = catalog.NewCounter("affiliate.error", "{error}", catalog.Text{
		Title: "Errors", Description: "An error happened, by kind.",
		Question: "Which errors should be fixed first?"},
		catalog.OneOf("affiliate.error.kind",
			"PAYOUT_FAILED", "REFERRAL_REJECTED", "IMPORT_FAILED", "EMAIL_FAILED", "INTEGRATION_FAILED", "INTERNAL"))

	// Features are how often each feature of the platform was used.
	Features = catalog.NewCounter("affiliate.feature.used", "{use}", catalog.Text{
		Title: "Features used", Description: "A feature was used.",
		Question: "Which features should be improved first?"},
		catalog.OneOf("affiliate.feature.name",
			"DASHBOARD", "REPORTS", "CREATIVES", "COUPONS", "PAYOUTS", "IMPORT", "EXPORT", "API", "WEBHOOKS"))

	// Programs are the affiliate programs, by number of affiliates: observe it
	// with a function that returns one number for each program, and only the
	// range that each falls in is counted. The sum over all ranges is the number
	// of programs.
	Programs = catalog.NewRangeGauge("affiliate.program.count", "{program}",
		catalog.Text{
			Title: "Affiliate programs by size", Description: "Affiliate programs, by the range their number of affiliates falls in.",
			Question: "How many programs are there, and how large are they?", Range: "Programs with {range} affiliates"},
		"affiliate.program.range",
		bucketing.New(0, 10, 50, 200, 1_000, 5_000, 20_000, 100_000))

	// Catalog is the whole list.
	Catalog = catalog.New("Affiliate Platform", 1, About, Actions, Errors, Features, Programs).WithTexts(texts, "texts")
)
