// Package faults holds the tests of what happens when anything dies or
// misbehaves between an installation and the vendor's totals. The promise: on
// Linux, where the file of totals can be mapped (ext4, xfs, tmpfs), every Add
// that returned while the client was on is in the vendor's totals exactly once
// in the end, whichever process or connection dies; no installation sends more
// than it was asked to; and the host goes on. What is excepted is under Limits
// in docs/reliability.md.
//
// The parts are real: applications are processes that use the public
// interface, the Collector is the real one with the shipped configuration,
// and between them stands a proxy that does what broken networks and servers
// do. What an application counted is acknowledged in a mapped file of its own,
// before and after each Add, so that a killed one leaves its word behind: the
// store holds no less than was done and no more than was begun, and the two
// differ by one for each goroutine that was killed inside of an Add. Where
// nothing was killed they are equal.
//
//	go test ./faults                          # the short form, in half a minute
//	make faults                               # the long form, for FAULTS_FOR=5m
//	go test ./faults -seed=7 -first=123       # from round 123 of seed 7 on
//
// # What a seed gives
//
// The kind of each round, when its processes are killed, how long their
// reports may take, and in which order the proxy hands out its faults. Not how
// the scheduler interleaves processes, nor which connection comes first: a
// round seen again is the same attack, not the same instruction.
//
// # What is not here
//
// A clock that jumps while a process runs: Go reads the clock without asking
// the C library, so nothing outside of a process can give it another one, and
// setting the machine's would be felt by all. Package telemetry tests that
// with a clock of its own. What is here, as TestClockJumped, is what such a
// clock leaves behind: processes start with a schedule that was written when
// it was wrong by up to 5,000 years, in both directions.
//
// A report that stops in the middle of being written by the client: it is a
// few hundred bytes, written at once, so there is no such moment. The proxy
// stops in the middle of reading it instead.
//
// Power loss: only the machine could do that. Systems other than Linux.
package faults
