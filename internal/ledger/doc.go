// Package ledger keeps one installation's lifetime totals, its identifier and
// its schedule in one small file, so that a killed process loses nothing.
//
// The file is mapped into memory: counting is one atomic add in a page that
// the kernel keeps when the process dies, and that all processes of the
// installation share. Where a mapping is not sound (see mappable), the same
// file is folded instead: each process counts in memory and adds what is new
// to the file from time to time, under a lock, by replacing it.
//
// # The file
//
// All numbers are in the machine's byte order.
//
//	   0  magic, with the version of the layout
//	  16  install_guid
//	  32  day of the yes, in days since 1970
//	  40  phase: second of the day at which reports are due
//	  48  mode: mapped or folded
//	  56  CRC-32C of everything above
//	 128  closed: anything but 0 means that the yes was taken back
//	 192  number of series                       (coded)
//	 256  when the next report is due, and the failures so far (coded)
//	4096  series, 64 bytes each: total (coded), SHA-256 of the name, CRC-32C
//
// A series is found by its name, never by its place in a catalog: a process
// with an older or newer catalog finds its own and leaves the others alone.
// Series are only ever added, at the end; a file grows in place, so that
// every mapping of the shorter file stays true.
//
// A coded number n is stored as n*multiplier+offset. Adding keeps the code,
// so one atomic add is enough, and a damaged word is seen when it is read:
// no flipped bit and no zeroed word is a valid code.
//
// # What must hold
//
// Crash at any instruction leaves the old or the new state: files are written
// in full beside their place, synced and renamed; a series is counted in the
// header only after its bytes are synced. Damage is put aside and never
// trusted. Reading or adding through a page that has gone from under the
// mapping is an error, never a signal that ends the process.
package ledger
