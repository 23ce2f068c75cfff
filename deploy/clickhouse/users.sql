-- Roles with the least rights, for a ClickHouse server. They were parsed and not run: the engine of the tests has no users.
-- Make the users with passwords of your own, and grant each a role:
--
--   CREATE USER collector IDENTIFIED WITH sha256_password BY '…' DEFAULT ROLE headcount_ingest; GRANT headcount_ingest TO collector;
--
-- The views of schema.sql run with the rights of the user that made them, who keeps the right to read and write all tables
-- of the database headcount.

-- A Collector may put points in, and read nothing.
CREATE ROLE IF NOT EXISTS headcount_ingest;
GRANT INSERT ON headcount.otel_metrics_sum TO headcount_ingest;
GRANT INSERT ON headcount.otel_metrics_gauge TO headcount_ingest;

-- headcount report and headcount publish read, and change nothing.
CREATE ROLE IF NOT EXISTS headcount_answers SETTINGS readonly = 2;
GRANT SELECT ON headcount.catalog TO headcount_answers;
GRANT SELECT ON headcount.reports TO headcount_answers;
GRANT SELECT ON headcount.requests TO headcount_answers;
GRANT SELECT ON headcount.tombstones TO headcount_answers;
GRANT SELECT ON headcount.late TO headcount_answers;
GRANT SELECT ON headcount.refused TO headcount_answers;
GRANT SELECT ON headcount.bases TO headcount_answers;
GRANT SELECT ON headcount.sums TO headcount_answers;
GRANT SELECT ON headcount.states TO headcount_answers;

-- headcount erase and headcount prune.
CREATE ROLE IF NOT EXISTS headcount_erase;
GRANT SELECT ON headcount.catalog TO headcount_erase;
GRANT SELECT, ALTER DELETE, OPTIMIZE ON headcount.reports TO headcount_erase;
GRANT SELECT, ALTER DELETE ON headcount.installations TO headcount_erase;
GRANT SELECT, ALTER DELETE ON headcount.requests TO headcount_erase;
GRANT SELECT, INSERT ON headcount.tombstone_key TO headcount_erase;
GRANT SELECT, INSERT ON headcount.tombstones TO headcount_erase;
GRANT SELECT, INSERT ON headcount.late TO headcount_erase;
GRANT SELECT, INSERT ON headcount.receipts TO headcount_erase;
GRANT SELECT, INSERT ON headcount.bases TO headcount_erase;
GRANT SELECT, INSERT, ALTER DELETE ON headcount.sums TO headcount_erase;
GRANT SELECT, INSERT, ALTER DELETE ON headcount.states TO headcount_erase;
