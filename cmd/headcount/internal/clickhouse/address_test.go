package clickhouse

import (
	"strings"
	"testing"
)

func TestAddress(t *testing.T) {
	t.Setenv(PasswordVariable, "secret")
	for address, want := range map[string]client{
		"clickhouse://ch":                          {base: "http://ch:8123/", name: "ch/headcount", database: "headcount"},
		"clickhouse://ch?secure=true":              {base: "https://ch:8443/", name: "ch/headcount", database: "headcount"},
		"clickhouse://me@ch:81/other?secure=false": {base: "http://ch:81/", name: "ch:81/other", database: "other", user: "me"},
		"clickhouse://[::1]:8123/headcount":        {base: "http://[::1]:8123/", name: "[::1]:8123/headcount", database: "headcount"},
	} {
		c, err := parse(address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		if c.base != want.base || c.name != want.name || c.database != want.database || c.user != want.user || c.password != "secret" {
			t.Errorf("%s: got %+v, want %+v", address, *c, want)
		}
	}
}

func TestAddressIsRefused(t *testing.T) {
	for address, want := range map[string]string{
		"":                               "not an address",
		"ch:8123":                        "not an address",
		"http://ch:8123":                 "not an address",
		"clickhouse:///headcount":        "not an address",
		"clickhouse://me:hidden@ch":      PasswordVariable,
		"clickhouse://ch/a/b":            "names the database",
		"clickhouse://ch?secure=perhaps": "secure=perhaps",
		"clickhouse://ch?debug=1":        "debug=1",
	} {
		_, err := parse(address)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%q: got the error %v, want %q", address, err, want)
		}
	}
}
