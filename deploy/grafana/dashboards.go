//lint:file-ignore SA1019 the form that Grafana 12 reads from files; the newer one is for later versions

package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/barchart"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"

	"headcount.example/catalog"
)

// The data source of provisioning/datasources.
const (
	plugin    = "grafana-clickhouse-datasource"
	sourceUID = "headcount"
)

var source = common.DataSourceRef{Type: cog.ToPtr(plugin), Uid: cog.ToPtr(sourceUID)}

// query is a question for the data source, whose answer is a table.
func query(sql string) *variants.UnknownDataqueryBuilder {
	return variants.NewUnknownDataqueryBuilderFromObject(variants.UnknownDataquery{
		"refId": "A", "datasource": source, "editorType": "sql", "queryType": "table", "format": 1, "rawSql": sql,
	})
}

// begin makes a dashboard with the choice of a day.
func begin(uid, title, description string) *dashboard.DashboardBuilder {
	return dashboard.NewDashboardBuilder(title).Uid(uid).Description(description).Tags([]string{"headcount"}).
		Timezone("utc").Time("now-180d", "now").Readonly().
		WithVariable(dashboard.NewQueryVariableBuilder("as_of").Label("As of the end of").
			Datasource(source).Query(dashboard.StringOrMap{String: cog.ToPtr(choice)}).
			Refresh(dashboard.VariableRefreshOnDashboardLoad).Sort(dashboard.VariableSortDisabled))
}

// plainTable is a table without a footer. Its reducer is never used, and the
// SDK wants one.
func plainTable() *table.PanelBuilder {
	return table.NewPanelBuilder().Footer(common.NewTableFooterOptionsBuilder().Show(false).Reducer([]string{}))
}

// dashboards are the dashboards of a catalog, by the names of their files.
func dashboards(c *catalog.Catalog) (map[string]dashboard.Dashboard, error) {
	product := c.Product()
	people := begin("headcount-installations", product+": installations", "Installations that opted in. docs/analysts.md says what each figure means.").
		WithPanel(stat.NewPanelBuilder().Title("Installations").Description("As of the day, and in the 28 days to it.").
			Datasource(source).Height(4).Span(24).WithTarget(query(asOf(installations, chosen)))).
		WithPanel(timeseries.NewPanelBuilder().Title("Active installations").Description("In the 1, 7 and 28 days to each day.").
			Datasource(source).Min(0).Height(9).Span(12).WithTarget(query(asOf(activity, chosen)))).
		WithPanel(timeseries.NewPanelBuilder().Title("Growth").Description("Installations whose first report came on the day.").
			Datasource(source).Min(0).DrawStyle(common.GraphDrawStyleBars).FillOpacity(60).Height(9).Span(12).WithTarget(query(asOf(growth, chosen)))).
		WithPanel(plainTable().Title("Popularity").Description("What was created or done: totals, of it new in 28 days, and by how many installations.").
			Datasource(source).Height(9).Span(12).WithTarget(query(asOf(popularity(c), chosen))))
	for _, d := range c.Metrics() {
		if d.Kind == catalog.KindRangeGauge {
			people.WithPanel(barchart.NewPanelBuilder().Title("Sizes: " + d.Title).Description("From the newest report of each installation in the 28 days.").
				Datasource(source).Min(0).XField("range").Height(9).Span(12).WithTarget(query(asOf(sizes(d), chosen))))
		}
	}
	people.WithPanel(plainTable().Title("Retention").Description("Installations by the week of their first report, and how many reported so many weeks later.").
		Datasource(source).Height(10).Span(24).WithTarget(query(asOf(retention, chosen))).
		WithTransformation(dashboard.DataTransformerConfig{Id: "groupingToMatrix", Options: map[string]any{
			"rowField": "week", "columnField": "weeks_later", "valueField": "installations", "emptyValue": "null"}}))

	health := begin("headcount-pipeline", product+": pipeline", "Whether reports arrive, and what was refused.").
		WithPanel(stat.NewPanelBuilder().Title("State").Description("Days since the newest report; erasures.").
			Datasource(source).Height(4).Span(24).WithTarget(query(asOf(state, chosen)))).
		WithPanel(timeseries.NewPanelBuilder().Title("Reports a day").Description("Duplicates: of them, those of an installation that had one on the day.").
			Datasource(source).Min(0).DrawStyle(common.GraphDrawStyleBars).FillOpacity(60).Height(9).Span(12).WithTarget(query(asOf(reports, chosen)))).
		WithPanel(plainTable().Title("Refused").Description("Points that are not as the list says, by kind. A Collector with the rendered list lets none of them through.").
			Datasource(source).Height(9).Span(12).WithTarget(query(refused)))

	list := map[string]dashboard.Dashboard{}
	for name, b := range map[string]*dashboard.DashboardBuilder{"installations.json": people, "pipeline.json": health} {
		built, err := b.Build()
		if err != nil {
			return nil, err
		}
		list[name] = built
	}
	return list, nil
}
