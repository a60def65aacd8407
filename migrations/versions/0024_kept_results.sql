-- Results of finished runs are kept beside the views that compute them: a view per run and problem is read, not computed again.

CREATE SCHEMA eval_kept;
COMMENT ON SCHEMA eval_kept IS 'Rows of views of analytics_v1, kept for finished runs; made by eval.keep_view, filled by eval.keep_run.';

CREATE TABLE eval.kept_run (
    run_id uuid NOT NULL,
    synthetic boolean,
    kept_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT pk_kept_run PRIMARY KEY (run_id),
    CONSTRAINT fk_kept_run_run_id FOREIGN KEY (run_id) REFERENCES eval.run (id) ON DELETE CASCADE
);

-- Keep what a view of analytics_v1 with the columns run_id and run finds. Its definition becomes that of eval.live_NAME; NAME itself reads
-- eval_kept.NAME for kept runs and eval.live_NAME, run by run, for the others. Called again after CREATE OR REPLACE VIEW analytics_v1.NAME,
-- which would else compute everything anew each time. Whatever was kept is forgotten. Flagged rows that a session includes are never kept.
CREATE FUNCTION eval.keep_view(name text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    body text := pg_get_viewdef(format('analytics_v1.%I', name)::regclass);
    columns text;
    computed text;
BEGIN
    IF strpos(body, 'eval_kept.') > 0 THEN
        RETURN;
    END IF;
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum),
           string_agg(CASE attname WHEN 'run_id' THEN 'u.id' WHEN 'run' THEN 'u.name' ELSE 'l.' || quote_ident(attname) END, ', ' ORDER BY attnum)
      INTO columns, computed
      FROM pg_attribute WHERE attrelid = format('analytics_v1.%I', name)::regclass AND attnum > 0 AND NOT attisdropped;
    EXECUTE format('CREATE OR REPLACE VIEW eval.%I AS %s', 'live_' || name, body);
    EXECUTE format('DROP TABLE IF EXISTS eval_kept.%I', name);
    EXECUTE format('CREATE TABLE eval_kept.%I AS SELECT * FROM eval.%I WITH NO DATA', name, 'live_' || name);
    EXECUTE format('CREATE INDEX ON eval_kept.%I (run_id)', name);
    EXECUTE format(
        'CREATE OR REPLACE VIEW analytics_v1.%1$I AS '
        'SELECT %2$s FROM eval_kept.%1$I '
        ' WHERE coalesce(current_setting(''evalctl.include_flagged'', true), '''') <> ''on'' '
        '   AND run_id IN (SELECT k.run_id FROM eval.kept_run AS k '
        '                   WHERE NOT k.synthetic OR current_setting(''evalctl.include_synthetic'', true) = ''on'' AND k.synthetic) '
        'UNION ALL '
        'SELECT %3$s FROM eval.run AS u '
        ' CROSS JOIN LATERAL (SELECT v.* FROM eval.%4$I AS v WHERE v.run_id = u.id OFFSET 0) AS l '
        ' WHERE current_setting(''evalctl.include_flagged'', true) = ''on'' '
        '    OR NOT EXISTS (SELECT FROM eval.kept_run AS k WHERE k.run_id = u.id AND k.synthetic IS NOT NULL)',
        name, columns, computed, 'live_' || name);
    DELETE FROM eval.kept_run;
END $$;

-- Keep the results of a run that has ended, and say whether they are kept. A run with synthetic models and others is computed each time,
-- since what it shows depends on the session. The lock is shared by all who change a run's results: none is under way, and later ones
-- wait and find what to forget.
CREATE FUNCTION eval.keep_run(kept uuid) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp SET evalctl.include_synthetic = 'on' SET evalctl.include_flagged = 'off' AS $$
DECLARE
    one text;
    synthetic boolean;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended(kept::text, 7)) THEN
        RETURN false;
    END IF;
    IF (SELECT coalesce(sum(open), 1) FROM eval.run_tally WHERE run_id = kept) <> 0 THEN
        RETURN false;
    END IF;
    SELECT CASE WHEN bool_or(m.synthetic) = bool_and(m.synthetic) THEN bool_or(m.synthetic) END INTO synthetic
      FROM (SELECT DISTINCT model_id FROM eval.job WHERE run_id = kept) AS j JOIN eval.model AS m ON m.id = j.model_id;
    DELETE FROM eval.kept_run WHERE run_id = kept;
    -- Marked first, in this transaction alone: what is made of problem_scores then reads what was just kept of it.
    INSERT INTO eval.kept_run (run_id, synthetic) VALUES (kept, synthetic);
    FOR one IN SELECT relname FROM pg_class WHERE relnamespace = 'eval_kept'::regnamespace AND relkind = 'r'
                ORDER BY array_position(ARRAY['problem_scores', 'category_scores', 'prompt_uplift'], relname::text) LOOP
        EXECUTE format('DELETE FROM eval_kept.%I WHERE run_id = $1', one) USING kept;
        IF synthetic IS NOT NULL THEN
            EXECUTE format('INSERT INTO eval_kept.%I SELECT * FROM eval.%I WHERE run_id = $1', one, 'live_' || one) USING kept;
        END IF;
    END LOOP;
    RETURN synthetic IS NOT NULL;
END $$;

CREATE FUNCTION eval.forget_run(changed uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended(changed::text, 7));
    DELETE FROM eval.kept_run WHERE run_id = changed;
END $$;

CREATE FUNCTION eval.forget_runs_of_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM eval.forget_run(run_id) FROM (SELECT DISTINCT run_id FROM changed) AS c;
    RETURN NULL;
END $$;
CREATE FUNCTION eval.forget_run_of_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM eval.forget_run(NEW.run_id);
    RETURN NULL;
END $$;
CREATE FUNCTION eval.forget_run_of_result() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM eval.forget_run(run_id) FROM eval.job WHERE id = NEW.job_id;
    RETURN NULL;
END $$;
CREATE TRIGGER forget_kept_new AFTER INSERT ON eval.job REFERENCING NEW TABLE AS changed
   FOR EACH STATEMENT EXECUTE FUNCTION eval.forget_runs_of_jobs();
CREATE TRIGGER forget_kept_gone AFTER DELETE ON eval.job REFERENCING OLD TABLE AS changed
   FOR EACH STATEMENT EXECUTE FUNCTION eval.forget_runs_of_jobs();
-- A run is kept only while none of its jobs is open, so the end of a job changes no kept run; reopening one does.
CREATE TRIGGER forget_kept_reopened AFTER UPDATE ON eval.job FOR EACH ROW
  WHEN (OLD.finished_at IS NOT NULL AND NEW.finished_at IS DISTINCT FROM OLD.finished_at) EXECUTE FUNCTION eval.forget_run_of_job();
CREATE TRIGGER forget_kept_scored AFTER INSERT OR UPDATE ON eval.score FOR EACH ROW EXECUTE FUNCTION eval.forget_run_of_result();
CREATE TRIGGER forget_kept_changed AFTER UPDATE ON eval.generation FOR EACH ROW
  WHEN (OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION eval.forget_run_of_result();

SELECT eval.keep_view(v.name)
  FROM unnest(ARRAY['problem_scores', 'category_scores', 'prompt_uplift', 'problem_resources', 'model_resources', 'unscored_answers',
                    'cache_checks']) AS v(name);
