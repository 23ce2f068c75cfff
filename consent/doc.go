// Package consent answers one question: may this installation count how it is
// used, and why? Only a yes that a person or an administrator gave, to the notice in
// force now, is a yes. Without one the answer is off, and what is unreadable, outdated,
// unknown or for another product is never a yes. Any no beats any yes.
//
//	decisions := consent.NewFile("/var/lib/faces/telemetry") // touches nothing
//
//	// When a person answers (a check box, a settings page, a terminal):
//	err := decisions.Save(ctx, consent.Record{
//		Decision: consent.Granted, // or consent.Denied
//		Notice:   1,               // the notice they were shown
//		Where:    "sign-up form",
//	})
//
//	// Before anything is counted or sent:
//	status := consent.Evaluate(ctx, "COMPREFACE_TELEMETRY", 1, nil, decisions)
//	if !status.On() {
//		fmt.Println("statistics are off:", status.Reason)
//	}
//
// # Precedence
//
// The first row that applies decides. Rows that deny come first, so no grant
// can outvote them.
//
//	what is found                                         effective
//	DO_NOT_TRACK=1 (anything but empty, 0, false)         denied
//	OTEL_SDK_DISABLED=true (anything but empty, 0, false) denied
//	OTEL_METRICS_EXPORTER=none                            denied
//	COMPREFACE_TELEMETRY=off (or any word not below)      denied
//	the record cannot be read, or its source panics       undecided
//	the record says denied, for whichever notice          denied
//	the record is impossible (unknown decision, future)   undecided
//	the record says granted for notice 2, and it is 2     granted
//	COMPREFACE_TELEMETRY=accept:2 while the notice is 2   granted
//	the record says granted for another product           undecided
//	the record says granted for another notice            undecided
//	COMPREFACE_TELEMETRY=accept:1 while the notice is 2   undecided
//	nothing                                               undecided
//
// Only granted is on. "Undecided" and "denied" are both off; they differ in
// what comes next: undecided may be asked, denied is not asked again.
//
// # Environment
//
// An empty variable counts as unset, as everywhere in OpenTelemetry, because
// compose files pass unset variables on as empty ones. OpenTelemetry reads
// every OTEL_SDK_DISABLED but "true" as false; here a word like "1" or "yes"
// denies as well, since its writer did not mean "send".
//
// The one yes is "accept:" and the number of the notice in plain decimal, with
// nothing before, between or after: not TRUE, " accept:2" or accept:02.
//
// # What is stored
//
// Nothing before a decision: reading creates no file, not even a lock. [File]
// keeps the last 100 decisions in consent.json, the newest last; that one counts.
//
//	{
//	  "version": 1,
//	  "records": [
//	    {
//	      "decision": "granted",
//	      "notice": 1,
//	      "time": "2026-11-21T18:02:07Z",
//	      "where": "sign-up form",
//	      "for": "COMPREFACE_TELEMETRY",
//	      "by": "account 7",
//	      "since": "2026-11-21T18:02:07Z"
//	    }
//	  ]
//	}
//
// Every record has these fields, in this order, and no others: "for" and "by" if the
// application says which product and who, "erase" if a no asks for it, "since" if it
// is a yes. Times are UTC, to the second, and rise. Apart from white space the file is
// byte for byte what Save writes; anything else, be it a doubled or an unknown field
// or a byte after the end, makes the whole file damaged.
//
// It is a regular file of at most 128 KiB, mode 0600, owned by the user of the process
// or by root. So is its directory, in which no other user may write. A no is believed
// without that. A link, a pipe or a directory in its place is damage.
//
// A damaged file is off, and is never repaired by guessing. The next Save renames it
// to consent.json.damaged, which replaces an earlier one, and starts a new history.
// While nothing has taken its place, that is damage as well.
//
// consent.lock is empty and stays. It is locked by the kernel, for as long as a
// Save runs and no longer than its process lives.
//
// The package keeps no globals, starts no goroutine and writes to no log.
package consent
