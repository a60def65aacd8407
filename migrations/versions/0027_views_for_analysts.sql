-- What analysts had to fetch elsewhere: problems, steps and models as views, the state, settings and schedule of runs, who made an answer.
-- Columns are only appended.

-- The state is that of evalctl status, from the tallies. Groups by run, so that they are left out where nothing of them is read.
CREATE OR REPLACE VIEW analytics_v1.runs AS
SELECT r.id AS run_id, r.name AS run, r.mode, r.experiment ->> 'language' AS language,
       r.experiment ->> 'problems' AS problem_set, r.ordinal, r.created_at, r.cancelled_at, r.paused_at,
       CASE WHEN r.cancelled_at IS NOT NULL AND coalesce(t.open, 0) = 0 THEN 'cancelled'
            WHEN r.paused_at IS NOT NULL AND t.open > 0 THEN 'paused'
            WHEN t.open > 0 AND t.open = t.jobs AND w.run_id IS NULL THEN 'queued'
            WHEN t.open > 0 THEN 'running'
            WHEN t.failed > 0 THEN 'failed'
            ELSE 'succeeded' END AS state,
       r.experiment AS settings, l.schedule
  FROM eval.run AS r
  LEFT JOIN (
       SELECT run_id, sum(open) AS open, sum(failed + dead) AS failed, sum(open + succeeded + failed + dead + cancelled) AS jobs
         FROM eval.run_tally GROUP BY run_id) AS t ON t.run_id = r.id
  LEFT JOIN (SELECT run_id FROM eval.job WHERE state = 'running' GROUP BY run_id) AS w ON w.run_id = r.id
  LEFT JOIN (
       SELECT s.run_id, min(c.name) AS schedule
         FROM eval.schedule_slot AS s
         JOIN eval.schedule AS c ON c.id = s.schedule_id
        GROUP BY s.run_id) AS l ON l.run_id = r.id;
COMMENT ON COLUMN analytics_v1.runs.state IS 'queued, running, paused, succeeded, failed (a job failed or is dead) or cancelled, as evalctl status says.';
COMMENT ON COLUMN analytics_v1.runs.settings IS 'What was submitted last: models, prompts, repetitions, sampling, seed and what else the experiment says; of a probe, a judging or an import what that says.';
COMMENT ON COLUMN analytics_v1.runs.schedule IS 'Name of the schedule that the run was submitted for; NULL: for none, or for one that was deleted.';

CREATE OR REPLACE VIEW analytics_v1.jobs AS
SELECT j.id AS job_id, j.run_id, r.name AS run, m.name AS model, p.name AS problem, p.category, j.prompt, j.repetition,
       j.mode, j.state, j.attempt_no AS attempts, j.failure_kind, j.error_class, j.error_message,
       j.created_at, j.finished_at, m.synthetic, j.boot_group, j.probe, j.judged_score_id, j.sampling - 'seed' AS sampling,
       j.problem_id, j.model_id
  FROM eval.job AS j
  JOIN eval.run AS r ON r.id = j.run_id
  JOIN eval.model AS m ON m.id = j.model_id
  LEFT JOIN eval.problem AS p ON p.id = j.problem_id
 WHERE NOT m.synthetic OR current_setting('evalctl.include_synthetic', true) = 'on';
COMMENT ON COLUMN analytics_v1.jobs.problem_id IS 'The problem as it was submitted, see problems; NULL for a probe.';
COMMENT ON COLUMN analytics_v1.jobs.model_id IS 'The model as it was submitted, see models.';

CREATE OR REPLACE VIEW analytics_v1.attempts AS
SELECT a.job_id, a.attempt_no, j.run, j.model, j.problem, w.name AS worker, w.gpu_uuid, a.outcome, a.failure_kind,
       a.error_class, a.error_message, a.started_at, a.ended_at, j.run_id
  FROM eval.attempt AS a
  JOIN analytics_v1.jobs AS j ON j.job_id = a.job_id
  JOIN eval.worker AS w ON w.id = a.worker_id;
COMMENT ON COLUMN analytics_v1.attempts.run_id IS 'The run.';

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
  JOIN eval.run AS r ON r.id = j.run_id
  JOIN eval.model AS m ON m.id = j.model_id
  JOIN eval.problem AS p ON p.id = j.problem_id
  JOIN eval.boot AS b ON b.id = g.boot_id
  LEFT JOIN eval.worker AS w ON w.id = b.worker_id
  LEFT JOIN eval.text_blob AS o ON o.hash = g.output_text_hash
  LEFT JOIN eval.memory_trace AS t ON t.job_id = g.job_id
  -- Grouped by the run, so that a condition on run_id reaches the inside; omitted where flags are not read. Whether a job is greedy
  -- is not a condition, and all that must agree is one text: the planner cannot estimate how many rows an expression leaves or how
  -- columns depend on each other, and a plan made for a wrong estimate takes minutes.
 CROSS JOIN LATERAL (
       SELECT concat_ws(' ', j.model_id, j.problem_id, b.config_hash, b.environment_hash, j.mode, j.prompt) COLLATE "C" AS alike) AS k
  LEFT JOIN (
       SELECT lj.run_id, lj.alike,
              percentile_cont(0.5) WITHIN GROUP (ORDER BY lj.output_tokens::double precision) FILTER (WHERE lj.greedy) AS output_tokens
         FROM (SELECT x.run_id, lg.output_tokens,
                      coalesce((x.sampling ->> 'temperature')::double precision, 0) = 0
                          AND x.sampling ->> 'fixed_output_tokens' IS NULL AND x.judged_score_id IS NULL AS greedy,
                      concat_ws(' ', x.model_id, x.problem_id, lb.config_hash, lb.environment_hash, x.mode, x.prompt) COLLATE "C" AS alike
                 FROM eval.job AS x
                 JOIN eval.generation AS lg ON lg.job_id = x.id
                 JOIN eval.boot AS lb ON lb.id = lg.boot_id
                WHERE x.state = 'succeeded') AS lj
        GROUP BY lj.run_id, lj.alike
       HAVING count(*) FILTER (WHERE lj.greedy) >= 3) AS l ON l.run_id = j.run_id AND l.alike = k.alike
 CROSS JOIN LATERAL (
       SELECT g.flags || CASE
              WHEN j.sampling ->> 'fixed_output_tokens' IS NOT NULL
              THEN CASE WHEN g.output_tokens <> (j.sampling ->> 'fixed_output_tokens')::bigint
                        THEN ARRAY['length_outlier'] ELSE ARRAY[]::text[] END
              WHEN m.engine <> 'openai' AND coalesce((j.sampling ->> 'temperature')::double precision, 0) = 0
                   AND g.output_tokens NOT BETWEEN 0.9::double precision * l.output_tokens AND 1.1::double precision * l.output_tokens
              THEN ARRAY['length_outlier'] ELSE ARRAY[]::text[] END AS flags) AS f
 -- Two flags spoil no number that is shown: of a buffered answer the times that are not reported are NULL, and the other is about its end.
 CROSS JOIN LATERAL (
       SELECT g.untimed AS why, g.output_tokens - coalesce(g.hidden_tokens, 0) AS streamed,
              array_remove(array_remove(f.flags, 'buffered'), 'no_finish_reason') AS spoilt) AS u
 WHERE j.state = 'succeeded' AND (NOT m.synthetic OR current_setting('evalctl.include_synthetic', true) = 'on');
COMMENT ON COLUMN analytics_v1.generations.worker IS 'Host, device and pid of the worker that made it; of an imported answer those of the import.';
COMMENT ON COLUMN analytics_v1.generations.problem_id IS 'The problem as it was submitted, see problems.';
COMMENT ON COLUMN analytics_v1.generations.model_id IS 'The model as it was submitted, see models.';

CREATE OR REPLACE VIEW analytics_v1.scores AS
SELECT j.job_id, j.run_id, j.run, j.model, j.problem, j.category, j.prompt, j.repetition, j.mode, s.score_id, s.scorer_version,
       s.path, s.steps_done, s.steps_total, s.score7, s.answer_correct, s.guess_suspected, s.scored_at,
       s.score7_high, s.steps_undetermined, s.coverage, j.sampling, j.problem_id, j.model_id
  FROM analytics_v1.jobs AS j
  JOIN LATERAL (
       SELECT c.job_id, c.id AS score_id, c.scorer_version, c.path_id AS path, c.steps_done, c.steps_total, c.score7,
              c.answer_correct, c.guess_suspected, c.created_at AS scored_at, coalesce(c.score7_high, c.score7) AS score7_high,
              c.steps_undetermined, c.coverage
         FROM eval.score AS c WHERE c.job_id = j.job_id ORDER BY c.id DESC LIMIT 1) AS s ON true
 WHERE j.state = 'succeeded';
COMMENT ON COLUMN analytics_v1.scores.problem_id IS 'The problem as it was submitted, see problems.';
COMMENT ON COLUMN analytics_v1.scores.model_id IS 'The model as it was submitted, see models.';

CREATE OR REPLACE VIEW analytics_v1.step_verdicts AS
SELECT s.job_id, s.run, s.model, s.problem, s.repetition, v.ordinal, v.step, v.verdict, v.evidence, v.evidence_start,
       v.evidence_end, v.reason, s.run_id, s.problem_id, s.path
  FROM analytics_v1.scores AS s
  JOIN eval.step_verdict AS v ON v.score_id = s.score_id;
COMMENT ON COLUMN analytics_v1.step_verdicts.run_id IS 'The run.';
COMMENT ON COLUMN analytics_v1.step_verdicts.problem_id IS 'The problem as it was submitted, see problems; with path and step it names a row of steps.';
COMMENT ON COLUMN analytics_v1.step_verdicts.path IS 'The reference path that fits best.';

CREATE OR REPLACE VIEW analytics_v1.memory_samples AS
SELECT g.job_id, g.run, g.model, t.kind AS memory_kind, s.ordinal,
       (t.started_s - e.submitted_s) * 1000 + (s.ordinal - 1) * t.period_ms AS since_submit_ms, s.used_mib, g.run_id
  FROM analytics_v1.generations AS g
  JOIN eval.generation AS e ON e.job_id = g.job_id
  JOIN eval.memory_trace AS t ON t.job_id = g.job_id
 CROSS JOIN LATERAL unnest(t.used_mib) WITH ORDINALITY AS s(used_mib, ordinal);
COMMENT ON COLUMN analytics_v1.memory_samples.run_id IS 'The run.';

CREATE OR REPLACE VIEW analytics_v1.card_looks AS
SELECT g.job_id, g.run, g.model, l.ordinal, (l.at_s - e.submitted_s) * 1000 AS since_submit_ms,
       l.at_s BETWEEN e.first_token_s AND e.last_token_s AS counted,
       l.sm_clock_mhz, t.max_sm_clock_mhz, l.temperature_c, l.power_w, l.reasons AS clock_event_reasons, g.run_id
  FROM analytics_v1.generations AS g
  JOIN eval.generation AS e ON e.job_id = g.job_id
  JOIN eval.memory_trace AS t ON t.job_id = g.job_id
 CROSS JOIN LATERAL unnest(t.look_at_s, t.look_sm_clock_mhz, t.look_temperature_c, t.look_power_w, t.look_reasons)
       WITH ORDINALITY AS l(at_s, sm_clock_mhz, temperature_c, power_w, reasons, ordinal);
COMMENT ON COLUMN analytics_v1.card_looks.run_id IS 'The run.';

CREATE VIEW analytics_v1.problems AS
SELECT p.id AS problem_id, p.name AS problem, p.category, (p.document ->> 'difficulty')::bigint AS difficulty,
       ARRAY(SELECT t.topic #>> '{}' FROM jsonb_path_query(p.document, '$.topics[*]') AS t(topic)) AS topics,
       p.document #>> '{problem,en}' AS statement_en, p.document #>> '{problem,zh}' AS statement_zh,
       p.document #>> '{answer,any_of,0}' AS answer, p.document #>> '{answer,kind}' AS answer_kind,
       p.document #>> '{answer,unit}' AS answer_unit, p.content_hash, p.created_at
  FROM eval.problem AS p;
COMMENT ON VIEW analytics_v1.problems IS 'One row per problem as it was submitted; a problem that was changed since has another row of the same name.';
COMMENT ON COLUMN analytics_v1.problems.problem_id IS 'Identifier of the problem with this content.';
COMMENT ON COLUMN analytics_v1.problems.problem IS 'Name of the problem, e.g. sec-symmetric-01.';
COMMENT ON COLUMN analytics_v1.problems.category IS 'secondary, university or modelling.';
COMMENT ON COLUMN analytics_v1.problems.difficulty IS 'How hard it is within its category as its author sees it, from 1 to 5.';
COMMENT ON COLUMN analytics_v1.problems.topics IS 'Topics, as its author names them.';
COMMENT ON COLUMN analytics_v1.problems.statement_en IS 'The statement in English; NULL where there is none.';
COMMENT ON COLUMN analytics_v1.problems.statement_zh IS 'The statement in Chinese; NULL where there is none.';
COMMENT ON COLUMN analytics_v1.problems.answer IS 'The final answer in the first of the forms that are accepted; NULL for a proof.';
COMMENT ON COLUMN analytics_v1.problems.answer_kind IS 'value, expr, relation, set, interval, choice, proof or rubric.';
COMMENT ON COLUMN analytics_v1.problems.answer_unit IS 'Unit of the final answer; NULL where it has none.';
COMMENT ON COLUMN analytics_v1.problems.content_hash IS 'SHA-256 of the whole problem: statement, answer, paths and solutions.';
COMMENT ON COLUMN analytics_v1.problems.created_at IS 'When it was first submitted.';

CREATE VIEW analytics_v1.steps AS
SELECT p.id AS problem_id, p.name AS problem, a.path ->> 'id' AS path, o.ordinal, o.step ->> 'id' AS step,
       o.step #>> '{describe,en}' AS description_en, o.step #>> '{describe,zh}' AS description_zh,
       coalesce((o.step ->> 'necessary')::boolean, true) AS necessary, coalesce((o.step ->> 'weight')::double precision, 1) AS weight
  FROM eval.problem AS p
 CROSS JOIN LATERAL jsonb_path_query(p.document, '$.paths[*]') AS a(path)
 CROSS JOIN LATERAL jsonb_path_query(a.path, '$.steps[*]') WITH ORDINALITY AS o(step, ordinal);
COMMENT ON VIEW analytics_v1.steps IS 'One row per step of each reference path of each problem as it was submitted.';
COMMENT ON COLUMN analytics_v1.steps.problem_id IS 'The problem, see problems.';
COMMENT ON COLUMN analytics_v1.steps.problem IS 'Name of the problem.';
COMMENT ON COLUMN analytics_v1.steps.path IS 'The reference path.';
COMMENT ON COLUMN analytics_v1.steps.ordinal IS 'Place of the step in the path, from 1.';
COMMENT ON COLUMN analytics_v1.steps.step IS 'Identifier of the step.';
COMMENT ON COLUMN analytics_v1.steps.description_en IS 'What the step asks for, in English; NULL where there is none.';
COMMENT ON COLUMN analytics_v1.steps.description_zh IS 'What the step asks for, in Chinese; NULL where there is none.';
COMMENT ON COLUMN analytics_v1.steps.necessary IS 'Whether the step counts in the score.';
COMMENT ON COLUMN analytics_v1.steps.weight IS 'Weight of the step in the score, without a unit.';

-- Secrets are not stored in options; what an older version may have stored is masked: every header, and texts under the name of a secret.
CREATE VIEW analytics_v1.models AS
SELECT m.id AS model_id, m.name AS model, m.engine, m.spec ->> 'source' AS source, m.spec ->> 'revision' AS revision,
       m.spec ->> 'quantisation' AS quantisation,
       CASE WHEN jsonb_typeof(o.options -> 'headers') = 'object'
            THEN o.options || jsonb_build_object('headers', (
                 SELECT coalesce(jsonb_object_agg(h.name, '***'), '{}') FROM jsonb_object_keys(o.options -> 'headers') AS h(name)))
            ELSE o.options END AS options,
       m.price_per_gpu_hour, m.spec_hash, m.created_at, m.synthetic
  FROM eval.model AS m
 CROSS JOIN LATERAL (
       SELECT regexp_replace(coalesce(m.spec -> 'options', '{}')::text,
              '("([^"]*(api[_-]?key|secret|password|passwd|credential)s?|([^"]*[_-])?token)"): "([^"\\]|\\.)*"', '\1: "***"', 'gi')::jsonb AS options) AS o
 WHERE NOT m.synthetic OR current_setting('evalctl.include_synthetic', true) = 'on';
COMMENT ON VIEW analytics_v1.models IS 'One row per model as it was registered when jobs were submitted; a model whose settings were changed since has another row of the same name.';
COMMENT ON COLUMN analytics_v1.models.model_id IS 'Identifier of the model with these settings.';
COMMENT ON COLUMN analytics_v1.models.model IS 'Name of the model in the registry.';
COMMENT ON COLUMN analytics_v1.models.engine IS 'vllm, openai (any server with that interface), replay (written answers), synthetic, or imported.';
COMMENT ON COLUMN analytics_v1.models.source IS 'Where the weights are from: a folder or the id on a hub; of a server the name that it knows the model by.';
COMMENT ON COLUMN analytics_v1.models.revision IS 'Revision of the weights; NULL: whichever is newest.';
COMMENT ON COLUMN analytics_v1.models.quantisation IS 'How the weights are quantised, as registered; NULL where it is not said.';
COMMENT ON COLUMN analytics_v1.models.options IS 'Options of the engine or server by name, as registered; values of headers are shown as ***.';
COMMENT ON COLUMN analytics_v1.models.price_per_gpu_hour IS 'Price of one hour of a GPU, in the unit of money that the registry is written in; NULL where it is not said.';
COMMENT ON COLUMN analytics_v1.models.spec_hash IS 'SHA-256 of everything that decides what is run; neither price nor limits of a server are part of it.';
COMMENT ON COLUMN analytics_v1.models.created_at IS 'When it was first submitted.';
COMMENT ON COLUMN analytics_v1.models.synthetic IS 'Whether it is synthetic: its text and numbers are simulated.';
