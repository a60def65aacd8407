-- Views with a row per result over all runs: a table that gives a name or a text and nothing else is joined so that a query that does not
-- read it leaves it out; the newest scoring is marked; which answers have an odd length is kept for finished runs. No column changes.

ALTER TABLE eval.score ADD COLUMN superseded boolean DEFAULT false NOT NULL;
UPDATE eval.score AS s SET superseded = true
  FROM (SELECT job_id, max(id) AS newest FROM eval.score GROUP BY job_id HAVING count(*) > 1) AS n
 WHERE s.job_id = n.job_id AND s.id < n.newest;

-- One scoring of a job stands: the newest. The lock makes two that come at once wait for each other, and the later one see the earlier.
CREATE FUNCTION eval.supersede_scores() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM eval.generation WHERE job_id = NEW.job_id FOR NO KEY UPDATE;
    UPDATE eval.score SET superseded = true WHERE job_id = NEW.job_id AND id < NEW.id AND NOT superseded;
    NEW.superseded := EXISTS (SELECT FROM eval.score WHERE job_id = NEW.job_id AND id > NEW.id);
    RETURN NEW;
END $$;
CREATE TRIGGER supersede BEFORE INSERT ON eval.score FOR EACH ROW EXECUTE FUNCTION eval.supersede_scores();

-- What came in lately is found without reading all, by indexes of a few kB.
CREATE INDEX ix_generation_time ON eval.generation USING brin (created_at) WITH (autosummarize = on);
CREATE INDEX ix_score_time ON eval.score USING brin (created_at) WITH (autosummarize = on);

CREATE OR REPLACE VIEW analytics_v1.jobs AS
SELECT j.id AS job_id, j.run_id, r.name AS run, m.name AS model, p.name AS problem, p.category, j.prompt, j.repetition,
       j.mode, j.state, j.attempt_no AS attempts, j.failure_kind, j.error_class, j.error_message,
       j.created_at, j.finished_at, m.synthetic, j.boot_group, j.probe, j.judged_score_id, j.sampling - 'seed' AS sampling,
       j.problem_id, j.model_id
  FROM eval.job AS j
  JOIN eval.model AS m ON m.id = j.model_id
  LEFT JOIN eval.run AS r ON r.id = j.run_id
  LEFT JOIN eval.problem AS p ON p.id = j.problem_id
 WHERE NOT m.synthetic OR current_setting('evalctl.include_synthetic', true) = 'on';

CREATE OR REPLACE VIEW analytics_v1.attempts AS
SELECT a.job_id, a.attempt_no, j.run, j.model, j.problem, w.name AS worker, w.gpu_uuid, a.outcome, a.failure_kind,
       a.error_class, a.error_message, a.started_at, a.ended_at, j.run_id
  FROM eval.attempt AS a
  JOIN analytics_v1.jobs AS j ON j.job_id = a.job_id
  LEFT JOIN eval.worker AS w ON w.id = a.worker_id;

-- Answers of one text of alike should have one length, where they are greedy. Whether they are is not a condition, and all that must agree
-- is one text: the planner cannot estimate how many rows an expression leaves or how columns depend on each other.
CREATE VIEW eval.answer_length AS
SELECT x.id AS job_id, u.id AS run_id, g.output_tokens,
       coalesce((x.sampling ->> 'temperature')::double precision, 0) = 0
           AND x.sampling ->> 'fixed_output_tokens' IS NULL AND x.judged_score_id IS NULL AS greedy,
       concat_ws(' ', x.model_id, x.problem_id, b.config_hash, b.environment_hash, x.mode, x.prompt) COLLATE "C" AS alike
  FROM eval.run AS u
  JOIN eval.job AS x ON x.run_id = u.id
  JOIN eval.generation AS g ON g.job_id = x.id
  JOIN eval.boot AS b ON b.id = g.boot_id
 WHERE x.state = 'succeeded';

-- Kept of a finished run: the answers whose length is more than a tenth from the median of those alike. Most are not.
CREATE VIEW eval.live_length_outliers AS
SELECT a.job_id, a.run_id
  FROM eval.answer_length AS a
  JOIN (SELECT run_id, alike, percentile_cont(0.5) WITHIN GROUP (ORDER BY output_tokens::double precision) FILTER (WHERE greedy) AS middle
          FROM eval.answer_length
         GROUP BY run_id, alike
        HAVING count(*) FILTER (WHERE greedy) >= 3) AS l ON l.run_id = a.run_id AND l.alike = a.alike
 WHERE a.output_tokens NOT BETWEEN 0.9::double precision * l.middle AND 1.1::double precision * l.middle;
CREATE TABLE eval_kept.length_outliers (job_id bigint NOT NULL, run_id uuid NOT NULL, CONSTRAINT pk_length_outliers PRIMARY KEY (job_id));
CREATE INDEX ON eval_kept.length_outliers (run_id);
DELETE FROM eval.kept_run;

-- What 0024 made, with the lengths first: flags are made of them, and medians of what is not flagged.
CREATE OR REPLACE FUNCTION eval.keep_run(kept uuid) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
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
    -- Marked first, in this transaction alone: what is made of flags or of problem_scores then reads what was just kept of them.
    INSERT INTO eval.kept_run (run_id, synthetic) VALUES (kept, synthetic);
    FOR one IN SELECT relname FROM pg_class WHERE relnamespace = 'eval_kept'::regnamespace AND relkind = 'r'
                ORDER BY array_position(ARRAY['length_outliers', 'problem_scores', 'category_scores', 'prompt_uplift'], relname::text) LOOP
        EXECUTE format('DELETE FROM eval_kept.%I WHERE run_id = $1', one) USING kept;
        IF synthetic IS NOT NULL THEN
            EXECUTE format('INSERT INTO eval_kept.%I SELECT * FROM eval.%I WHERE run_id = $1', one, 'live_' || one) USING kept;
        END IF;
    END LOOP;
    RETURN synthetic IS NOT NULL;
END $$;

CREATE OR REPLACE VIEW analytics_v1.generations AS
SELECT g.job_id, g.attempt_no, j.run_id, r.name AS run, m.name AS model, p.name AS problem, p.category, j.prompt, j.repetition, j.mode,
       b.config_hash, b.environment_hash, b.engine_version,
       g.prompt_tokens, g.output_tokens, g.cached_tokens, g.finish_reason, g.queue_wait_s,
       CASE WHEN u.why IS NULL THEN (g.first_token_s - g.submitted_s) * 1000 END AS ttft_ms,
       (g.engine_first_token_s - g.engine_queued_s) * 1000 AS engine_ttft_ms,
       g.last_token_s - g.submitted_s AS e2e_s,
       CASE WHEN u.why IS DISTINCT FROM 'buffered' AND u.streamed > 1
            THEN (g.last_token_s - g.first_token_s) * 1000 / (u.streamed - 1) END AS tpot_ms,
       CASE WHEN u.why IS DISTINCT FROM 'hidden_reasoning' AND g.last_token_s > g.submitted_s
            THEN g.output_tokens / (g.last_token_s - g.submitted_s) END AS tokens_per_s,
       g.preemptions, g.memory_kind, g.need_mib, g.kv_used_mib,
       CASE WHEN t.kind = 'device' THEN t.peak_mib END AS nvml_peak_mib,
       CASE WHEN t.kind = 'host' THEN t.peak_mib END AS host_peak_mib,
       f.flags, g.prompt_hash, g.output_hash, g.sampling_hash, o.content AS output, g.created_at,
       g.boot_id, CASE WHEN u.why IS DISTINCT FROM 'buffered' THEN (g.first_answer_s - g.submitted_s) * 1000 END AS ttfo_ms, g.activation_run_mib, g.running_peak,
       g.sm_clock_mhz, g.temperature_c, g.power_w, g.clock_event_reasons, cardinality(f.flags) > 0 AS flagged,
       w.gpu_name,
       cardinality(u.spoilt) = 0 OR coalesce(current_setting('evalctl.include_flagged', true), '') = 'on' AS used,
       g.reasoning_tokens, g.hidden_tokens, g.untimed, g.served_model, w.name AS worker, j.problem_id, j.model_id
  FROM eval.generation AS g
  JOIN eval.job AS j ON j.id = g.job_id
  JOIN eval.model AS m ON m.id = j.model_id
  LEFT JOIN eval.run AS r ON r.id = j.run_id
  LEFT JOIN eval.problem AS p ON p.id = j.problem_id
  LEFT JOIN eval.boot AS b ON b.id = g.boot_id
  LEFT JOIN eval.worker AS w ON w.id = b.worker_id
  LEFT JOIN eval.text_blob AS o ON o.hash = g.output_text_hash
  LEFT JOIN eval.memory_trace AS t ON t.job_id = g.job_id
  -- All from here on is left out where flags are not read. The lengths of a run that is not kept are grouped by the run, so that a
  -- condition on run_id reaches the inside.
  LEFT JOIN eval.kept_run AS kr ON kr.run_id = j.run_id
  LEFT JOIN eval_kept.length_outliers AS odd ON odd.job_id = g.job_id
 CROSS JOIN LATERAL (
       SELECT CASE WHEN kr.synthetic IS NULL
                   THEN concat_ws(' ', j.model_id, j.problem_id, b.config_hash, b.environment_hash, j.mode, j.prompt) END COLLATE "C" AS alike) AS k
  LEFT JOIN (
       SELECT a.run_id, a.alike,
              percentile_cont(0.5) WITHIN GROUP (ORDER BY a.output_tokens::double precision) FILTER (WHERE a.greedy) AS output_tokens
         FROM eval.answer_length AS a
        WHERE NOT EXISTS (SELECT FROM eval.kept_run AS n WHERE n.run_id = a.run_id AND n.synthetic IS NOT NULL)
        GROUP BY a.run_id, a.alike
       HAVING count(*) FILTER (WHERE a.greedy) >= 3) AS l ON l.run_id = j.run_id AND l.alike = k.alike
 CROSS JOIN LATERAL (
       SELECT g.flags || CASE
              WHEN j.sampling ->> 'fixed_output_tokens' IS NOT NULL
              THEN CASE WHEN g.output_tokens <> (j.sampling ->> 'fixed_output_tokens')::bigint
                        THEN ARRAY['length_outlier'] ELSE ARRAY[]::text[] END
              WHEN m.engine <> 'openai' AND coalesce((j.sampling ->> 'temperature')::double precision, 0) = 0
                   AND CASE WHEN kr.synthetic IS NOT NULL THEN odd.job_id IS NOT NULL
                            ELSE g.output_tokens NOT BETWEEN 0.9::double precision * l.output_tokens AND 1.1::double precision * l.output_tokens END
              THEN ARRAY['length_outlier'] ELSE ARRAY[]::text[] END AS flags) AS f
 -- Two flags spoil no number that is shown: of a buffered answer the times that are not reported are NULL, and the other is about its end.
 CROSS JOIN LATERAL (
       SELECT g.untimed AS why, g.output_tokens - coalesce(g.hidden_tokens, 0) AS streamed,
              array_remove(array_remove(f.flags, 'buffered'), 'no_finish_reason') AS spoilt) AS u
 WHERE j.state = 'succeeded' AND j.problem_id IS NOT NULL
   AND (NOT m.synthetic OR current_setting('evalctl.include_synthetic', true) = 'on');

CREATE OR REPLACE VIEW analytics_v1.scores AS
SELECT j.job_id, j.run_id, j.run, j.model, j.problem, j.category, j.prompt, j.repetition, j.mode, c.id AS score_id, c.scorer_version,
       c.path_id AS path, c.steps_done, c.steps_total, c.score7, c.answer_correct, c.guess_suspected, c.created_at AS scored_at,
       coalesce(c.score7_high, c.score7) AS score7_high, c.steps_undetermined, c.coverage, j.sampling, j.problem_id, j.model_id
  FROM analytics_v1.jobs AS j
  JOIN eval.score AS c ON c.job_id = j.job_id AND NOT c.superseded
 WHERE j.state = 'succeeded';

-- Arrays are unnested beside the columns and not in FROM, where their elements would be stored first.
CREATE OR REPLACE VIEW analytics_v1.memory_samples AS
SELECT s.job_id, s.run, s.model, s.memory_kind, s.ordinal, s.begin_ms + (s.ordinal - 1) * s.period_ms AS since_submit_ms, s.used_mib, s.run_id
  FROM (SELECT t.job_id, r.name AS run, m.name AS model, t.kind AS memory_kind, (t.started_s - e.submitted_s) * 1000 AS begin_ms, t.period_ms,
               j.run_id, unnest(t.used_mib) AS used_mib, generate_subscripts(t.used_mib, 1)::bigint AS ordinal
          FROM eval.memory_trace AS t
          JOIN eval.job AS j ON j.id = t.job_id
          JOIN eval.model AS m ON m.id = j.model_id
          LEFT JOIN eval.run AS r ON r.id = j.run_id
          LEFT JOIN eval.generation AS e ON e.job_id = t.job_id
         WHERE j.state = 'succeeded' AND j.problem_id IS NOT NULL
           AND (NOT m.synthetic OR current_setting('evalctl.include_synthetic', true) = 'on')) AS s;

CREATE OR REPLACE VIEW analytics_v1.card_looks AS
SELECT t.job_id, r.name AS run, m.name AS model, l.ordinal, (l.at_s - e.submitted_s) * 1000 AS since_submit_ms,
       l.at_s BETWEEN e.first_token_s AND e.last_token_s AS counted,
       l.sm_clock_mhz, t.max_sm_clock_mhz, l.temperature_c, l.power_w, l.reasons AS clock_event_reasons, j.run_id
  FROM eval.memory_trace AS t
  JOIN eval.job AS j ON j.id = t.job_id
  JOIN eval.model AS m ON m.id = j.model_id
  LEFT JOIN eval.run AS r ON r.id = j.run_id
  LEFT JOIN eval.generation AS e ON e.job_id = t.job_id
 CROSS JOIN LATERAL unnest(t.look_at_s, t.look_sm_clock_mhz, t.look_temperature_c, t.look_power_w, t.look_reasons)
       WITH ORDINALITY AS l(at_s, sm_clock_mhz, temperature_c, power_w, reasons, ordinal)
 WHERE t.look_at_s IS NOT NULL AND j.state = 'succeeded' AND j.problem_id IS NOT NULL
   AND (NOT m.synthetic OR current_setting('evalctl.include_synthetic', true) = 'on');

-- How often each step was shown: counts instead of a row per result.
CREATE VIEW analytics_v1.step_counts AS
SELECT s.run_id, s.run, s.model, s.problem, s.category, s.prompt, s.path, v.ordinal, v.step, count(*) AS answers,
       count(*) FILTER (WHERE v.verdict = 'done') AS done, count(*) FILTER (WHERE v.verdict = 'present_invalid') AS present_invalid,
       count(*) FILTER (WHERE v.verdict = 'wrong') AS wrong, count(*) FILTER (WHERE v.verdict = 'missing') AS missing,
       count(*) FILTER (WHERE v.verdict IN ('undetermined', 'unclear')) AS undetermined
  FROM analytics_v1.scores AS s
  JOIN eval.step_verdict AS v ON v.score_id = s.score_id
 GROUP BY s.run_id, s.run, s.model, s.problem, s.category, s.prompt, s.path, v.ordinal, v.step;
COMMENT ON VIEW analytics_v1.step_counts IS 'How many answers show each step: a row per run, model, problem, prompt, path and step. Over all runs far quicker than step_verdicts.';
COMMENT ON COLUMN analytics_v1.step_counts.run_id IS 'The run.';
COMMENT ON COLUMN analytics_v1.step_counts.run IS 'Name of the run.';
COMMENT ON COLUMN analytics_v1.step_counts.model IS 'Name of the model.';
COMMENT ON COLUMN analytics_v1.step_counts.problem IS 'Name of the problem.';
COMMENT ON COLUMN analytics_v1.step_counts.category IS 'Category of the problem.';
COMMENT ON COLUMN analytics_v1.step_counts.prompt IS 'Prompt style.';
COMMENT ON COLUMN analytics_v1.step_counts.path IS 'The reference path that fits best; NULL: none does.';
COMMENT ON COLUMN analytics_v1.step_counts.ordinal IS 'Place of the step in the path, from 1.';
COMMENT ON COLUMN analytics_v1.step_counts.step IS 'Identifier of the step.';
COMMENT ON COLUMN analytics_v1.step_counts.answers IS 'Number of scored answers whose best path has this step.';
COMMENT ON COLUMN analytics_v1.step_counts.done IS 'Number of them that show the step.';
COMMENT ON COLUMN analytics_v1.step_counts.present_invalid IS 'Number of them that show it with a mistake.';
COMMENT ON COLUMN analytics_v1.step_counts.wrong IS 'Number of them that get it wrong.';
COMMENT ON COLUMN analytics_v1.step_counts.missing IS 'Number of them that do not show it.';
COMMENT ON COLUMN analytics_v1.step_counts.undetermined IS 'Number of them where the rules cannot decide.';
SELECT eval.keep_view('step_counts');
