package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/alerting"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"

	"headcount.example/catalog"
)

// An alarm rings when its one number is above a limit.
type alarm struct {
	uid, title, sql string
	above           int
	summary         string
}

func alarms(c *catalog.Catalog) []alarm {
	return []alarm{
		{"headcount-nothing-arrives", "Nothing arrives", age, 2, "The newest report is more than two days old. Look at the Collectors and the way to them."},
		{"headcount-series-is-zero", "A series is 0 for all", asOf(zeroes(c), today+" - 1"), 0, "A counter of the list is 0 for all installations: does the product still count it?"},
		{"headcount-refused", "Points are refused", badDay, 100, "Points that are not as the list says came to the store: is the rendered list in use before it?"},
		{"headcount-erasure-waits", "A request to erase waits", waiting, 0, "A request to erase is older than two days: run headcount erase."},
	}
}

// The forms of the file that Grafana reads at its start. Package alerting has
// that of its HTTP interface, which differs; a query is the same in both.
type (
	alertFile struct {
		APIVersion int          `json:"apiVersion"`
		Groups     []alertGroup `json:"groups"`
	}
	alertGroup struct {
		OrgID    int         `json:"orgId"`
		Name     string      `json:"name"`
		Folder   string      `json:"folder"`
		Interval string      `json:"interval"`
		Rules    []alertRule `json:"rules"`
	}
	alertRule struct {
		UID         string                    `json:"uid"`
		Title       string                    `json:"title"`
		Condition   string                    `json:"condition"`
		Data        []alerting.Query          `json:"data"`
		NoData      alerting.RuleNoDataState  `json:"noDataState"`
		Err         alerting.RuleExecErrState `json:"execErrState"`
		For         string                    `json:"for"`
		Annotations map[string]string         `json:"annotations"`
	}
)

// alerts is the file of a catalog's alarms.
func alerts(c *catalog.Catalog) (alertFile, error) {
	group := alertGroup{OrgID: 1, Name: "headcount", Folder: "Headcount", Interval: "1h"}
	for _, a := range alarms(c) {
		number, err := alerting.NewQueryBuilder("A").DatasourceUid(sourceUID).RelativeTimeRange(86400, 0).Model(query(a.sql)).Build()
		if err != nil {
			return alertFile{}, err
		}
		limit, err := alerting.NewQueryBuilder("B").DatasourceUid("__expr__").RelativeTimeRange(86400, 0).
			Model(variants.NewUnknownDataqueryBuilderFromObject(variants.UnknownDataquery{
				"refId": "B", "type": "threshold", "expression": "A", "datasource": map[string]string{"type": "__expr__", "uid": "__expr__"},
				"conditions": []any{map[string]any{"evaluator": map[string]any{"type": "gt", "params": []int{a.above}}}},
			})).Build()
		if err != nil {
			return alertFile{}, err
		}
		group.Rules = append(group.Rules, alertRule{UID: a.uid, Title: a.title, Condition: "B", Data: []alerting.Query{number, limit},
			NoData: alerting.RuleNoDataStateAlerting, Err: alerting.RuleExecErrStateError, For: "1h", Annotations: map[string]string{"summary": a.summary}})
	}
	return alertFile{APIVersion: 1, Groups: []alertGroup{group}}, nil
}
