// Package clickhouse reads reports from ClickHouse, and erases there. The
// same rules make the same answers of them as of an archive: see package
// figures.
//
// schema.sql.tmpl has the tables. Collectors insert points; views turn them
// into reports, one row for each installation, day and hour of arrival. What
// is split over two inserts, or delivered twice, is put together again by the
// largest value of each series, so the order of inserts plays no part.
package clickhouse
