// Package publish makes the page that may be shown to the world.
//
// Every published figure is a number of installations, so that one
// installation moves a figure by one at most. Sums (of things, of totals) are
// not published. docs/publishing.md argues for each rule and says what the
// rules do not protect against. In the order in which they are applied:
//
//  1. Renewal: a figure that was published before is renewed only when
//     [Threshold] installations or more changed their contribution to it
//     since, and as many since the page before; on every third page the
//     former is enough. With fewer, none included, the published figure
//     stays, with its own date.
//  2. Suppression: a figure of 1 to Threshold-1 installations is hidden.
//  3. Complementary suppression: where the figures of a table add up to a
//     total, and one alone is hidden or the hidden ones sum below Threshold,
//     the smallest one shown is hidden too.
//  4. Rounding to [Rounding].
//
// The record of what was published is in the archive's directory. A page is
// rendered from the record alone: the same day gives the same bytes.
package publish

// The rules' numbers.
const (
	Threshold     = 10 // installations behind a figure, and behind a change of it
	Rounding      = 10
	Window        = 28 // days in which an installation has to report to be active
	DefaultPeriod = 28 // days from one page's as-of to the next one's
	LeastPeriod   = 7
	gathering     = 3   // every so many pages, changes of earlier periods count
	lookBack      = 366 // days in which changes of a figure are looked for
)
