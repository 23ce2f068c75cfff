package clickhouse

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
)

// PasswordVariable names the environment variable with the password of the
// user in an address.
const PasswordVariable = "HEADCOUNT_STORE_PASSWORD"

const addressForm = "clickhouse://user@host:8123/database, with ?secure=true for TLS"

// parse reads an address, as in clickhouse://user@host:8123/database. A
// password in it is refused: other users of the machine can read a command
// line.
func parse(address string) (*client, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "clickhouse" || u.Host == "" {
		return nil, fmt.Errorf("store %q is not an address like %s", Hidden(address), addressForm)
	}
	if _, has := u.User.Password(); has {
		return nil, fmt.Errorf("store %q has a password: put it into the variable %s, which other users cannot read", Hidden(address), PasswordVariable)
	}
	c := &client{http: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		user: u.User.Username(), password: os.Getenv(PasswordVariable), database: strings.Trim(u.Path, "/")}
	if c.database == "" {
		c.database = "headcount"
	}
	if strings.ContainsAny(c.database, "/`\\") {
		return nil, fmt.Errorf("store %q names the database %q; a name has no /, ` or \\", Hidden(address), c.database)
	}
	base := url.URL{Scheme: "http", Host: u.Host, Path: "/"}
	for key, values := range u.Query() {
		switch {
		case key == "secure" && values[0] == "true":
			base.Scheme = "https"
		case key == "secure" && values[0] == "false":
		default:
			return nil, fmt.Errorf("store %q has %s=%s; known is secure=true or false", Hidden(address), key, values[0])
		}
	}
	if u.Port() == "" {
		base.Host += map[string]string{"http": ":8123", "https": ":8443"}[base.Scheme]
	}
	c.base, c.name = base.String(), u.Host+"/"+c.database
	return c, nil
}

// Hidden is an address without its password.
func Hidden(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Redacted()
	}
	return "(cannot be read)"
}
