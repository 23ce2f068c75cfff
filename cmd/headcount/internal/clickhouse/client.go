package clickhouse

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// A client sends queries over ClickHouse's HTTP interface. It is safe for
// concurrent use.
type client struct {
	http           *http.Client
	base           string // http://host:8123/
	name           string // for errors
	user, password string
	database       string
}

// maxError bounds what an error quotes of an answer.
const maxError = 500

// do sends a query.
func (c *client) do(ctx context.Context, sql string) (io.ReadCloser, error) {
	return c.post(ctx, url.Values{"database": {c.database}}, strings.NewReader(sql))
}

// insert sends a statement that ends with FORMAT, and the rows.
func (c *client) insert(ctx context.Context, sql string, rows []byte) error {
	body, err := c.post(ctx, url.Values{"database": {c.database}, "query": {sql}}, bytes.NewReader(rows))
	return c.done(body, err)
}

func (c *client) post(ctx context.Context, address url.Values, body io.Reader) (io.ReadCloser, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"?"+address.Encode(), body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("User-Agent", "headcount")
	if c.user != "" {
		r.Header.Set("X-ClickHouse-User", c.user)
		r.Header.Set("X-ClickHouse-Key", c.password)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		var bare *url.Error
		if errors.As(err, &bare) {
			err = bare.Err // without the query
		}
		return nil, fmt.Errorf("store %s: %w", c.name, err)
	}
	if answer.StatusCode == http.StatusOK {
		return answer.Body, nil
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(answer.Body, maxError))
	return nil, fmt.Errorf("store %s answers %s: %s", c.name, answer.Status, strings.TrimSpace(strings.ToValidUTF8(string(text), "?")))
}

// exec sends a statement that returns no rows.
func (c *client) exec(ctx context.Context, sql string) error {
	body, err := c.do(ctx, sql)
	return c.done(body, err)
}

// done reads the answer to a statement that returns no rows.
func (c *client) done(body io.ReadCloser, err error) error {
	if err != nil {
		return err
	}
	defer body.Close()
	if text, err := io.ReadAll(io.LimitReader(body, maxError)); err != nil {
		return fmt.Errorf("store %s: %w", c.name, err)
	} else if rest := strings.TrimSpace(string(text)); strings.Contains(rest, "DB::Exception") {
		return fmt.Errorf("store %s: %s", c.name, rest)
	}
	return nil
}

// rows hands the rows of a query to do, each as the texts of its columns.
// Every column of the query must be a string.
func (c *client) rows(ctx context.Context, sql string, do func([]string) error) error {
	body, err := c.do(ctx, sql+" FORMAT JSONCompactEachRow")
	if err != nil {
		return err
	}
	defer body.Close()
	d := json.NewDecoder(bufio.NewReader(body))
	for {
		var row []string
		err := d.Decode(&row)
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = do(row)
		}
		if err != nil {
			return fmt.Errorf("store %s: %w", c.name, err)
		}
	}
}
