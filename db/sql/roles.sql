-- The roles beside the owner. {group} and {role} are replaced by quoted names of roles, which
-- cannot be parameters. Default privileges reach the tables and views that later migrations of the
-- same owner make.

-- name: owns_schema
-- Whether the connected role acts for the owner of the schema; no row where there is no schema.
SELECT pg_has_role(nspowner, 'USAGE') AS owned FROM pg_namespace WHERE nspname = 'eval';

-- name: group_roles
SELECT rolname AS role FROM pg_roles WHERE rolname IN ('evalctl_analyst', 'evalctl_writer');

-- name: is_superuser
SELECT rolsuper AS superuser FROM pg_roles WHERE rolname = %(role)s;

-- name: login_roles
SELECT rolname AS role FROM pg_roles WHERE rolcanlogin ORDER BY rolname;

-- name: create_group
DO $$ BEGIN CREATE ROLE {group} NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;

-- name: evalctl_analyst
GRANT USAGE ON SCHEMA analytics_v1 TO evalctl_analyst;
GRANT SELECT ON ALL TABLES IN SCHEMA analytics_v1 TO evalctl_analyst;
ALTER DEFAULT PRIVILEGES IN SCHEMA analytics_v1 GRANT SELECT ON TABLES TO evalctl_analyst;

-- name: evalctl_writer
-- A writer deletes rows only where they are used up, or are the user's to remove.
GRANT USAGE ON SCHEMA eval, analytics_v1 TO evalctl_writer;
GRANT SELECT ON ALL TABLES IN SCHEMA eval, analytics_v1 TO evalctl_writer;
GRANT INSERT, UPDATE ON ALL TABLES IN SCHEMA eval TO evalctl_writer;
REVOKE INSERT, UPDATE ON eval.alembic_version FROM evalctl_writer;
ALTER DEFAULT PRIVILEGES IN SCHEMA eval GRANT SELECT, INSERT, UPDATE ON TABLES TO evalctl_writer;
ALTER DEFAULT PRIVILEGES IN SCHEMA analytics_v1 GRANT SELECT ON TABLES TO evalctl_writer;
DO $$ DECLARE one text; BEGIN
    FOREACH one IN ARRAY ARRAY['outbox', 'run_tally', 'schedule'] LOOP
        IF to_regclass('eval.' || one) IS NOT NULL THEN
            EXECUTE format('GRANT DELETE ON eval.%%I TO evalctl_writer', one);
        END IF;
    END LOOP;
END $$;

-- name: join_evalctl_analyst
-- Settings of a group role are not inherited at login, so they go to the login role itself.
GRANT evalctl_analyst TO {role};
ALTER ROLE {role} SET statement_timeout = '60s';
ALTER ROLE {role} SET default_transaction_read_only = on;
ALTER ROLE {role} SET search_path = analytics_v1;

-- name: join_evalctl_writer
GRANT evalctl_writer TO {role};
