// Package panel shows a product's usage statistics to the people who decide
// about them: a row for the sign-up form, a settings page, and a JSON
// interface, in the language of the reader. It works without JavaScript and asks no
// other server for anything.
//
//	statistics, err := panel.New(panel.Config{
//		Catalog:   compreface.Catalog,
//		Decisions: decisions, // also telemetry.Config's Consent
//		Stats:     stats,     // the client that telemetry.Init made
//		May:       mayDecide, // panel.Change for an administrator
//	})
//	mux.Handle("/settings/statistics/", http.StripPrefix("/settings/statistics", statistics))
//
// # At sign-up
//
//	row := statistics.SignUp(w, r) // put {{.Row}} before the form's button
//
//	// When the form was posted and the account was made:
//	if record, yes := statistics.SignedUp(r); yes {
//		err = decisions.Save(ctx, record)
//		err = errors.Join(err, stats.Refresh(ctx))
//	}
//
// Show the row to those who may decide for the installation, such as its first
// user. Link panel.css, if the application has no style of its own.
//
// # Addresses
//
// Below the path at which the panel is mounted:
//
//	GET  /              the settings page
//	POST /decide        its forms
//	GET  /panel.css     its style
//	GET  /evidence.json a file for an auditor: notice, decisions, journal, variables
//	GET  /api/state     everything on the page, and its texts
//	GET  /api/preview   the next report; ?sizes asks the application for them
//	GET  /api/signup    the question at sign-up, for everyone
//	POST /api/report    sends a report now
//	PUT  /api/decision  {"decision":"granted","notice":1,"seen":"…"}, or "denied", or "denied" with "erase":true
//	POST /api/erasure   {"identifier":"…"}: asks to erase what was sent under an earlier identifier of the state
//
// Seen is the field of that name in the state: it tells what stood when the
// yes was given. A no needs none.
//
// # Fields of the JSON
//
// The state has these; times are UTC, and what is not known is missing:
//
//	product, recipient, lead, why, kept, undo, never,
//	contact, policy, results           the question, in the reader's language
//	language, direction, translated    its tag; ltr or rtl; false: the catalog's sentences are English
//	notice, document, counted          the number of the notice in force, the whole notice, its statistics
//	texts                              words for headings and buttons
//	on, status                         whether it is on, and why in words
//	decision, agreed, veto             what was decided, to which notice; a variable says no
//	seen, may_change, can_erase        what stands; the reader may decide; a no may ask to erase
//	install_guid, no_install_guid      the identifier, or what became of it
//	since, next_report, last_report    times
//	not_delivered                      why the newest report did not arrive, as far as is known
//	changes                            what changed since the notice that was agreed to
//	sent                               the journal: time, finished, outcome, delivered, left (this machine,
//	                                   or it may have), and the fields of a report
//	history                            the records, see consent.Record
//	erasures                           earlier identifiers: identifier (eight characters), from, to, asked,
//	                                   arrived, state, can_ask, text
//
// Sent, history and erasures have the newest first. The state of an erasure is
// arrived, pending, failed, or none.
//
// A report has url, head, body, bytes, erasure, sentences and request, which is in
// base64. The preview also has zeros, sizes_asked and sizes_missing. The question at
// sign-up has the fields from product to counted, and ask, box, notice_field, label
// and help.
//
// What changes something answers with the new state in the field state. If it was
// refused, error says why, and the state may be missing.
//
// # What is a decision
//
// An answer to the notice in force, by a person who may decide. A yes must come
// from a page of this site, and in a form with the form's token, which is in a cookie
// as well. A no may come through a proxy that hides the origin: with that token, or in
// JSON, which another site cannot send. An answer to another notice is refused with
// 409. So is a yes that was given before the last decision, one while a variable in
// the environment says no, and a no with a request to erase where the client cannot
// make one. The same answer twice is one decision.
//
// A decision is recorded first and acted on then, before the answer is sent. Where
// another process records a no while a yes is being recorded, the yes is refused, and
// the no is recorded again after it. What another process decided is acted on when the
// page is shown. The page says what stands, so it never claims what was not done.
package panel
