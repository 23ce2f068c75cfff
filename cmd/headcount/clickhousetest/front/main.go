// Front serves ClickHouse's real engine over HTTP, for tests: libchdb has
// the engine and no server. It takes what clickhouse-go and headcount send.
// It has no users, no TLS and no other protocol.
//
//	front -listen 127.0.0.1:8123 -data DIR
//
// CHDB_LIB_PATH names libchdb.so. A process has one engine, with as many
// connections as there are requests at one moment.
package main

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address")
	data := flag.String("data", "", "directory of the engine's files")
	flag.Parse()
	if err := run(*listen, *data); err != nil {
		fmt.Fprintln(os.Stderr, "front:", err)
		os.Exit(1)
	}
}

func run(listen, data string) error {
	s := &server{data: data}
	c, err := s.take()
	if err != nil {
		return err
	}
	s.give(c)
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	fmt.Println(l.Addr()) // from here on it takes requests
	return http.Serve(l, s)
}
