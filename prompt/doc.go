// Package prompt asks the question of package consent in a terminal: once,
// briefly, and only where a person can be expected to read it.
//
//	decisions := consent.NewFile("/var/lib/shop/telemetry")
//	record, err := prompt.Ask(ctx, prompt.Question{
//		Catalog: shop.Catalog,
//		Change:  "shop settings telemetry on|off",
//		Decided: decisions,
//	}, os.Stdin, os.Stderr)
//	if err == nil && record.Decision != consent.Undecided {
//		err = decisions.Save(ctx, record) // with a telemetry.Client: stats.Decide(ctx, record)
//	}
//
// The person reads who asks, why, what would be sent and for how long it is kept,
// in the language of the environment, before the question. All of it comes from
// the catalog. It is plain text, wrapped at the terminal's width between 40 and 100
// columns, without colours: there is nothing for NO_COLOR to turn off.
//
// The package writes no file. [Ask] returns a record for the caller to save,
// and the zero Record when there is nothing to save.
//
// # Answers
//
//	y, yes              yes; capitals and spaces around it do not matter
//	n, no               no: it is not asked again
//	?                   shows the notice, a screen at a time, then asks again
//	Enter               not now
//	anything else       asks once more, then not now
//	end of input        not now, also in the middle of a line
//	no answer           not now: after a minute, or ten once the person was there
//	ctx ends            not now, at once
//
// The keys are the same in every language. Each answer is confirmed in a sentence.
// A program that wants Ctrl-C to be answered as well passes a context of
// signal.NotifyContext.
//
// "Not now" is nothing: nothing is stored, nothing is on, and a later call
// asks again. A program that asks at every start wears people down; ask where
// something is set up.
//
// # When it does not ask
//
// When the answer is there already: a decision for this notice, or a variable
// that decides it, such as DO_NOT_TRACK. In CI. When TERM is "dumb": a person
// in an editor's shell loses one question, and a script that drives a
// terminal is never held up. When input or output is a file that is not a
// terminal, or this process is in the terminal's background, where reading
// would stop it. When something was typed before the question could be seen:
// it was meant for another reader, and stays there.
//
// # What stays behind
//
// The answer is read byte by byte, never beyond the end of its line. A
// terminal on Unix is only read when a line is there, so nothing waits in it
// after Ask returns. Every other reader is read by a goroutine that cannot be
// stopped: if ctx ends first, that one goroutine stays until the reader
// returns, and the byte that it returns is lost.
package prompt
