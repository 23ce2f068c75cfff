// Package sqlstate keeps an installation's state in the application's own SQL
// database, so that replicas on several hosts are one installation, and counts
// inside the application's transactions: an event is counted exactly if the
// row it describes is committed.
//
//	state := sqlstate.New(db, sqlstate.PostgreSQL, compreface.Catalog.Product()) // or SQLite; any driver
//	if err := state.CreateSchema(ctx); err != nil { … } // where you migrate your own tables
//
//	stats, err := telemetry.Init(telemetry.Config{
//		Catalog:  compreface.Catalog,
//		Endpoint: "https://stats.vendor.example",
//		State:    state, // totals, identifier, schedule, lease
//		Consent:  state, // decisions: state.Save(ctx, consent.Record{…}), then stats.Refresh(ctx)
//	})
//	defer stats.Shutdown(context.Background())
//
//	stats.Add(compreface.UserCreated, 1)                      // in memory
//	err = state.AddTx(ctx, tx, compreface.ServiceCreated.With(compreface.Detection), 1) // in tx
//
// # Releases beside one another
//
// CreateSchema brings older tables up to date and says so in headcount_schema.
// While it does, AddTx may wait for half a second. A process of an older release
// (from version 2 of the tables on) that still has them open reads that with every
// look and under the lock of every fold: from then on it neither folds nor
// sends, and its log says why. What Add counts there stays in its memory and is
// lost when it ends, so end older replicas before CreateSchema of a release that
// changes the tables, or soon after. AddTx goes on there, and newer replicas
// fold what it inserts.
//
// # What is kept where
//
//	headcount_schema        the version of the tables
//	headcount_product       whose they are
//	headcount_installation  one row or none: install_guid, day of the yes, phase, schedule, lease
//	headcount_total         a row for each series
//	headcount_pending       a row for each AddTx that nobody has folded yet
//	headcount_process       a row for each process: its newest fold, forgotten after a week
//	headcount_aside         the newest three states that said something impossible
//	headcount_consent       the last 100 decisions
//
// They are in the schema that the connection's search_path names. One schema
// is one product's, and refuses every other: two products in one database need
// a schema each. Without a yes all are empty but the first two and the last.
//
// A row of headcount_pending says which series was counted and in what order,
// as the application's own rows do, until it is folded. It has no time.
//
// # What can be lost
//
// Add counts in memory, and the client folds that into the totals every ten
// seconds, before each report, and at Shutdown, which waits 40 milliseconds for
// it. A process that is killed loses what it added since: at most ten seconds
// while the database answers. While the database is away, that grows until it
// is back. A fold whose commit had no answer is neither lost nor made twice:
// the row of the process says whether it was committed. (A process that cannot
// reach the database for a week, in which others can, may count that one fold
// twice.)
//
// AddTx loses nothing and counts nothing twice, whatever is killed: the row is
// the host's to commit, and is summed and removed in one transaction. It is in
// the totals at the next fold of any replica, so the table holds what all of
// them counted in ten seconds. Where no client runs, AddTx does nothing, and so
// nothing grows; if every replica is killed, what is pending waits for the next
// one that starts. At most 2,000 rows are folded in one transaction.
//
// # What the host feels
//
// Add never touches the database. Everything else is bounded by five seconds,
// whatever the database does, and is not on the path of any request, but for
// AddTx: three short statements in PostgreSQL (a savepoint, so that a statistic
// that cannot be written does not fail the transaction), one in SQLite. AddTx
// inserts a row, if the installation is still there, and locks nothing, so
// transactions of the host do not wait for one another because of it. Of what
// it reads and inserts, every other reader and writer of ours is READ
// COMMITTED, which PostgreSQL leaves out when it looks for a serializable
// transaction to fail: so none of the host's does because of us. In
// SQLite everybody who writes waits for everybody else anyway, if the host told
// it to (busy_timeout, and BEGIN IMMEDIATE): where it does not, a write of ours
// in the background can be what the host's meets, as any other connection's.
//
// Whatever else we ask PostgreSQL is in a transaction that is READ COMMITTED,
// whatever the default is, and takes no part in serializable ones.
//
// A replica that is idle asks three short questions every ten seconds; in
// PostgreSQL each is three round trips (begin, question, commit).
//
// # One of them sends
//
// The one that sends has a lease of a minute, by the database's clock, and a
// fence: a number that rises with every lease. The schedule is only written
// under the newest fence. The lease is made longer right before the report,
// and asked for once more before the connection is opened; the report ends
// with it, and the clocks are looked at for the last time when its first byte
// is written. So a process that was paused for longer than its lease, and goes
// on, sends nothing.
//
// What remains is a pause between that look and the write itself, and a report
// that is on the wire already. Then an older report arrives after a newer one.
// Totals heal by themselves, because whoever reads them keeps the largest;
// sizes of that day may be the older ones.
//
// # A no
//
// A recorded no counts for every replica: each asks before it sends. The one
// that acts on it first removes identifier, totals, what is pending, schedule
// and lease in one transaction, and waits for a report that is on its way, two
// seconds at most. From then on AddTx inserts nothing, in any replica: it looks
// whether the installation is still there. What Add counts in the memory of
// another one gets nowhere, and ends at its next fold or look, within ten
// seconds.
//
// A transaction of the host that counted before the no, or sees the database as
// it was before, may be committed after it, and leaves a row with a series and a
// number. Whoever acted on the no looks once more after twelve seconds, and
// removes such rows. One that is committed even later stays until a client
// starts under a yes, or starts or is refreshed under a recorded no. Each
// installation has a random number of its own, its generation, so nothing that
// was counted or committed late for one is ever added to the next. What a
// database keeps of deleted rows (its log, free pages, replicas, backups) is the
// database's.
//
// If the database cannot be written, Save returns an error, and an earlier yes
// stays: unlike consent.File, which can put its file aside.
//
// # What is not trusted
//
// What is read from the tables is checked as a file would be: an identifier
// that is not a random UUID in its usual form, a phase, day, schedule or total
// that is not possible. Such a state is moved to headcount_aside and counting
// starts anew, under a new identifier. Rows that cannot be read say nothing
// against the state: nothing is changed then.
package sqlstate
