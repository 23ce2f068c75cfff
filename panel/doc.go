// Package panel shows a product's usage statistics to the people who decide
// about them: a row for the sign-up form, a settings page, and a JSON
// interface, in the language of the reader. It says who gets the statistics, why,
// what, for how long and how to undo a yes, and shows the bytes of a report. It works
// without JavaScript and asks no other server for anything.
//
//	decisions := consent.NewFile(dir)
//	stats, err := telemetry.Init(telemetry.Config{Catalog: compreface.Catalog, Consent: decisions, …})
//	statistics, err := panel.New(panel.Config{
//		Catalog:   compreface.Catalog,
//		Decisions: decisions,
//		Stats:     stats,
//		May: func(r *http.Request) panel.Right {
//			if user(r).Owner {
//				return panel.Change
//			}
//			return panel.Nothing
//		},
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
// user. The box is never ticked, not required, and says nothing when it is
// left alone. Link panel.css, if the application has no style of its own.
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
//
// Seen is the field of that name in the state: it tells what stood when the
// yes was given. A no needs none.
//
// # Inside a product
//
// [Config.Layout] puts the pages into the application's own, [Config.Hidden] its
// token against forged requests into every form, and the --headcount-… properties
// of panel.css its colours and font. [Panel.Banner] asks an administrator who has
// not decided, on any page. [Panel.Notice] is the notice for everybody whose
// actions are counted; mount it where members may look:
//
//	mux.Handle("/statistics/", statistics.Notice())
//
// An application of one page takes its texts from api/state and api/signup, and
// writes none of its own.
//
// # What is a decision
//
// An answer to the notice in force, by a person who may decide. A yes must come
// from a page of this site, by what the browser says of its origin, and in a form
// with the form's token, which is in a cookie as well. A no may come through a proxy
// that hides the origin: with that token, or in JSON, which another site cannot send. An answer to another notice is refused with 409. So is a yes that
// was given before the last decision or does not say when, one while a variable
// in the environment says no, and a no with a request to erase where the client
// cannot make one: the identifier is not destroyed before the person knows that. A
// refused request changes nothing, and the answer says so. The same answer twice
// is one decision.
//
// Where another process records a no while a yes is being recorded, the yes is
// refused as well, and the no is recorded again after it. A process that is
// killed between the two leaves the yes.
//
// A decision is recorded first and acted on then, before the answer is sent. One that
// another process recorded is acted on when the page is shown, within a few seconds.
// What the page says afterwards it reads from what stands, so that it never
// claims what was not done.
package panel
