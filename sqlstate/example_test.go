package sqlstate_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"

	"headcount.example/consent"
	"headcount.example/sqlstate"
)

// The application opens its own database, with its own driver. The store is
// telemetry.Config's State and Consent.
func Example() {
	ctx := context.Background()
	db, err := sql.Open("pgx", "postgres://faces@db.example/faces")
	if err != nil {
		log.Fatal(err)
	}
	state := sqlstate.New(db, sqlstate.PostgreSQL, "public", "CompreFace")
	if err := state.CreateTable(ctx); err != nil { // where the application's own tables are made
		log.Fatal(err)
	}
	if err := state.Save(ctx, consent.Record{Decision: consent.Granted, Notice: 1, Where: "settings"}); err != nil {
		log.Fatal(err)
	}
	latest, err := state.Consent(ctx)
	if err != nil {
		log.Fatal(err)
	}
	history, err := state.History(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(latest.Decision, len(history))
}
