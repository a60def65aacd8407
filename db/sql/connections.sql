-- Connections and sessions, whatever they are used for.

-- name: ping
SELECT 1;

-- name: server_version
SELECT current_setting('server_version') AS version;

-- name: lift_statement_timeout
-- For a transaction that may touch every job of a run of millions.
SET LOCAL statement_timeout = 0;
