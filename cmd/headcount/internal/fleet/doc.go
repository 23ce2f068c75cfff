// Package fleet simulates the installations of a product: they join, grow,
// rest at the weekend, leave and return. It writes what a Collector would
// have written about them, or sends their reports to a real one, and knows
// the true answers, because it counts its own events while it makes them.
//
// Things go wrong in a fleet as they do in life: a volume is restored from a
// backup, a machine is cloned with its identifier, a product flushes twice a
// day, an installation asks to erase what it sent and reports again. They go
// wrong in the file too: torn lines, NULs, foreign text, forged senders, a
// clock in 1970. [Options.Clean] leaves all that out.
//
// The same options give the same bytes. Memory is some 160 bytes for each
// installation, and as much again for what waits for the garbage collector,
// for any number of days.
package fleet
