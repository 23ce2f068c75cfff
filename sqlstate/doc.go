// Package sqlstate keeps an installation's state in the application's own
// PostgreSQL, MariaDB or MySQL, so that replicas on several hosts are one
// installation.
//
//	state := sqlstate.New(db, sqlstate.PostgreSQL, "public", compreface.Catalog.Product()) // any driver
//	if err := state.CreateTable(ctx); err != nil { … } // where you migrate your own tables
//
//	stats, err := telemetry.Init(telemetry.Config{
//		Catalog:  compreface.Catalog,
//		Endpoint: "https://stats.vendor.example",
//		State:    state, // totals, identifier, schedule
//		Consent:  state, // decisions: stats.Decide(ctx, consent.Record{…})
//		Dir:      dir,   // journal and requests to erase, of this host
//	})
//	defer stats.Shutdown(ctx)
//
// A product on SQLite has one host: it uses telemetry.Config.Dir. A background
// writer in the application's own SQLite would make its transactions fail.
//
// # What is kept where
//
// One table, headcount, with one row a product: the name of the product, a
// version, the state as JSON, and the last 100 decisions as JSON. Every name is
// qualified with the schema, so that a search_path that another user of the
// connection left behind changes nothing. Without a yes the state is NULL.
//
// Every change is one UPDATE that names the version it replaces, and every query is
// one SELECT, each in a transaction of its own. Nothing is written inside the
// application's transactions: count with Client.Add after the commit.
//
// # What can be lost
//
// Add counts in memory, and the client adds that to the row every ten
// seconds, before each report, and at Shutdown. A process that is killed loses
// what it added since. While the database is away, that grows until it is back.
// If the answer to a write is lost, no count is lost or counted twice: the row holds
// all that each of the newest 16 processes counted, as a share of its own. With more
// processes such counts can be lost, and are never counted twice.
//
// # What the application feels
//
// Add never touches the database. Everything else ends after five seconds,
// whatever the database does, and is not on the path of any request. An idle
// replica makes one query every ten seconds. A replica that counts also writes
// once in that time, with one more statement.
//
// # A no
//
// A recorded no counts for every replica: each asks before it sends. The one
// that acts on it first sets the state to NULL, and waits for a report that is
// being sent, two seconds at most. What another replica still counts in memory is
// never written, and that replica stops counting at its next query, within ten
// seconds. The database may keep replaced rows in its log, free pages, replicas and
// backups. If the database cannot be written, Save returns an error, and the process
// that said no stays off.
package sqlstate
