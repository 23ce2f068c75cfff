// Package affiliate is the catalog of an affiliate-marketing platform: key
// events (significant actions and errors, by kind), which features are used,
// and the number and size of programs. Names of programs, affiliates or
// visitors, amounts of money and error messages are not on the list and
// cannot be sent.
package affiliate

import (
	"headcount.example/bucketing"
	"headcount.example/catalog"
)

var (
	// Actions are the significant actions of the platform that succeeded, by
	// kind: count Actions.With("PROGRAM_CREATE"), not Actions itself.
	Actions = catalog.NewCounter("affiliate.action", "{action}", "A significant action succeeded, by kind.",
		catalog.OneOf("affiliate.action.kind",
			"PROGRAM_CREATE", "PROGRAM_CLOSE", "AFFILIATE_JOIN", "AFFILIATE_APPROVE", "CREATIVE_CREATE",
			"REFERRAL_RECORD", "PAYOUT_COMPLETE"))

	// Errors are the errors that matter to the platform's makers, by kind.
	// There is no message, code or stack: the kind is all that is known.
	Errors = catalog.NewCounter("affiliate.error", "{error}", "An error happened, by kind.",
		catalog.OneOf("affiliate.error.kind",
			"PAYOUT_FAILED", "REFERRAL_REJECTED", "IMPORT_FAILED", "EMAIL_FAILED", "INTEGRATION_FAILED", "INTERNAL"))

	// Features are how often each feature of the platform was used.
	Features = catalog.NewCounter("affiliate.feature.used", "{use}", "A feature was used.",
		catalog.OneOf("affiliate.feature.name",
			"DASHBOARD", "REPORTS", "CREATIVES", "COUPONS", "PAYOUTS", "IMPORT", "EXPORT", "API", "WEBHOOKS"))

	// Programs are the affiliate programs, by number of affiliates: observe it
	// with a function that returns one number for each program, and only the
	// range that each falls in is counted. The sum over all ranges is the number
	// of programs.
	Programs = catalog.NewRangeGauge("affiliate.program.count", "{program}",
		"Affiliate programs, by the range their number of affiliates falls in.", "affiliate.program.range",
		bucketing.New(0, 10, 50, 200, 1_000, 5_000, 20_000, 100_000))

	// Catalog is the whole list.
	Catalog = catalog.New("Affiliate Platform", 1, Actions, Errors, Features, Programs)
)
