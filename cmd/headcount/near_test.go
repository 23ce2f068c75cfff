package main

import "testing"

func TestDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"as-of", "as-of", 0}, {"asof", "as-of", 1}, {"window", "widnow", 2}, {"form", "from", 2}, {"kitten", "sitting", 3}} {
		if got := distance(test.a, test.b); got != test.want {
			t.Errorf("%q and %q: got %d, want %d", test.a, test.b, got, test.want)
		}
	}
}

func TestNearest(t *testing.T) {
	cmd := reportCommand()
	for name, want := range map[string]string{"asof": "as-of", "windwo": "window", "out": "output", "ou": "", "archiv": "archive", "frob": "", "x": "", "": "", "catalogs": "catalog"} {
		if got := nearest(cmd, name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}
