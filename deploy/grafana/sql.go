package main

import (
	"fmt"
	"strings"

	"headcount.example/catalog"
)

// The questions are those of docs/analysts.md, as of the end of a day. Erased is
// in nothing: the rows of an installation that asks for it are left out until
// headcount erase removes them.
const (
	chosen = "toDate('${as_of}')"                                                  // the day that is chosen in the dashboard
	today  = "toDate(now('UTC'))"                                                  // for what has no such choice
	choice = "SELECT toString(" + today + " - number) AS day FROM numbers(1, 400)" // the first is the last complete day

	kept = `WITH {as_of} AS as_of,
kept AS (SELECT * FROM headcount.reports FINAL WHERE day <= as_of AND install_guid NOT IN (SELECT install_guid FROM headcount.requests))`

	installations = kept + `,
installation AS (
    SELECT install_guid, min(day) AS first_day, max(day) AS last_day, uniqExact(day) AS days,
        countIf(day > as_of - 28) > 0 AS in_window, countIf(day > as_of - 56 AND day <= as_of - 28) > 0 AS in_window_before
    FROM kept GROUP BY install_guid)
SELECT countIf(last_day = as_of) AS active_1d, countIf(last_day > as_of - 7) AS active_7d, countIf(last_day > as_of - 28) AS active_28d,
    countIf(first_day > as_of - 28) AS new_28d,
    countIf(in_window AND NOT in_window_before AND first_day <= as_of - 28) AS returned_28d,
    countIf(in_window_before AND NOT in_window) AS churned_28d,
    countIf(days = 1) AS seen_one_day, count() AS ever
FROM installation`

	// A day with a report counts from that day until the window ends or the
	// next report of the installation comes. Expanding each day 28 times would
	// give the same, and cost ten times as much.
	activity = kept + `,
spans AS (
    SELECT day, leadInFrame(day, 1, toDate('2149-06-06')) OVER (PARTITION BY install_guid ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS next
    FROM (SELECT DISTINCT install_guid, day FROM kept)),
steps AS (
    SELECT arrayJoin([(day, 1, 1, 1), (least(day + 1, next), -1, 0, 0), (least(day + 7, next), 0, -1, 0), (least(day + 28, next), 0, 0, -1)]) AS step FROM spans
    UNION ALL
    SELECT (toDate(arrayJoin(range(toUInt32(first), toUInt32(last) + 1))), 0, 0, 0) AS step FROM (SELECT min(day) AS first, any(as_of) AS last FROM kept HAVING count() > 0)),
days AS (SELECT step.1 AS day, sum(step.2) AS a, sum(step.3) AS b, sum(step.4) AS c FROM steps WHERE day <= as_of GROUP BY day)
SELECT day, sum(a) OVER (ORDER BY day) AS active_1d, sum(b) OVER (ORDER BY day) AS active_7d, sum(c) OVER (ORDER BY day) AS active_28d
FROM days ORDER BY day`

	growth = kept + `
SELECT first_day AS day, count() AS new FROM (SELECT min(day) AS first_day FROM kept GROUP BY install_guid)
GROUP BY day ORDER BY day`

	retention = kept + `,
weeks AS (SELECT DISTINCT install_guid, toMonday(day) AS week FROM kept),
cohorts AS (SELECT install_guid, min(week) AS first_week FROM weeks GROUP BY install_guid)
SELECT first_week AS week, intDiv(weeks.week - first_week, 7) AS weeks_later, count() AS installations
FROM weeks INNER JOIN cohorts ON weeks.install_guid = cohorts.install_guid
WHERE weeks.week + 6 <= as_of
GROUP BY first_week, weeks_later ORDER BY first_week, weeks_later`

	reports = kept + `
SELECT day, count() AS reports, count() - uniqExact(install_guid) AS duplicates
FROM kept WHERE day > as_of - 28 GROUP BY day ORDER BY day`

	state = kept + `
SELECT dateDiff('day', max(day), any(as_of)) AS age_days,
    (SELECT uniqExact(install_guid) FROM headcount.requests) AS pending_erasures,
    (SELECT uniqExact(hash) FROM headcount.tombstones) + pending_erasures AS erased,
    (SELECT count() FROM (SELECT DISTINCT day, report FROM headcount.late)) + (
        SELECT count() FROM (SELECT DISTINCT r.install_guid, r.day, r.hour FROM headcount.reports AS r
            INNER JOIN (SELECT install_guid, min(first) AS first FROM headcount.requests GROUP BY install_guid) AS q ON q.install_guid = r.install_guid
            WHERE toDateTime(r.day, 'UTC') + toIntervalHour(r.hour) > q.first)) AS late_erased
FROM kept`

	refused = `SELECT kind, sum(points) AS points FROM headcount.refused GROUP BY kind ORDER BY kind`

	// For alarms: one number, which is 0 or small where all is well.
	age     = `SELECT toInt64(` + today + ` - max(day)) AS days FROM headcount.reports`
	waiting = `SELECT uniqExactIf(install_guid, first < toDateTime(` + today + `, 'UTC') - toIntervalDay(2)) AS requests FROM headcount.requests`
	badDay  = `SELECT sum(points) AS points FROM headcount.refused WHERE day >= ` + today + ` - 1`
)

func asOf(sql, day string) string { return strings.ReplaceAll(sql, "{as_of}", day) }

// popularity has a row for each series of the counters.
func popularity(c *catalog.Catalog) string {
	var rows []string
	for _, d := range c.Metrics() {
		if d.Kind != catalog.KindCounter {
			continue
		}
		for _, s := range d.Series {
			n := series(d, s)
			rows = append(rows, fmt.Sprintf("        (%d, %s, greatest(max(%s), 0), greatest(maxIf(%[3]s, day <= as_of - 28), 0))", len(rows), text(n), column(n)))
		}
	}
	return kept + `,
totals AS (
    SELECT max(day) > as_of - 28 AS active, arrayJoin([
` + strings.Join(rows, ",\n") + `]) AS s
    FROM kept GROUP BY install_guid)
SELECT s.2 AS series, sum(s.3) AS total, sum(s.3 - s.4) AS new_28d, countIf(s.3 > 0) AS installations, countIf(s.3 > 0 AND active) AS active
FROM totals GROUP BY s.1, s.2 ORDER BY s.1`
}

// sizes has a row for each range of a range gauge. It looks at the newest
// report of an installation that has the gauge; a range that is not in it is 0.
func sizes(d catalog.Definition) string {
	var columns, ranges []string
	for _, s := range d.Series {
		columns = append(columns, column(series(d, s)))
		ranges = append(ranges, text(s.Values[0]))
	}
	list := strings.Join(columns, ", ")
	return kept + `,
newest AS (
    SELECT argMax([` + list + `], (day, hour)) AS numbers
    FROM kept WHERE day > as_of - 28 AND greatest(` + list + `) >= 0 GROUP BY install_guid)
SELECT range, sum(greatest(n, 0)) AS things, countIf(n > 0) AS installations
FROM newest ARRAY JOIN numbers AS n, [` + strings.Join(ranges, ", ") + `] AS range, arrayEnumerate(numbers) AS place
GROUP BY place, range ORDER BY place`
}

// zeroes is how many series of the counters are 0 for all installations.
func zeroes(c *catalog.Catalog) string {
	return "SELECT count() AS series FROM (" + popularity(c) + "\n) WHERE total = 0"
}

// series is the name of a series, and of its column.
func series(d catalog.Definition, s catalog.Series) string {
	if len(s.Values) == 0 {
		return d.Name
	}
	var labels []string
	for i, v := range s.Values {
		labels = append(labels, d.Attributes[i].Key+"="+v)
	}
	return d.Name + "{" + strings.Join(labels, ",") + "}"
}

func column(name string) string { return "`" + name + "`" }

func text(s string) string { return "'" + s + "'" }
