package sqlstate

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"time"

	"headcount.example/consent"
	"headcount.example/internal/ledger"
	"headcount.example/telemetry"
)

// replica is the application in a process of its own. Each kind of it says
// what it has done on its standard output.
func replica(args []string) error {
	dialect := map[string]Dialect{"PostgreSQL": PostgreSQL, "SQLite": SQLite}[args[0]]
	db, err := dial(dialect, args[1])
	if err != nil {
		return err
	}
	d := &database{DB: db, dialect: dialect, dsn: args[1]}
	in := bufio.NewScanner(os.Stdin)
	switch args[2] {
	case "count":
		return count(d, args[3], in)
	case "lease":
		return leaseholder(d, in)
	case "send":
		return sender(d, args[3], args[4], in)
	}
	return errors.New("no such replica")
}

const round = 1000

// count adds in rounds to a series of its own, and makes events with several
// goroutines, some rolled back, until it is killed or told to end.
func count(d *database, name string, in *bufio.Scanner) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s := d.store()
	l, err := ledger.OpenIn(ctx, s, append(names[:2:2], name), noon)
	if err != nil {
		return err
	}
	go func() { in.Scan(); cancel() }()
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			for ctx.Err() == nil {
				if err := event(context.Background(), d, s, sold, 1+rand.Int64N(3), rand.IntN(3) > 0); err != nil {
					fmt.Fprintln(os.Stderr, err) // some lose a race; what was committed counts
				}
			}
		})
	}
	for n := 1; ctx.Err() == nil; n++ {
		var adding sync.WaitGroup
		for range 4 {
			adding.Go(func() {
				for range round / 4 {
					l.Add(l.Slot(2), 1)
				}
			})
		}
		adding.Wait()
		if err := l.Sync(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			n--
			continue
		}
		fmt.Println("synced", n)
		time.Sleep(time.Duration(rand.IntN(5)) * time.Millisecond)
	}
	all.Wait()
	return l.Sync(context.Background())
}

// leaseholder takes the lease and says so.
func leaseholder(d *database, in *bufio.Scanner) error {
	s := d.store()
	s.lease = 2 * time.Second
	l, err := ledger.OpenIn(context.Background(), s, names, noon)
	if err != nil {
		return err
	}
	for in.Scan() {
		lease, err := l.Sender(context.Background())
		fmt.Println("lease", lease != nil, err)
		if lease != nil && in.Text() == "once" {
			lease.Release()
		}
	}
	return nil
}

// halting is a State whose lease stops at the last moment before the
// connection: before it was looked at, or after.
type halting struct {
	*Store
	at string
	in *bufio.Scanner
}

type haltingAccount struct {
	ledger.Account
	halting
}

type haltingLease struct {
	ledger.Lease
	halting
}

func (h halting) Open(ctx context.Context, series []string, fresh func() (ledger.Identity, ledger.Schedule, error)) (ledger.Account, error) {
	a, err := h.Store.Open(ctx, series, fresh)
	return haltingAccount{a, h}, err
}

func (a haltingAccount) Sender(ctx context.Context) (ledger.Lease, error) {
	l, err := a.Account.Sender(ctx)
	if l == nil {
		return nil, err
	}
	return &haltingLease{l, a.halting}, err
}

// Fold gives the change the lease that the store knows.
func (a haltingAccount) Fold(ctx context.Context, added []uint64, change *ledger.Change) error {
	if change != nil {
		if l, ok := change.Lease.(*haltingLease); ok {
			change = &ledger.Change{Schedule: change.Schedule, Lease: l.Lease}
		}
	}
	return a.Account.Fold(ctx, added, change)
}

func (l *haltingLease) Held(ctx context.Context) (time.Time, error) {
	// Only the last look, right before the connection, has the lease's own end.
	_, last := ctx.Deadline()
	if last && l.at == "before" {
		l.halt()
	}
	until, err := l.Lease.Held(ctx)
	if last && l.at == "after" {
		l.halt()
	}
	return until, err
}

func (h halting) halt() {
	fmt.Println("ready")
	h.in.Scan()
}

// sender counts one and sends a report, and is held up on the way.
func sender(d *database, endpoint, at string, in *bufio.Scanner) error {
	s := d.store()
	s.lease = 2 * time.Second
	stats, err := telemetry.Init(telemetry.Config{Catalog: shop, Endpoint: endpoint, State: halting{s, at, in}, Consent: s})
	if err != nil {
		return err
	}
	defer stats.Shutdown(context.Background())
	stats.Add(sold, 1)
	err = stats.Flush(context.Background())
	fmt.Println("flushed", strings.ReplaceAll(fmt.Sprint(err), "\n", "; "))
	in.Scan()
	return nil
}

var yes = consent.Record{Decision: consent.Granted, Notice: 1, Where: "test"}
