-- Tables of ClickHouse for the usage statistics of CompreFace. Rendered from the catalog, notice 1.
-- Do not edit: headcount tables --catalog … renders it, for your catalog too. It can be run again, also after a change of
-- the catalog: a new statistic adds a column.
--
-- otel_metrics_* keep nothing (engine Null). Their views turn what a Collector inserts into points, and points into rows
-- of the tables that keep. A row whose install_guid is no UUID of version 4 is counted and kept out: it does not stop the insert.
-- What was delivered twice is kept once.

CREATE DATABASE IF NOT EXISTS headcount;

-- Which keyed hashes are of erased installations. The key is made by the first headcount erase.
CREATE TABLE IF NOT EXISTS headcount.tombstone_key (k0 UInt64, k1 UInt64) ENGINE = MergeTree ORDER BY tuple();
CREATE TABLE IF NOT EXISTS headcount.tombstones (hash FixedString(16)) ENGINE = ReplacingMergeTree ORDER BY hash;

-- The list that the tables were made for. The newest row counts.
CREATE TABLE IF NOT EXISTS headcount.catalog (notice UInt32, list String) ENGINE = ReplacingMergeTree ORDER BY notice;
INSERT INTO headcount.catalog SELECT 1, '{"product":"CompreFace","notice":1,"max":1000000000000,"about":{"recipient":"Exadel","purpose":"To understand which features should be added to CompreFace and how it can be improved: which services are popular, how large face collections are, and how many installations are in use.","report_days":30,"figure_days":400,"erasure_days":30,"contact":"compreface.support@exadel.com","policy":"https://exadel.com/privacy-policy"},"metrics":[{"name":"compreface.user.created","kind":"counter","unit":"{user}","title":"Users created","description":"A user was created.","question":"How many people use CompreFace on an ongoing basis?"},{"name":"compreface.application.created","kind":"counter","unit":"{application}","title":"Applications created","description":"An application was created.","question":"How many applications does an installation serve?"},{"name":"compreface.service.created","kind":"counter","unit":"{service}","title":"Services created","description":"A service was created, by type.","question":"Which types of service are popular?","attributes":[{"key":"compreface.service.type","values":["FACE_DETECTION","FACE_RECOGNITION","FACE_VERIFICATION"]}]},{"name":"compreface.collection.count","kind":"range_gauge","unit":"{collection}","title":"Face collections by size","description":"Face collections, by the range their number of saved faces falls in.","question":"How many faces are usually saved in a collection?","attributes":[{"key":"compreface.faces.range","values":["0","1-10","11-50","51-200","201-500","501-2000","2001-10000","10001-50000","50001-200000","200001-1000000","1000001+"]}]}],"series":[{"metric":0},{"metric":1},{"metric":2,"values":["FACE_DETECTION"]},{"metric":2,"values":["FACE_RECOGNITION"]},{"metric":2,"values":["FACE_VERIFICATION"]},{"metric":3,"values":["0"]},{"metric":3,"values":["1-10"]},{"metric":3,"values":["11-50"]},{"metric":3,"values":["51-200"]},{"metric":3,"values":["201-500"]},{"metric":3,"values":["501-2000"]},{"metric":3,"values":["2001-10000"]},{"metric":3,"values":["10001-50000"]},{"metric":3,"values":["50001-200000"]},{"metric":3,"values":["200001-1000000"]},{"metric":3,"values":["1000001+"]}]}';

CREATE TABLE IF NOT EXISTS headcount.otel_metrics_sum (
    ResourceAttributes Map(LowCardinality(String), String), ResourceSchemaUrl String, ScopeName String, ScopeVersion String,
    ScopeAttributes Map(LowCardinality(String), String), ScopeDroppedAttrCount UInt32, ScopeSchemaUrl String,
    ServiceName LowCardinality(String), MetricName LowCardinality(String), MetricDescription String, MetricUnit String,
    Attributes Map(LowCardinality(String), String), StartTimeUnix DateTime, TimeUnix DateTime, Value Float64, Flags UInt32,
    Exemplars Nested (FilteredAttributes Map(LowCardinality(String), String), TimeUnix DateTime, Value Float64, SpanId String, TraceId String),
    AggregationTemporality Int32, IsMonotonic Bool
) ENGINE = Null;

CREATE TABLE IF NOT EXISTS headcount.otel_metrics_gauge (
    ResourceAttributes Map(LowCardinality(String), String), ResourceSchemaUrl String, ScopeName String, ScopeVersion String,
    ScopeAttributes Map(LowCardinality(String), String), ScopeDroppedAttrCount UInt32, ScopeSchemaUrl String,
    ServiceName LowCardinality(String), MetricName LowCardinality(String), MetricDescription String, MetricUnit String,
    Attributes Map(LowCardinality(String), String), StartTimeUnix DateTime, TimeUnix DateTime, Value Float64, Flags UInt32,
    Exemplars Nested (FilteredAttributes Map(LowCardinality(String), String), TimeUnix DateTime, Value Float64, SpanId String, TraceId String)
) ENGINE = Null;

-- A row is one point. refused says why it is kept out, and is empty where it is not.
CREATE TABLE IF NOT EXISTS headcount.points (
    install_guid UUID, day Date, hour UInt8, metric LowCardinality(String), labels Map(LowCardinality(String), String),
    value Int64, refused LowCardinality(String), erased Bool, report UInt64
) ENGINE = Null;

CREATE MATERIALIZED VIEW IF NOT EXISTS headcount.points_of_sum TO headcount.points AS

WITH (SELECT any(k0), any(k1) FROM headcount.tombstone_key) AS key, ResourceAttributes['install_guid'] AS guid
SELECT ifNull(toUUIDOrNull(guid), toUUID('00000000-0000-0000-0000-000000000000')) AS install_guid,
    toDate(TimeUnix, 'UTC') AS day, toHour(StartTimeUnix, 'UTC') AS hour, MetricName AS metric, Attributes AS labels,
    if(Value >= 0 AND Value <= 1000000000000, toInt64(Value), -1) AS value,
    multiIf(toUUIDOrNull(guid) IS NULL OR NOT match(guid, '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'), 'bad_install_guid',
        value < 0, 'absurd_value', day < '2020-01-01' OR day > '2099-12-31', 'wrong_day', '') AS refused,
    sipHash128Keyed(key, install_guid) IN (SELECT hash FROM headcount.tombstones) AS erased,
    sipHash64Keyed(key, install_guid, day, hour) AS report
FROM headcount.otel_metrics_sum;
ALTER TABLE headcount.points_of_sum MODIFY QUERY

WITH (SELECT any(k0), any(k1) FROM headcount.tombstone_key) AS key, ResourceAttributes['install_guid'] AS guid
SELECT ifNull(toUUIDOrNull(guid), toUUID('00000000-0000-0000-0000-000000000000')) AS install_guid,
    toDate(TimeUnix, 'UTC') AS day, toHour(StartTimeUnix, 'UTC') AS hour, MetricName AS metric, Attributes AS labels,
    if(Value >= 0 AND Value <= 1000000000000, toInt64(Value), -1) AS value,
    multiIf(toUUIDOrNull(guid) IS NULL OR NOT match(guid, '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'), 'bad_install_guid',
        value < 0, 'absurd_value', day < '2020-01-01' OR day > '2099-12-31', 'wrong_day', '') AS refused,
    sipHash128Keyed(key, install_guid) IN (SELECT hash FROM headcount.tombstones) AS erased,
    sipHash64Keyed(key, install_guid, day, hour) AS report
FROM headcount.otel_metrics_sum;

CREATE MATERIALIZED VIEW IF NOT EXISTS headcount.points_of_gauge TO headcount.points AS

WITH (SELECT any(k0), any(k1) FROM headcount.tombstone_key) AS key, ResourceAttributes['install_guid'] AS guid
SELECT ifNull(toUUIDOrNull(guid), toUUID('00000000-0000-0000-0000-000000000000')) AS install_guid,
    toDate(TimeUnix, 'UTC') AS day, toHour(StartTimeUnix, 'UTC') AS hour, MetricName AS metric, Attributes AS labels,
    if(Value >= 0 AND Value <= 1000000000000, toInt64(Value), -1) AS value,
    multiIf(toUUIDOrNull(guid) IS NULL OR NOT match(guid, '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'), 'bad_install_guid',
        value < 0, 'absurd_value', day < '2020-01-01' OR day > '2099-12-31', 'wrong_day', '') AS refused,
    sipHash128Keyed(key, install_guid) IN (SELECT hash FROM headcount.tombstones) AS erased,
    sipHash64Keyed(key, install_guid, day, hour) AS report
FROM headcount.otel_metrics_gauge;
ALTER TABLE headcount.points_of_gauge MODIFY QUERY

WITH (SELECT any(k0), any(k1) FROM headcount.tombstone_key) AS key, ResourceAttributes['install_guid'] AS guid
SELECT ifNull(toUUIDOrNull(guid), toUUID('00000000-0000-0000-0000-000000000000')) AS install_guid,
    toDate(TimeUnix, 'UTC') AS day, toHour(StartTimeUnix, 'UTC') AS hour, MetricName AS metric, Attributes AS labels,
    if(Value >= 0 AND Value <= 1000000000000, toInt64(Value), -1) AS value,
    multiIf(toUUIDOrNull(guid) IS NULL OR NOT match(guid, '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'), 'bad_install_guid',
        value < 0, 'absurd_value', day < '2020-01-01' OR day > '2099-12-31', 'wrong_day', '') AS refused,
    sipHash128Keyed(key, install_guid) IN (SELECT hash FROM headcount.tombstones) AS erased,
    sipHash64Keyed(key, install_guid, day, hour) AS report
FROM headcount.otel_metrics_gauge;

-- A row is one report: an installation, the day and the hour in which it arrived, and its values. -1: not in the report.
-- The hour tells two reports of a day apart.
-- It is a figure of a single installation, which the notice promises to keep for 400 days at most. headcount prune removes
-- it earlier, and keeps the sums; TTL removes it where headcount prune does not run.
CREATE TABLE IF NOT EXISTS headcount.reports (
    install_guid UUID CODEC(ZSTD(1)), day Date CODEC(Delta, ZSTD(1)), hour UInt8 CODEC(ZSTD(1))
) ENGINE = AggregatingMergeTree PARTITION BY toYYYYMM(day) ORDER BY (install_guid, day, hour)
SETTINGS old_parts_lifetime = 1;

ALTER TABLE headcount.reports ADD COLUMN IF NOT EXISTS `compreface.user.created` SimpleAggregateFunction(max, Int64) DEFAULT -1 CODEC(Delta, ZSTD(1));
ALTER TABLE headcount.reports ADD COLUMN IF NOT EXISTS `compreface.application.created` SimpleAggregateFunction(max, Int64) DEFAULT -1 CODEC(Delta, ZSTD(1));
ALTER TABLE headcount.reports ADD COLUMN IF NOT EXISTS `compreface.service.created{compreface.service.type=FACE_DETECTION}` SimpleAggregateFunction(max, Int64) DEFAULT -1 CODEC(Delta, ZSTD(1));
ALTER TABLE headcount.reports ADD COLUMN IF NOT EXISTS `compreface.service.created{compreface.service.type=FACE_RECOGNITION}` SimpleAggregateFunction(max, Int64) DEFAULT -1 CODEC(Delta, ZSTD(1));
ALTER TABLE headcount.reports ADD COLUMN IF NOT EXISTS `compreface.service.created{compreface.service.type=FACE_VERIFICATION}` SimpleAggregateFunction(max, Int64) DEFAULT -1 CODEC(Delta, ZSTD(1));
ALTER TABLE headcount.reports ADD COLUMN IF NOT EXISTS `compreface.collection.count{compreface.faces.range=0}` SimpleAggregateFunction(max, Int64) DEFAULT -1 CODEC(Delta, ZSTD(1));
ALTER TABLE headcount.reports ADD COLUMN IF NOT EXISTS `compreface.collection.count{compreface.faces.range=1-10}` SimpleAggregateFunction(max, Int64) DEFAULT -1 CODEC(Delta, ZSTD(1));
ALTER TABLE headcount.reports ADD COLUMN IF NOT EXISTS `compreface.collection.count{compreface.faces.range=11-50}` SimpleAggregateFunction(max, Int64) DEFAULT -1 CODEC(Delta, ZSTD(1));
ALTER TABLE headcount.reports ADD COLUMN IF NOT EXISTS `compreface.collection.count{compreface.faces.range=51-200}` SimpleAggregateFunction(max, Int64) DEFAULT -1 CODEC(Delta, ZSTD(1));
ALTER TABLE headcount.reports ADD COLUMN IF NOT EXISTS `compreface.collection.count{compreface.faces.range=201-500}` SimpleAggregateFunction(max, Int64) DEFAULT -1 CODEC(Delta, ZSTD(1));
ALTER TABLE headcount.reports ADD COLUMN IF NOT EXISTS `compreface.collection.count{compreface.faces.range=501-2000}` SimpleAggregateFunction(max, Int64) DEFAULT -1 CODEC(Delta, ZSTD(1));
ALTER TABLE headcount.reports ADD COLUMN IF NOT EXISTS `compreface.collection.count{compreface.faces.range=2001-10000}` SimpleAggregateFunction(max, Int64) DEFAULT -1 CODEC(Delta, ZSTD(1));
ALTER TABLE headcount.reports ADD COLUMN IF NOT EXISTS `compreface.collection.count{compreface.faces.range=10001-50000}` SimpleAggregateFunction(max, Int64) DEFAULT -1 CODEC(Delta, ZSTD(1));
ALTER TABLE headcount.reports ADD COLUMN IF NOT EXISTS `compreface.collection.count{compreface.faces.range=50001-200000}` SimpleAggregateFunction(max, Int64) DEFAULT -1 CODEC(Delta, ZSTD(1));
ALTER TABLE headcount.reports ADD COLUMN IF NOT EXISTS `compreface.collection.count{compreface.faces.range=200001-1000000}` SimpleAggregateFunction(max, Int64) DEFAULT -1 CODEC(Delta, ZSTD(1));
ALTER TABLE headcount.reports ADD COLUMN IF NOT EXISTS `compreface.collection.count{compreface.faces.range=1000001+}` SimpleAggregateFunction(max, Int64) DEFAULT -1 CODEC(Delta, ZSTD(1));
ALTER TABLE headcount.reports MODIFY TTL day + toIntervalDay(400);

CREATE MATERIALIZED VIEW IF NOT EXISTS headcount.reports_of_points TO headcount.reports AS

SELECT install_guid, day, hour,
    ifNull(maxOrNullIf(value, metric = 'compreface.user.created'), -1) AS `compreface.user.created`,
    ifNull(maxOrNullIf(value, metric = 'compreface.application.created'), -1) AS `compreface.application.created`,
    ifNull(maxOrNullIf(value, metric = 'compreface.service.created' AND labels['compreface.service.type'] = 'FACE_DETECTION'), -1) AS `compreface.service.created{compreface.service.type=FACE_DETECTION}`,
    ifNull(maxOrNullIf(value, metric = 'compreface.service.created' AND labels['compreface.service.type'] = 'FACE_RECOGNITION'), -1) AS `compreface.service.created{compreface.service.type=FACE_RECOGNITION}`,
    ifNull(maxOrNullIf(value, metric = 'compreface.service.created' AND labels['compreface.service.type'] = 'FACE_VERIFICATION'), -1) AS `compreface.service.created{compreface.service.type=FACE_VERIFICATION}`,
    ifNull(maxOrNullIf(value, metric = 'compreface.collection.count' AND labels['compreface.faces.range'] = '0'), -1) AS `compreface.collection.count{compreface.faces.range=0}`,
    ifNull(maxOrNullIf(value, metric = 'compreface.collection.count' AND labels['compreface.faces.range'] = '1-10'), -1) AS `compreface.collection.count{compreface.faces.range=1-10}`,
    ifNull(maxOrNullIf(value, metric = 'compreface.collection.count' AND labels['compreface.faces.range'] = '11-50'), -1) AS `compreface.collection.count{compreface.faces.range=11-50}`,
    ifNull(maxOrNullIf(value, metric = 'compreface.collection.count' AND labels['compreface.faces.range'] = '51-200'), -1) AS `compreface.collection.count{compreface.faces.range=51-200}`,
    ifNull(maxOrNullIf(value, metric = 'compreface.collection.count' AND labels['compreface.faces.range'] = '201-500'), -1) AS `compreface.collection.count{compreface.faces.range=201-500}`,
    ifNull(maxOrNullIf(value, metric = 'compreface.collection.count' AND labels['compreface.faces.range'] = '501-2000'), -1) AS `compreface.collection.count{compreface.faces.range=501-2000}`,
    ifNull(maxOrNullIf(value, metric = 'compreface.collection.count' AND labels['compreface.faces.range'] = '2001-10000'), -1) AS `compreface.collection.count{compreface.faces.range=2001-10000}`,
    ifNull(maxOrNullIf(value, metric = 'compreface.collection.count' AND labels['compreface.faces.range'] = '10001-50000'), -1) AS `compreface.collection.count{compreface.faces.range=10001-50000}`,
    ifNull(maxOrNullIf(value, metric = 'compreface.collection.count' AND labels['compreface.faces.range'] = '50001-200000'), -1) AS `compreface.collection.count{compreface.faces.range=50001-200000}`,
    ifNull(maxOrNullIf(value, metric = 'compreface.collection.count' AND labels['compreface.faces.range'] = '200001-1000000'), -1) AS `compreface.collection.count{compreface.faces.range=200001-1000000}`,
    ifNull(maxOrNullIf(value, metric = 'compreface.collection.count' AND labels['compreface.faces.range'] = '1000001+'), -1) AS `compreface.collection.count{compreface.faces.range=1000001+}`
FROM headcount.points WHERE refused = '' AND NOT erased AND metric != 'headcount.erasure.requested'
GROUP BY install_guid, day, hour;
ALTER TABLE headcount.reports_of_points MODIFY QUERY

SELECT install_guid, day, hour,
    ifNull(maxOrNullIf(value, metric = 'compreface.user.created'), -1) AS `compreface.user.created`,
    ifNull(maxOrNullIf(value, metric = 'compreface.application.created'), -1) AS `compreface.application.created`,
    ifNull(maxOrNullIf(value, metric = 'compreface.service.created' AND labels['compreface.service.type'] = 'FACE_DETECTION'), -1) AS `compreface.service.created{compreface.service.type=FACE_DETECTION}`,
    ifNull(maxOrNullIf(value, metric = 'compreface.service.created' AND labels['compreface.service.type'] = 'FACE_RECOGNITION'), -1) AS `compreface.service.created{compreface.service.type=FACE_RECOGNITION}`,
    ifNull(maxOrNullIf(value, metric = 'compreface.service.created' AND labels['compreface.service.type'] = 'FACE_VERIFICATION'), -1) AS `compreface.service.created{compreface.service.type=FACE_VERIFICATION}`,
    ifNull(maxOrNullIf(value, metric = 'compreface.collection.count' AND labels['compreface.faces.range'] = '0'), -1) AS `compreface.collection.count{compreface.faces.range=0}`,
    ifNull(maxOrNullIf(value, metric = 'compreface.collection.count' AND labels['compreface.faces.range'] = '1-10'), -1) AS `compreface.collection.count{compreface.faces.range=1-10}`,
    ifNull(maxOrNullIf(value, metric = 'compreface.collection.count' AND labels['compreface.faces.range'] = '11-50'), -1) AS `compreface.collection.count{compreface.faces.range=11-50}`,
    ifNull(maxOrNullIf(value, metric = 'compreface.collection.count' AND labels['compreface.faces.range'] = '51-200'), -1) AS `compreface.collection.count{compreface.faces.range=51-200}`,
    ifNull(maxOrNullIf(value, metric = 'compreface.collection.count' AND labels['compreface.faces.range'] = '201-500'), -1) AS `compreface.collection.count{compreface.faces.range=201-500}`,
    ifNull(maxOrNullIf(value, metric = 'compreface.collection.count' AND labels['compreface.faces.range'] = '501-2000'), -1) AS `compreface.collection.count{compreface.faces.range=501-2000}`,
    ifNull(maxOrNullIf(value, metric = 'compreface.collection.count' AND labels['compreface.faces.range'] = '2001-10000'), -1) AS `compreface.collection.count{compreface.faces.range=2001-10000}`,
    ifNull(maxOrNullIf(value, metric = 'compreface.collection.count' AND labels['compreface.faces.range'] = '10001-50000'), -1) AS `compreface.collection.count{compreface.faces.range=10001-50000}`,
    ifNull(maxOrNullIf(value, metric = 'compreface.collection.count' AND labels['compreface.faces.range'] = '50001-200000'), -1) AS `compreface.collection.count{compreface.faces.range=50001-200000}`,
    ifNull(maxOrNullIf(value, metric = 'compreface.collection.count' AND labels['compreface.faces.range'] = '200001-1000000'), -1) AS `compreface.collection.count{compreface.faces.range=200001-1000000}`,
    ifNull(maxOrNullIf(value, metric = 'compreface.collection.count' AND labels['compreface.faces.range'] = '1000001+'), -1) AS `compreface.collection.count{compreface.faces.range=1000001+}`
FROM headcount.points WHERE refused = '' AND NOT erased AND metric != 'headcount.erasure.requested'
GROUP BY install_guid, day, hour;

-- A row is one installation and month: which days it reported on. Bit 0 is the first day.
CREATE TABLE IF NOT EXISTS headcount.installations (
    install_guid UUID, month Date, active_mask SimpleAggregateFunction(groupBitOr, UInt32)
) ENGINE = AggregatingMergeTree PARTITION BY toYYYYMM(month) ORDER BY (install_guid, month)
SETTINGS old_parts_lifetime = 1;
ALTER TABLE headcount.installations MODIFY TTL month + toIntervalDay(400);
CREATE MATERIALIZED VIEW IF NOT EXISTS headcount.installations_of_points TO headcount.installations AS
SELECT install_guid, toStartOfMonth(day) AS month, groupBitOr(bitShiftLeft(toUInt32(1), toDayOfMonth(day) - 1)) AS active_mask
FROM headcount.points WHERE refused = '' AND NOT erased AND metric != 'headcount.erasure.requested'
GROUP BY install_guid, month;

-- Requests to erase that headcount erase has not carried out. The first one of an installation counts.
CREATE TABLE IF NOT EXISTS headcount.requests (
    install_guid UUID, first SimpleAggregateFunction(min, DateTime('UTC'))
) ENGINE = AggregatingMergeTree ORDER BY install_guid
SETTINGS old_parts_lifetime = 1;
CREATE MATERIALIZED VIEW IF NOT EXISTS headcount.requests_of_points TO headcount.requests AS
SELECT install_guid, min(toDateTime(day, 'UTC') + toIntervalHour(hour)) AS first
FROM headcount.points WHERE refused = '' AND NOT erased AND metric = 'headcount.erasure.requested'
GROUP BY install_guid;

-- Reports of erased installations that were kept out. They are counted, by a keyed hash of the report.
CREATE TABLE IF NOT EXISTS headcount.late (day Date, report UInt64) ENGINE = ReplacingMergeTree ORDER BY (day, report);
CREATE MATERIALIZED VIEW IF NOT EXISTS headcount.late_of_points TO headcount.late AS
SELECT day, report FROM headcount.points WHERE refused = '' AND erased AND metric != 'headcount.erasure.requested'
GROUP BY day, report;

-- Points that were refused, by kind.
CREATE TABLE IF NOT EXISTS headcount.refused (day Date, kind LowCardinality(String), points UInt64) ENGINE = SummingMergeTree ORDER BY (day, kind);
CREATE MATERIALIZED VIEW IF NOT EXISTS headcount.refused_of_points TO headcount.refused AS
SELECT day, refused AS kind, count() AS points FROM headcount.points WHERE refused != ''
GROUP BY day, kind;

-- What headcount prune makes of the reports before a day, so that they need not be read again: the sums of each month, and
-- what is known of each installation by that day. Where pruned is true, these reports are gone.
CREATE TABLE IF NOT EXISTS headcount.bases (number UInt32, first Date, pruned Bool, mark String) ENGINE = MergeTree ORDER BY number;
CREATE TABLE IF NOT EXISTS headcount.sums (base UInt32, month Date, tables String CODEC(ZSTD(1))) ENGINE = MergeTree ORDER BY (base, month)
SETTINGS old_parts_lifetime = 1;
CREATE TABLE IF NOT EXISTS headcount.states (
    base UInt32, first Date, install_guid UUID CODEC(ZSTD(1)), state String CODEC(ZSTD(1))
) ENGINE = MergeTree ORDER BY (base, install_guid)
SETTINGS old_parts_lifetime = 1;
ALTER TABLE headcount.states MODIFY TTL first + toIntervalDay(400);

-- What headcount erase did: no identifier, and nothing made from one.
CREATE TABLE IF NOT EXISTS headcount.receipts (number UInt32, receipt String) ENGINE = ReplacingMergeTree ORDER BY number;
