package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"

	chdbpurego "github.com/chdb-io/chdb-go/chdb-purego"
)

// A server answers each request on a connection of its own.
type server struct {
	data string // directory of the engine's files

	mu   sync.Mutex
	idle []chdbpurego.ChdbConn
}

// take returns a connection that no other request uses.
func (s *server) take() (chdbpurego.ChdbConn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.idle); n > 0 {
		c := s.idle[n-1]
		s.idle = s.idle[:n-1]
		return c, nil
	}
	return chdbpurego.NewConnectionFromConnString(s.data)
}

func (s *server) give(c chdbpurego.ChdbConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = append(s.idle, c)
}

// A request is one query and the connection that it has.
type request struct{ conn chdbpurego.ChdbConn }

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	conn, err := s.take()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer s.give(conn)
	out := &output{w: w, revision: revisionOf(r.URL.Query())}
	if err := (&request{conn}).query(out, r.URL.Query(), body); err != nil && !out.began {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	} else if err != nil {
		panic(http.ErrAbortHandler) // the client must see that the answer is not whole
	}
}

// query runs the query of a request: in the body, or in the address with the
// rows to insert in the body.
func (r *request) query(out *output, address url.Values, body []byte) error {
	for name, values := range address {
		switch {
		case strings.HasPrefix(name, "param_"):
			if err := r.do("SET " + name + " = " + quote(values[0])); err != nil {
				return err
			}
		case name == "database":
			if err := r.do("USE `" + values[0] + "`"); err != nil {
				return err
			}
		}
	}
	sql := address.Get("query")
	if sql == "" {
		sql = string(body)
	} else if len(body) > 0 {
		return r.insert(sql, body)
	}
	format := address.Get("default_format")
	if format == "" {
		format = "TabSeparated"
	}
	if f := lastFormat(sql); f != "" {
		format = f
	}
	write := out.plain
	if out.revision > 0 && format == "Native" {
		write = out.blocks
	}
	if !selects(sql) { // the engine streams nothing else
		result, err := r.conn.Query(sql, format)
		if err != nil {
			return err
		}
		defer result.Free()
		return write(result.Buf())
	}
	rows, err := r.conn.QueryStreaming(sql, format)
	if err != nil {
		return err
	}
	defer rows.Free()
	return stream(rows, write)
}

func selects(sql string) bool {
	first, _, _ := strings.Cut(strings.TrimSpace(sql), " ")
	return strings.EqualFold(first, "SELECT") || strings.EqualFold(first, "WITH")
}

// lastFormat is the word after FORMAT at the end of a query.
func lastFormat(sql string) string {
	words := strings.Fields(strings.TrimRight(strings.TrimSpace(sql), ";"))
	if n := len(words); n > 2 && strings.EqualFold(words[n-2], "FORMAT") {
		return words[n-1]
	}
	return ""
}

func revisionOf(address url.Values) uint64 {
	n, _ := strconv.ParseUint(address.Get("client_protocol_version"), 10, 64) // 0: as ClickHouse without it
	return n
}

func (r *request) do(sql string) error {
	result, err := r.conn.Query(sql, "TabSeparated")
	if err == nil {
		result.Free()
	}
	return err
}

// insert runs INSERT … FORMAT x with its rows, which go through a file.
func (r *request) insert(sql string, rows []byte) error {
	into, format := sql, lastFormat(sql)
	if format == "" {
		return fmt.Errorf("no FORMAT at the end of %.200q", sql)
	}
	into = into[:strings.LastIndex(strings.ToUpper(into), "FORMAT")]
	f, err := os.CreateTemp("", "front")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err = f.Write(rows); err == nil {
		err = f.Close()
	}
	if err != nil {
		return err
	}
	return r.do(into + " SELECT * FROM file(" + quote(f.Name()) + ", '" + format + "')")
}

func quote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}
