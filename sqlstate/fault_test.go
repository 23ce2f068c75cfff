package sqlstate

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"headcount.example/consent"
	"headcount.example/internal/ledger"
)

// away is a database to which no connection can be had, for the reason that a
// driver gives.
type away struct{ err error }

func (a away) Connect(context.Context) (driver.Conn, error) { return nil, a.err }
func (a away) Driver() driver.Driver                        { return nil }

type refused struct{ error }

func (refused) SQLState() string { return "28P01" }

// TestTextForPeople: what a driver says of user and host is in no error's text,
// and in its detail.
func TestTextForPeople(t *testing.T) {
	told := errors.New("failed to connect to user=canary-user host=canary-host")
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"no connection": {told, "cannot be reached"},
		"refused":       {refused{told}, "SQLSTATE 28P01"},
		"no answer":     {fmt.Errorf("%w: %w", told, context.DeadlineExceeded), "did not answer in 5s"},
	} {
		store := New(sql.OpenDB(away{c.err}), PostgreSQL, "public", "Shop")
		ctx := t.Context()
		_, loaded := store.Consent(ctx)
		_, _, state := store.Load(ctx)
		for call, err := range map[string]error{
			"Consent": loaded, "Load": state, "CreateTable": store.CreateTable(ctx), "Swap": store.Swap(ctx, 1, nil),
			"Save": store.Save(ctx, consent.Record{Decision: consent.Denied, Time: time.Now()}),
		} {
			if err == nil || strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %s: got %v, want %q, and no user or host", name, call, err, c.want)
			}
			var detail interface{ Detail() string }
			if !errors.As(err, &detail) || !strings.Contains(detail.Detail(), "canary-host") || !errors.Is(err, c.err) {
				t.Errorf("%s: %s: the driver's error is lost", name, call)
			}
			if errors.Is(err, ledger.ErrUnknown) != (call == "Swap") {
				t.Errorf("%s: %s: got %v", name, call, err)
			}
		}
	}
}
