package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"headcount.example/cmd/headcount/internal/day"
)

const serveLong = `serve shows the answers of an archive as a page, with a choice of window and
date. It keeps the figures in memory and reads the archive again when a
command has changed it, so a page is as new as the last headcount compact. It
writes nothing.

  /                 the page: ?window=28&as_of=2026-11-25
  /csv/NAME.csv     the table behind a chart
  /report.json      the answer, as headcount report --format json has it
  /healthz          200 if the archive can be read, else 503

The page shows exact figures and is for the makers of the product. For the
world there is headcount publish.

Without a token, serve listens on a loopback address only. For another
address, give --token-file: a file with a token of at least 16 characters
that only its owner may read. A browser asks for it as the password, with any
user name; a program sends it as "Authorization: Bearer TOKEN". serve speaks
plain HTTP: put a proxy with TLS before it, or the token can be read on the
way.`

const serveExample = `  headcount serve --archive archive
  headcount serve --archive archive --listen 127.0.0.1:9000
  (umask 077; head -c 24 /dev/urandom | base64 > token)
  headcount serve --archive archive --listen 0.0.0.0:8088 --token-file token
  curl -H "Authorization: Bearer $(cat token)" http://127.0.0.1:8088/report.json`

// shutdownTime is how long pages that are being written may take once serve
// is asked to end.
const shutdownTime = 5 * time.Second

func serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "serve --archive DIR",
		Short:   "Show the answers as a page, live",
		Long:    serveLong,
		Example: serveExample,
		Args:    noArguments,
	}
	dir := addArchive(cmd)
	catalog := addCatalog(cmd, "the one that the archive was compacted with, or the names in the data")
	listen := cmd.Flags().String("listen", "127.0.0.1:8088", "address and port to listen on; port 0 chooses a free one")
	tokenFile := cmd.Flags().String("token-file", "", "file with the token that a reader must have")
	_ = cmd.MarkFlagFilename("token-file")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		token, err := tokenFor(*listen, *tokenFile)
		if err != nil {
			return err
		}
		from := &cache{dir: *dir, load: func(ctx context.Context) (*source, error) { return load(ctx, *dir, catalog) }}
		if _, err := from.source(cmd.Context()); err != nil {
			return err
		}
		s := newServer(from.source, func() day.Day { return day.Of(time.Now()) })
		s.token = token
		return serve(cmd.Context(), *listen, s, func(url string) {
			fmt.Fprintf(cmd.ErrOrStderr(), "headcount: %s is at %s (Ctrl-C ends)\n", *dir, url)
		})
	}
	return cmd
}

// tokenFor checks the address, and reads the token that it needs; the empty
// token is none.
func tokenFor(listen, file string) (string, error) {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return "", usage("--listen %q is not an address and port, as in 127.0.0.1:8088: %v", listen, err)
	}
	if file != "" {
		return readToken(file)
	}
	if !loopback(host) {
		return "", usage("--listen %s can be reached from other machines: give --token-file FILE, or listen on 127.0.0.1", listen)
	}
	return "", nil
}

// serve listens and answers until the context ends. It calls ready with the
// page's URL once it listens.
func serve(ctx context.Context, listen string, s *server, ready func(url string)) error {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w; choose another port, or end what listens there", listen, err)
	}
	web := &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	ready("http://" + l.Addr().String() + "/")
	done := make(chan error, 1)
	go func() { done <- web.Serve(l) }()
	select {
	case err = <-done:
		return err
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	if err := web.Shutdown(end); err != nil {
		return errors.Join(fmt.Errorf("pages were still being written after %s: %w", shutdownTime, err), web.Close())
	}
	return nil
}
