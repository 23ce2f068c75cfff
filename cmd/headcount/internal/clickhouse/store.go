package clickhouse

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/schema"
)

// A Store is the reports in a database. It is safe for concurrent use.
type Store struct {
	c    *client
	held *schema.Schema
	view *schema.Schema
}

// Open finds out which catalogs the tables at an address were made for. The
// password of the address's user is in the variable PasswordVariable.
func Open(ctx context.Context, address string) (*Store, error) {
	c, err := parse(address)
	if err != nil {
		return nil, err
	}
	s := &Store{c: c}
	err = c.rows(ctx, "SELECT list FROM catalog FINAL ORDER BY notice", func(row []string) error {
		view, err := stored(row[0])
		if err != nil {
			return err
		}
		if s.view = view; s.held == nil {
			s.held, err = stored(row[0])
			return err
		}
		s.held.Product, s.held.Notice, s.held.Max, s.held.About = view.Product, view.Notice, view.Max, view.About
		return s.held.Extend(view)
	})
	switch {
	case err != nil && strings.Contains(err.Error(), "UNKNOWN_"):
		return nil, fmt.Errorf("%w: headcount tables renders the tables that are missing", err)
	case err == nil && s.view == nil:
		return nil, fmt.Errorf("store %s has no catalog: run what headcount tables renders", c.name)
	}
	return s, err
}

func stored(text string) (*schema.Schema, error) {
	list := &schema.Schema{}
	return list, json.Unmarshal([]byte(text), list)
}

// Name is the host and the database.
func (s *Store) Name() string { return s.c.name }

// Schema is the list whose numbers the tables and reports have: that of all
// catalogs so far, so that a number stays.
func (s *Store) Schema() *schema.Schema { return s.held }

// View is the newest catalog.
func (s *Store) View() *schema.Schema { return s.view }

// Known is what the store knows beside the reports.
func (s *Store) Known(ctx context.Context) (k answer.Known, err error) {
	err = s.c.rows(ctx, `SELECT toString(uniqExact(install_guid)), toString((SELECT uniqExact(hash) FROM tombstones)),
	toString((SELECT count() FROM (SELECT DISTINCT day, report FROM late)) + (SELECT count() FROM (`+laterThanRequest+`))) FROM requests`, func(row []string) error {
		var n [3]int64
		for i, text := range row {
			n[i], err = strconv.ParseInt(text, 10, 64)
		}
		k.Pending, k.Erased, k.LateErased = n[0], n[0]+n[1], n[2]
		return err
	})
	if err != nil {
		return k, err
	}
	k.Kinds = map[string]int64{}
	return k, s.c.rows(ctx, "SELECT kind, toString(sum(points)) FROM refused GROUP BY kind", func(row []string) (err error) {
		k.Kinds[row[0]], err = strconv.ParseInt(row[1], 10, 64)
		return err
	})
}

// laterThanRequest lists the reports that came after a request to erase
// which is not carried out. They are in no answer, and erase removes them.
const laterThanRequest = `SELECT DISTINCT r.install_guid AS install_guid, r.day AS day, r.hour AS hour FROM reports AS r
	INNER JOIN (SELECT install_guid, min(first) AS first FROM requests GROUP BY install_guid) AS q ON q.install_guid = r.install_guid
	WHERE toDateTime(r.day, 'UTC') + toIntervalHour(r.hour) > q.first`
