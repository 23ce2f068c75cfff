// Grafana renders the dashboards and alarms for Grafana from a catalog, into
// the working directory. Their questions are for the tables of
// deploy/clickhouse.
//
//	go run .
//
// For a catalog of your own, import it here in the place of compreface.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"headcount.example/catalog"
	"headcount.example/catalog/compreface"
)

func main() {
	list, err := files(compreface.Catalog)
	for name, text := range list {
		if err == nil {
			err = os.WriteFile(name, text, 0o644)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "grafana:", err)
		os.Exit(1)
	}
}

// files are the rendered files of a catalog, by their paths.
func files(c *catalog.Catalog) (map[string][]byte, error) {
	rendered := map[string]any{}
	boards, err := dashboards(c)
	if err != nil {
		return nil, err
	}
	for name, d := range boards {
		rendered[filepath.Join("dashboards", name)] = d
	}
	if rendered[filepath.Join("provisioning", "alerting", "headcount.json")], err = alerts(c); err != nil {
		return nil, err
	}
	list := map[string][]byte{}
	for name, v := range rendered {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(v); err != nil {
			return nil, err
		}
		list[name] = b.Bytes()
	}
	return list, nil
}
