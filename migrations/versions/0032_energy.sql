-- Readings of energy at both ends of a request, and the power of an engine that has nothing to do.

ALTER TABLE eval.generation ADD COLUMN energy_begin_j double precision,
    ADD COLUMN energy_end_j double precision,
    ADD COLUMN energy_method text,
    ADD CONSTRAINT ck_generation_energy CHECK (
        num_nonnulls(energy_begin_j, energy_end_j, energy_method) IN (0, 3)
        AND energy_method IN ('counter', 'power') AND energy_end_j >= energy_begin_j);
ALTER TABLE eval.boot ADD COLUMN idle_power_w double precision, ADD COLUMN idle_power_method text;
-- All requests that shared an engine, whichever their runs.
CREATE INDEX ix_generation_energy ON eval.generation (boot_id) WHERE energy_method IS NOT NULL;

-- The readings of an engine start lie on one scale, so what requests took together is the length of what their ranges cover: time
-- beside each other counts once. Groups by run, so that a condition on run_id reaches the inside; what an engine served in throughput
-- mode is read whole, since requests of another run shared it as well.
CREATE VIEW analytics_v1.answer_energy AS
SELECT g.job_id, j.run_id, r.name AS run, m.name AS model, p.name AS problem, p.category, j.prompt, j.repetition, j.mode,
       b.config_hash, b.environment_hash, w.gpu_name, g.energy_method AS method,
       CASE WHEN y.why IS NULL THEN CASE j.mode WHEN 'throughput' THEN 'tokens' ELSE 'alone' END END AS shared_by,
       e.joules,
       CASE WHEN g.output_tokens > 0 THEN e.joules / g.output_tokens END AS joules_per_token,
       CASE WHEN s.steps_done > 0 THEN e.joules / s.steps_done END AS joules_per_step,
       s.steps_done, g.output_tokens, e.engine_s, b.idle_power_w,
       CASE WHEN b.idle_power_w * e.engine_s IS NOT NULL THEN greatest(0, e.joules - b.idle_power_w * e.engine_s) END AS joules_above_idle,
       y.why AS unknown_because, used.used
  FROM eval.generation AS g
  JOIN eval.job AS j ON j.id = g.job_id
  JOIN eval.run AS r ON r.id = j.run_id
  JOIN eval.model AS m ON m.id = j.model_id
  JOIN eval.problem AS p ON p.id = j.problem_id
  JOIN eval.boot AS b ON b.id = g.boot_id
  LEFT JOIN eval.worker AS w ON w.id = b.worker_id
  LEFT JOIN LATERAL (
       SELECT c.steps_done FROM eval.score AS c WHERE c.job_id = g.job_id ORDER BY c.id DESC LIMIT 1) AS s ON true
  LEFT JOIN (
       SELECT x.run_id, x.boot_id, t.joules, t.busy_s, t.tokens
         FROM (SELECT xj.run_id, xg.boot_id
                 FROM eval.job AS xj
                 JOIN eval.generation AS xg ON xg.job_id = xj.id
                WHERE xj.mode = 'throughput' AND xj.state = 'succeeded' AND xg.energy_method IS NOT NULL
                GROUP BY xj.run_id, xg.boot_id) AS x
        CROSS JOIN LATERAL (
              SELECT (SELECT sum(upper(o) - lower(o)) FROM unnest(range_agg(numrange(og.energy_begin_j::numeric, og.energy_end_j::numeric))) AS o) AS joules,
                     (SELECT sum(upper(o) - lower(o)) FROM unnest(range_agg(numrange(og.submitted_s::numeric, og.last_token_s::numeric)) FILTER (WHERE og.last_token_s IS NOT NULL)) AS o) AS busy_s,
                     sum(og.output_tokens) AS tokens
                FROM eval.generation AS og
                JOIN eval.job AS oj ON oj.id = og.job_id
               WHERE og.boot_id = x.boot_id AND og.energy_method IS NOT NULL AND oj.mode = 'throughput') AS t) AS k
    ON k.run_id = j.run_id AND k.boot_id = g.boot_id AND j.mode = 'throughput'
 CROSS JOIN LATERAL (
       SELECT CASE WHEN g.energy_method IS NULL
                   THEN CASE WHEN m.engine = 'openai' THEN 'a server answered' WHEN m.engine = 'replay' THEN 'no model ran'
                             WHEN w.device = 'cpu' THEN 'no GPU' ELSE 'not measured' END
                   WHEN 'foreign_process' = ANY (g.flags) THEN 'another process used the GPU'
                   WHEN j.mode = 'throughput' AND coalesce(k.tokens, 0) = 0 THEN 'no tokens to share by'
                   WHEN j.mode <> 'throughput' AND g.running_peak > 1 THEN 'overlapping requests' END AS why) AS y
 CROSS JOIN LATERAL (
       SELECT CASE WHEN y.why IS NOT NULL THEN NULL
                   WHEN j.mode = 'throughput' THEN (k.joules * g.output_tokens / k.tokens)::double precision
                   ELSE g.energy_end_j - g.energy_begin_j END AS joules,
              CASE WHEN y.why IS NOT NULL THEN NULL
                   WHEN j.mode = 'throughput' THEN (k.busy_s * g.output_tokens / k.tokens)::double precision
                   ELSE g.last_token_s - g.submitted_s END AS engine_s) AS e
 CROSS JOIN LATERAL (
       SELECT cardinality(array_remove(array_remove(g.flags, 'buffered'), 'no_finish_reason')) = 0
              OR coalesce(current_setting('evalctl.include_flagged', true), '') = 'on' AS used) AS used
 WHERE j.state = 'succeeded' AND j.judged_score_id IS NULL AND (NOT m.synthetic OR current_setting('evalctl.include_synthetic', true) = 'on');
COMMENT ON VIEW analytics_v1.answer_energy IS 'Energy of each answer, by the counter of the GPU or the integral of its power.';
COMMENT ON COLUMN analytics_v1.answer_energy.job_id IS 'The job.';
COMMENT ON COLUMN analytics_v1.answer_energy.run_id IS 'The run.';
COMMENT ON COLUMN analytics_v1.answer_energy.run IS 'Name of the run.';
COMMENT ON COLUMN analytics_v1.answer_energy.model IS 'Name of the model.';
COMMENT ON COLUMN analytics_v1.answer_energy.problem IS 'Name of the problem.';
COMMENT ON COLUMN analytics_v1.answer_energy.category IS 'secondary, university or modelling.';
COMMENT ON COLUMN analytics_v1.answer_energy.prompt IS 'Prompt style.';
COMMENT ON COLUMN analytics_v1.answer_energy.repetition IS 'Repetition: 1, 2, ...';
COMMENT ON COLUMN analytics_v1.answer_energy.mode IS 'latency or throughput.';
COMMENT ON COLUMN analytics_v1.answer_energy.config_hash IS 'Hash of the configuration of the engine.';
COMMENT ON COLUMN analytics_v1.answer_energy.environment_hash IS 'Hash of the environment of the engine.';
COMMENT ON COLUMN analytics_v1.answer_energy.gpu_name IS 'Name of the GPU; NULL on a CPU.';
COMMENT ON COLUMN analytics_v1.answer_energy.method IS 'counter: the driver''s counter of energy, which changes every 100 ms; power: the integral of the power that the driver reports, which misses the beginning of loads of a second or two. NULL without a GPU.';
COMMENT ON COLUMN analytics_v1.answer_energy.shared_by IS 'alone: nothing else ran in the engine; tokens: in throughput mode the energy of all requests of the engine start together, by their output tokens. NULL where the energy is unknown.';
COMMENT ON COLUMN analytics_v1.answer_energy.joules IS 'Energy of the worker''s GPUs during the answer, or its share of it, in joules (watt seconds); idle power included. NULL for a reason, see unknown_because.';
COMMENT ON COLUMN analytics_v1.answer_energy.joules_per_token IS 'Energy by output token, in joules (watt seconds).';
COMMENT ON COLUMN analytics_v1.answer_energy.joules_per_step IS 'Energy by step that the answer shows, in joules (watt seconds); NULL where it shows none.';
COMMENT ON COLUMN analytics_v1.answer_energy.steps_done IS 'Number of steps that the answer shows, by the newest scoring.';
COMMENT ON COLUMN analytics_v1.answer_energy.output_tokens IS 'Number of output tokens.';
COMMENT ON COLUMN analytics_v1.answer_energy.engine_s IS 'Seconds of the engine: from the request to the last token, in throughput mode the share by output tokens of the time in which it served anything.';
COMMENT ON COLUMN analytics_v1.answer_energy.idle_power_w IS 'Power of the GPUs with the loaded engine and no request, measured after its warm-up, in W; NULL where it was not measured.';
COMMENT ON COLUMN analytics_v1.answer_energy.joules_above_idle IS 'Energy without what the idle engine would have taken in engine_s, in joules (watt seconds).';
COMMENT ON COLUMN analytics_v1.answer_energy.unknown_because IS 'Why joules is NULL: a server answered, no model ran, no GPU, not measured (an earlier version, or a driver that reports neither), another process used the GPU, overlapping requests, no tokens to share by.';
COMMENT ON COLUMN analytics_v1.answer_energy.used IS 'Whether it counts in model_energy: it has no flag that spoils it, or the session includes flagged ones.';

CREATE VIEW analytics_v1.model_energy AS
SELECT p.run_id, p.run, p.model, p.prompt, p.mode, p.config_hash, p.environment_hash, max(p.gpu_name) AS gpu_name,
       string_agg(DISTINCT p.method, ', ') AS method, max(p.shared_by) AS shared_by,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY p.joules) AS joules,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY p.joules_per_token) AS joules_per_token,
       sum(p.all_joules) FILTER (WHERE p.steps_done IS NOT NULL) / nullif(sum(p.steps_done), 0) AS joules_per_step,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY p.joules_above_idle) AS joules_above_idle,
       min(p.idle_power_w) AS idle_power_w, min(p.least_joules) AS joules_min, max(p.most_joules) AS joules_max,
       count(*)::bigint AS problems, sum(p.answers)::bigint AS answers
  FROM (SELECT e.run_id, e.run, e.model, e.prompt, e.mode, e.config_hash, e.environment_hash, e.problem, max(e.gpu_name) AS gpu_name,
               max(e.method) AS method, max(e.shared_by) AS shared_by,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY e.joules) AS joules,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY e.joules_per_token) AS joules_per_token,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY e.joules_above_idle) AS joules_above_idle,
               sum(e.joules) AS all_joules, sum(e.steps_done) AS steps_done, percentile_cont(0.5) WITHIN GROUP (ORDER BY e.idle_power_w) AS idle_power_w,
               min(e.joules) AS least_joules, max(e.joules) AS most_joules, count(*) AS answers
          FROM analytics_v1.answer_energy AS e
         WHERE e.joules IS NOT NULL AND e.used
         GROUP BY e.run_id, e.run, e.model, e.prompt, e.mode, e.config_hash, e.environment_hash, e.problem) AS p
 GROUP BY p.run_id, p.run, p.model, p.prompt, p.mode, p.config_hash, p.environment_hash;
COMMENT ON VIEW analytics_v1.model_energy IS 'Energy of an answer by run, model, prompt, mode and engine: medians over repetitions, then problems.';
COMMENT ON COLUMN analytics_v1.model_energy.run_id IS 'The run.';
COMMENT ON COLUMN analytics_v1.model_energy.run IS 'Name of the run.';
COMMENT ON COLUMN analytics_v1.model_energy.model IS 'Name of the model.';
COMMENT ON COLUMN analytics_v1.model_energy.prompt IS 'Prompt style.';
COMMENT ON COLUMN analytics_v1.model_energy.mode IS 'latency or throughput.';
COMMENT ON COLUMN analytics_v1.model_energy.config_hash IS 'Hash of the configuration of the engine.';
COMMENT ON COLUMN analytics_v1.model_energy.environment_hash IS 'Hash of the environment of the engine.';
COMMENT ON COLUMN analytics_v1.model_energy.gpu_name IS 'Name of the GPU.';
COMMENT ON COLUMN analytics_v1.model_energy.method IS 'How it was measured, as in answer_energy; both where they differ.';
COMMENT ON COLUMN analytics_v1.model_energy.shared_by IS 'alone, or in throughput mode tokens, as in answer_energy.';
COMMENT ON COLUMN analytics_v1.model_energy.joules IS 'Energy of an answer, idle power included, in joules (watt seconds).';
COMMENT ON COLUMN analytics_v1.model_energy.joules_per_token IS 'Energy by output token, in joules (watt seconds).';
COMMENT ON COLUMN analytics_v1.model_energy.joules_per_step IS 'Joules of all scored answers by the steps that they show: what one step takes, answers that show none paid for too. In joules (watt seconds).';
COMMENT ON COLUMN analytics_v1.model_energy.joules_above_idle IS 'Energy of an answer without what the idle engine would have taken meanwhile, in joules (watt seconds).';
COMMENT ON COLUMN analytics_v1.model_energy.idle_power_w IS 'Power of the GPUs with the loaded engine and no request, in W, of the start with the least.';
COMMENT ON COLUMN analytics_v1.model_energy.joules_min IS 'Least energy of an answer, in joules (watt seconds).';
COMMENT ON COLUMN analytics_v1.model_energy.joules_max IS 'Most energy of an answer, in joules (watt seconds).';
COMMENT ON COLUMN analytics_v1.model_energy.problems IS 'Number of problems.';
COMMENT ON COLUMN analytics_v1.model_energy.answers IS 'Number of answers used.';
