-- How far the schema has been migrated.

-- name: has_revision
SELECT to_regclass('eval.alembic_version') IS NOT NULL AS found;

-- name: revision
SELECT max(version_num) AS revision FROM eval.alembic_version;
