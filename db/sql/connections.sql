-- Connections and sessions, whatever they are used for.

-- name: ping
SELECT 1;

-- name: server_version
SELECT current_setting('server_version') AS version;

-- name: lift_statement_timeout
-- For a transaction that may touch every job of a run of millions.
SET LOCAL statement_timeout = 0;

-- name: writable
-- Whether the server is a standby, or takes no writes for another reason.
SELECT pg_is_in_recovery() AS recovering,
       current_setting('transaction_read_only')::boolean AS read_only;

-- name: process
-- The server's process behind this connection; a pooler gives its clients another number.
SELECT pg_backend_pid();

-- name: settle
-- Settings until the end of the transaction, for a connection whose session keeps none.
SELECT set_config(key, value, true) FROM jsonb_each_text(%(settings)s);
