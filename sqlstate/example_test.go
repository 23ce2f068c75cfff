package sqlstate_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite"

	"headcount.example/catalog"
	"headcount.example/consent"
	"headcount.example/sqlstate"
	"headcount.example/telemetry"
)

func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-protobuf")
		fmt.Println("a report arrived")
	}))
	defer receiver.Close()
	ctx := context.Background()

	// SQLite has one writer. Who comes second waits, if told to.
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "shop.db")+"?_pragma=busy_timeout(10000)&_txlock=immediate")
	if err != nil {
		panic(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "CREATE TABLE sales (name TEXT)"); err != nil {
		panic(err)
	}
	thingSold := catalog.NewCounter("shop.thing.sold", "{thing}", "A thing was sold.")
	shop := catalog.New("Shop", 1, thingSold)
	state := sqlstate.New(db, sqlstate.SQLite, shop.Product())
	if err := state.CreateSchema(ctx); err != nil {
		panic(err)
	}
	stats, err := telemetry.Init(telemetry.Config{
		Catalog:  shop,
		Endpoint: receiver.URL,
		State:    state,
		Consent:  state,
	})
	defer stats.Shutdown(ctx)
	if err != nil {
		panic(err)
	}

	// Somebody says yes.
	if err := state.Save(ctx, consent.Record{Decision: consent.Granted, Notice: 1, Where: "settings"}); err != nil {
		panic(err)
	}
	if err := stats.Refresh(ctx); err != nil {
		panic(err)
	}

	for _, name := range []string{"lamp", "chair"} {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			panic(err)
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO sales VALUES (?)", name); err != nil {
			panic(err)
		}
		_ = state.AddTx(ctx, tx, thingSold, 1)
		if name == "chair" {
			_ = tx.Rollback() // not sold, and not counted
			continue
		}
		if err := tx.Commit(); err != nil {
			panic(err)
		}
	}
	fmt.Println(stats.Flush(ctx))
	report, err := stats.Preview(ctx, false)
	fmt.Println(report.Rows[1:], err)

	// Output:
	// a report arrived
	// <nil>
	// [shop.thing.sold 1] <nil>
}
