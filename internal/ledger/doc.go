// Package ledger keeps one installation's lifetime totals, its identifier and
// its schedule, so that a killed process loses as little as possible.
//
// It has two kinds. A mapped ledger is a small file that all processes of the
// installation map into memory: counting is one atomic add in a page that the
// kernel keeps when the process dies. Where a mapping is not sound (see
// mappable), and in a database, a ledger is folded into a [State]: each process
// counts in memory and adds what is new from time to time, by compare and swap.
//
// # The mapped file
//
// All numbers are in the machine's byte order.
//
//	   0  magic, with the version of the layout
//	  16  install_guid
//	  32  day of the yes, in days since 1970
//	  40  phase: second of the day at which reports are due
//	  48  the yes that it belongs to, in seconds since 1970; 0 when unknown
//	  56  the product's name
//	 120  CRC-32C of everything above
//	 128  closed: 0; most bits set: the yes was taken back; a few: put aside
//	 192  number of series, and its CRC-32C
//	 256  when the next report is due, the failures so far, whether any was sent
//	 320  the right to send: until when, and a random number
//	4096  series, 64 bytes each: the total, the SHA-256 of the name, its CRC-32C
//
// A series is found by its name, never by its place in a catalog: a process
// with an older or newer catalog finds its own and leaves the others alone.
// Series are only ever added, at the end; a file grows in place, so that
// every mapping of the shorter file stays true. What is behind the series
// that count means nothing, whatever its length.
//
// Totals and schedule are plain words. A damaged total is a smaller or a larger
// one: readers keep the largest total of an installation, so a smaller one is
// harmless, and one above [Max] is damage.
//
// # What must hold
//
// A crash at any instruction leaves the old or the new state: files are written
// in full beside their place, synced and renamed; a series is counted in the
// header only after its bytes are synced. Damage is put aside and never
// trusted, and processes that still count in it are stopped. Reading or adding
// through a page that has gone from under the mapping is an error, never a
// signal that ends the process.
//
// # What can be lost
//
// A mapped ledger loses nothing when a process is killed, and with the power
// what the kernel had not written yet: by default the last half minute. A
// folded one loses with its process what it counted since the last
// [Ledger.Sync]. Additions that return after the file was removed, or replaced
// by hand, and before the next [Ledger.Check] are lost with it.
//
// # What is not promised
//
//   - A mapped file that is moved to where a mapping is not sound is not opened
//     there: another host might have it mapped. The error says what to do.
//   - A file that cannot be read for want of rights, or by a fault of the disk,
//     is left where it is, and nothing is counted: it may be sound.
//   - Destroying overwrites the file. A file system that copies on write, and
//     the versions that folding replaced, keep blocks that no name leads to.
//   - A folded ledger of another process learns of it at its next Sync or
//     Check; what it counts until then never reaches a file.
//   - In a binary with the race detector, a file that is truncated at the very
//     moment of an addition may end the process: the detector touches it where
//     Go cannot recover.
//   - Only Linux maps.
package ledger
