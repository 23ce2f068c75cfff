package main

import (
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// TestLicences: the licences of all modules in the command are in it, of the
// versions that it is built from.
func TestLicences(t *testing.T) {
	list := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{if not .Replace}}{{.Path}} {{.Version}}{{end}}{{end}}{{end}}", ".")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	modules := strings.Fields(strings.ReplaceAll(strings.TrimSpace(string(out)), " ", "@"))
	slices.Sort(modules)
	modules = slices.Compact(modules)
	if len(modules) < 10 {
		t.Fatalf("got %d modules on %s", len(modules), runtime.GOOS)
	}
	for _, m := range modules {
		path, version, _ := strings.Cut(m, "@")
		_, text, ok := strings.Cut(licences, "\n==== "+path+" "+version+"\n")
		text, _, _ = strings.Cut(text, "\n==== ")
		if !ok || len(text) < 200 {
			t.Errorf("no licence of %s %s: run scripts/licences", path, version)
		}
	}
	r := headcount("version", "--licences")
	if r.code != 0 || r.stdout != licences {
		t.Errorf("got exit code %d and %d bytes, want all %d", r.code, len(r.stdout), len(licences))
	}
}

// allowed are the licences that code in the command may have, by words that
// only they have. The code of the one under the MPL is used as it is.
var allowed = map[string]*regexp.Regexp{
	"Apache-2.0": regexp.MustCompile(`Apache License,? Version 2\.0`),
	"BSD":        regexp.MustCompile(`Redistribution and use in source and binary forms, with or without modification, are permitted provided that the following conditions are met`),
	"MIT":        regexp.MustCompile(`Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files`),
	"MPL-2.0":    regexp.MustCompile(`Mozilla Public License, version 2\.0`),
}

// refused are words of licences, and of additions to licences, that are not
// allowed. The MPL names the GNU licences in small letters.
var refused = regexp.MustCompile(`GNU (GENERAL|LESSER|LIBRARY|AFFERO)|under the terms of the GNU|Commons Clause|Server Side Public License|Business Source License|Elastic License|[Nn]on-?[Cc]ommercial|Creative Commons`)

// licenceOf names the allowed licences of a text; none if it has words of
// another one.
func licenceOf(text string) (names []string) {
	text = strings.Join(strings.Fields(text), " ")
	if refused.MatchString(text) {
		return nil
	}
	for name, words := range allowed {
		if words.MatchString(text) {
			names = append(names, name)
		}
	}
	return names
}

// TestLicencesAreAllowed: each module in the command has a licence of the list.
func TestLicencesAreAllowed(t *testing.T) {
	counts := map[string]int{}
	for i, part := range strings.Split(licences, "\n==== ") {
		module, text, _ := strings.Cut(part, "\n")
		if i == 0 {
			continue // what the file says of itself
		}
		names := licenceOf(text)
		if len(names) == 0 {
			t.Errorf("%s: its licence is not on the list of this test", module)
		}
		for _, name := range names {
			counts[name]++
		}
	}
	for name := range allowed {
		if counts[name] == 0 {
			t.Errorf("no module has the licence %s: take it from the list", name)
		}
	}
	t.Log(counts)
}

// The check above can fail.
func TestLicenceOf(t *testing.T) {
	const mit = "Permission is hereby granted, free of charge, to any person\nobtaining a copy of this software and associated documentation files (the"
	for text, want := range map[string]int{
		"Apache License\n   Version 2.0, January 2004": 1, mit: 1,
		"GNU GENERAL PUBLIC LICENSE Version 3": 0, "You may do what you like.": 0, "": 0,
		mit + "\nThe Software is provided under the Commons Clause":            0,
		mit + "\nfor non-commercial use only":                                  0,
		"see under the terms of the GNU Lesser General Public License. " + mit: 0,
	} {
		if got := licenceOf(text); len(got) != want {
			t.Errorf("%.60q: got %q, want %d of the list", text, got, want)
		}
	}
}
