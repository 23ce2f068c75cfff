package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const line = `{"resourceMetrics":[{"resource":{"attributes":[{"key":"install_guid","value":{"stringValue":"g"}}]},` +
	`"scopeMetrics":[{"metrics":[{"name":"compreface.service.created","sum":{"dataPoints":[` +
	`{"timeUnixNano":"1615799791676000000","asInt":"2","attributes":[{"key":"t","value":{"stringValue":"FACE_DETECTION"}}]},` +
	`{"timeUnixNano":"1615799791676000000","asInt":"0","attributes":[{"key":"t","value":{"stringValue":"FACE_RECOGNITION"}}]}]}}]}]}]}`

func TestRows(t *testing.T) {
	for name, test := range map[string]struct {
		text  string
		rows  int
		fails bool
	}{
		"empty":             {"", 0, false},
		"one":               {line + "\n", 1, false},
		"two":               {line + "\n" + line + "\n", 2, false},
		"torn at the end":   {line + "\n" + line[:50], 1, false},
		"nothing whole yet": {line[:50], 0, false},
		"not JSON":          {"usage\n", 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "usage.jsonl")
			if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			rows, err := readRows(path)
			if len(rows) != test.rows || (err != nil) != test.fails {
				t.Fatalf("%d rows, %v", len(rows), err)
			}
			if len(rows) > 0 && rows[0].String() != `"2021-03-15 09:16:31.676","g","FACE_DETECTION_CREATE" × 2` {
				t.Errorf("row %s", rows[0])
			}
		})
	}
	if rows, err := readRows(filepath.Join(t.TempDir(), "none")); rows != nil || err != nil {
		t.Errorf("no file: %v, %v", rows, err)
	}
	if _, err := readRows(t.TempDir()); err == nil || !strings.Contains(err.Error(), "director") {
		t.Errorf("a directory: %v", err)
	}
}
