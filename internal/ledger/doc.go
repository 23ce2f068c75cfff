// Package ledger keeps one installation's lifetime totals, its identifier and
// its schedule, so that a killed process loses as little as possible.
//
// All processes of an installation share one header and the totals. In a directory
// they are in one small file, headcount.totals, that is mapped: counting is one atomic
// add in a page that the kernel keeps when the process dies. Where a mapping is not
// sound (see mappable), and for an installation of several hosts, they are one value of
// a [State]: a database, or headcount.state in the directory. There a process counts in
// memory of its own. From time to time it writes all that it counted as its share, by
// compare and swap.
//
// # The mapped file
//
// It has 64 KiB. All numbers are in the machine's byte order.
//
//	   0  magic, with the version of the layout
//	   8  0
//	  16  install_guid
//	  32  day of the yes, in days since 1970
//	  40  phase: second of the day at which reports are due
//	  48  the yes that it belongs to, in seconds since 1970; 0 when unknown
//	  56  the product's name
//	 120  CRC-32C of everything above
//	 128  closed: 0, or the yes was taken back
//	 192  number of series, and its CRC-32C
//	 256  when the next report is due, the failures so far, whether any was sent,
//	      the right to send: until when, and a random number
//	4096  series, 64 bytes each: the total, the SHA-256 of the name, its CRC-32C
//
// A series is found by its name, never by its place in a catalog: a process
// with an older or newer catalog finds its own and leaves the others alone.
// Series are only ever added, at the end.
//
// # What must hold
//
// A crash at any instruction leaves the old or the new state: a file appears by
// a rename, and a series is counted in the header only after its name is synced.
// Damage is never trusted: a damaged file is quarantined, and a damaged value of a State
// is replaced. If a file is truncated, Add fails, and no signal ends the process.
// Totals and schedule are plain words. Readers keep the largest total of an
// installation, so a smaller one is harmless. A total above [Max] is damage.
//
// # What can be lost
//
// A mapped ledger loses nothing when a process is killed. When the power fails it loses
// what the kernel had not written yet: by default the last half minute. Any other
// ledger loses with its process what was counted since the last [Ledger.Sync].
// Additions between the removal of a file and the next [Ledger.Check] are lost too.
package ledger
