// Faces is a small face service: people sign up, create applications, create
// services of three types in them, and add faces to collections. It recognises
// no one; it shows how a real product counts how it is used, with permission.
//
//	faces                                     SQLite in ./faces-data
//	faces -database postgres://user@host/db   PostgreSQL
//	faces -dir /var/lib/faces seed            example data, and then the end
//
// The integration is statistics.go, and three calls of count.
package main

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"headcount.example/catalog"
	"headcount.example/catalog/compreface"
)

// An app is the application, running.
type app struct {
	db        *store
	stats     *statistics
	log       *slog.Logger
	templates map[string]*template.Template
	first     sync.Mutex // held while an account is made
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := exit(run(ctx, os.Args[1:], os.Stdout, compreface.Catalog))
	stop()
	os.Exit(code)
}

// run is the program, with the list of what may leave.
func run(ctx context.Context, args []string, out io.Writer, list *catalog.Catalog) (err error) {
	o, err := parseOptions(args, out)
	if err != nil {
		return err
	}
	db, err := openStore(ctx, o.database, o.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if o.seed {
		return seed(ctx, db, out)
	}

	a := &app{db: db, log: slog.New(slog.NewTextHandler(os.Stderr, nil)), templates: map[string]*template.Template{}}
	for _, name := range []string{"signup", "login", "applications", "application", "service", "settings", "problem"} {
		a.templates[name] = parse(name)
	}
	if a.stats, err = a.openStatistics(ctx, list, o.endpoint, o.dir); err != nil {
		return err
	}
	defer a.stats.Shutdown(context.Background())
	return a.serve(ctx, o.listen, out)
}

func (a *app) serve(ctx context.Context, listen string, out io.Writer) error {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("%w: -listen names another address, and FACES_LISTEN for make faces", err)
	}
	server := &http.Server{Handler: a.routes(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	fmt.Fprintf(out, "faces: http://%s\n", l.Addr())
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		soon, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := server.Shutdown(soon); !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		return server.Close() // of a page that hangs, or a connection a browser keeps in reserve
	}
}
