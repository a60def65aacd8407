-- What 0006 changes in schema analytics_v1: the same numbers, read once; and whether a result is used.
-- Texts, workers and traces are joined from the left, so that they are left away where nothing of them is asked for.

CREATE OR REPLACE VIEW analytics_v1.generations AS
SELECT g.job_id, g.attempt_no, j.run_id, r.name AS run, m.name AS model, p.name AS problem, p.category, j.prompt, j.repetition, j.mode,
       b.config_hash, b.environment_hash, b.engine_version,
       g.prompt_tokens, g.output_tokens, g.cached_tokens, g.finish_reason, g.queue_wait_s,
       (g.first_token_s - g.submitted_s) * 1000 AS ttft_ms,
       (g.engine_first_token_s - g.engine_queued_s) * 1000 AS engine_ttft_ms,
       g.last_token_s - g.submitted_s AS e2e_s,
       CASE WHEN g.output_tokens > 1
            THEN (g.last_token_s - g.first_token_s) * 1000 / (g.output_tokens - 1) END AS tpot_ms,
       CASE WHEN g.last_token_s > g.submitted_s
            THEN g.output_tokens / (g.last_token_s - g.submitted_s) END AS tokens_per_s,
       g.preemptions, g.memory_kind, g.need_mib, g.kv_used_mib,
       CASE WHEN t.kind = 'device' THEN t.peak_mib END AS nvml_peak_mib,
       CASE WHEN t.kind = 'host' THEN t.peak_mib END AS host_peak_mib,
       f.flags, g.prompt_hash, g.output_hash, g.sampling_hash, o.content AS output, g.created_at,
       g.boot_id, (g.first_answer_s - g.submitted_s) * 1000 AS ttfo_ms, g.activation_run_mib, g.running_peak,
       g.sm_clock_mhz, g.temperature_c, g.power_w, g.clock_event_reasons, cardinality(f.flags) > 0 AS flagged,
       w.gpu_name,
       cardinality(f.flags) = 0 OR coalesce(current_setting('evalctl.include_flagged', true), '') = 'on' AS used
  FROM eval.generation AS g
  JOIN eval.job AS j ON j.id = g.job_id
  JOIN eval.run AS r ON r.id = j.run_id
  JOIN eval.model AS m ON m.id = j.model_id
  JOIN eval.problem AS p ON p.id = j.problem_id
  JOIN eval.boot AS b ON b.id = g.boot_id
  LEFT JOIN eval.worker AS w ON w.id = b.worker_id
  LEFT JOIN eval.text_blob AS o ON o.hash = g.output_text_hash
  LEFT JOIN eval.memory_trace AS t ON t.job_id = g.job_id
  -- Grouped by the run, so that a condition on run_id reaches the inside; left away where no flags are asked for. What is greedy
  -- is no condition, and all that must agree is one text: nobody can guess how many rows an expression leaves or how columns hang
  -- together, and a plan made for a wrong guess takes minutes.
 CROSS JOIN LATERAL (
       SELECT concat_ws(' ', j.model_id, j.problem_id, b.config_hash, b.environment_hash, j.mode, j.prompt) COLLATE "C" AS alike) AS k
  LEFT JOIN (
       SELECT lj.run_id, lj.alike,
              percentile_cont(0.5) WITHIN GROUP (ORDER BY lj.output_tokens::double precision) FILTER (WHERE lj.greedy) AS output_tokens
         FROM (SELECT x.run_id, lg.output_tokens,
                      coalesce((x.sampling ->> 'temperature')::double precision, 0) = 0
                          AND x.sampling ->> 'fixed_output_tokens' IS NULL AS greedy,
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
              WHEN coalesce((j.sampling ->> 'temperature')::double precision, 0) = 0
                   AND g.output_tokens NOT BETWEEN 0.9::double precision * l.output_tokens AND 1.1::double precision * l.output_tokens
              THEN ARRAY['length_outlier'] ELSE ARRAY[]::text[] END AS flags) AS f
 WHERE j.state = 'succeeded' AND (NOT m.synthetic OR current_setting('evalctl.include_synthetic', true) = 'on');
COMMENT ON COLUMN analytics_v1.generations.used IS 'Whether the medians of time and memory use it: it has no flag, or the session says SET evalctl.include_flagged = ''on''.';

CREATE VIEW eval.resources_by_problem AS
SELECT run_id, run, model, prompt, mode, config_hash, environment_hash, memory_kind, problem, count(*) FILTER (WHERE used) AS repetitions,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY need_mib) FILTER (WHERE used) AS need_mib,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY nvml_peak_mib::double precision) FILTER (WHERE used) AS nvml_peak_mib,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY host_peak_mib::double precision) FILTER (WHERE used) AS host_peak_mib,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY ttft_ms) FILTER (WHERE used) AS ttft_ms,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY engine_ttft_ms) FILTER (WHERE used) AS engine_ttft_ms,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY e2e_s) FILTER (WHERE used) AS e2e_s,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY tpot_ms) FILTER (WHERE used) AS tpot_ms,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY tokens_per_s) FILTER (WHERE used) AS tokens_per_s,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY output_tokens::double precision) FILTER (WHERE used) AS output_tokens,
       count(*) FILTER (WHERE flagged) AS flagged,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY ttfo_ms) FILTER (WHERE used) AS ttfo_ms,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY queue_wait_s) FILTER (WHERE used) AS queue_wait_s,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY kv_used_mib) FILTER (WHERE used) AS kv_used_mib,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY running_peak::double precision) FILTER (WHERE used) AS running_peak,
       count(DISTINCT boot_id) FILTER (WHERE used) AS boots,
       string_agg(DISTINCT gpu_name, ', ') AS gpu_name,
       min(need_mib) FILTER (WHERE used) AS need_mib_min, max(need_mib) FILTER (WHERE used) AS need_mib_max,
       percentile_cont(0.1) WITHIN GROUP (ORDER BY ttft_ms) FILTER (WHERE used) AS ttft_ms_p10,
       percentile_cont(0.9) WITHIN GROUP (ORDER BY ttft_ms) FILTER (WHERE used) AS ttft_ms_p90,
       array_agg(ttft_ms) FILTER (WHERE used) AS each_ttft_ms, array_agg(DISTINCT boot_id) FILTER (WHERE used) AS boot_ids,
       string_agg(array_to_string(flags, ' '), ' ') FILTER (WHERE flagged) AS words
  FROM analytics_v1.generations
 GROUP BY run_id, run, model, prompt, mode, config_hash, environment_hash, memory_kind, problem;
COMMENT ON VIEW eval.resources_by_problem IS 'analytics_v1.problem_resources with what its medians are made of, for figures over several problems.';

CREATE OR REPLACE VIEW analytics_v1.problem_resources AS
SELECT run_id, run, model, prompt, mode, config_hash, environment_hash, memory_kind, problem, repetitions, need_mib,
       nvml_peak_mib, host_peak_mib, ttft_ms, engine_ttft_ms, e2e_s, tpot_ms, tokens_per_s, output_tokens, flagged, ttfo_ms,
       queue_wait_s, kv_used_mib, running_peak, boots, gpu_name, need_mib_min, need_mib_max, ttft_ms_p10, ttft_ms_p90
  FROM eval.resources_by_problem;

CREATE OR REPLACE VIEW analytics_v1.model_resources AS
SELECT p.run_id, p.run, p.model, p.prompt, p.mode, p.config_hash, p.environment_hash, p.memory_kind, p.problems, p.jobs, p.need_mib,
       p.nvml_peak_mib, p.host_peak_mib, p.ttft_ms, p.ttft_ms_min, p.ttft_ms_max, p.engine_ttft_ms, p.e2e_s, p.e2e_s_min, p.e2e_s_max,
       p.tpot_ms, p.tokens_per_s, p.output_tokens, p.flagged, p.ttfo_ms, p.queue_wait_s, p.kv_used_mib, p.running_peak,
       b.boots, p.gpu_name, p.need_mib_min, p.need_mib_max, e.ttft_ms[1] AS ttft_ms_p10, e.ttft_ms[2] AS ttft_ms_p90, t.total_tokens_per_s,
       f.flag_counts
  FROM (
       SELECT run_id, run, model, prompt, mode, config_hash, environment_hash, memory_kind,
              count(*) FILTER (WHERE repetitions > 0) AS problems, sum(repetitions)::bigint AS jobs,
              percentile_cont(0.5) WITHIN GROUP (ORDER BY need_mib) AS need_mib,
              percentile_cont(0.5) WITHIN GROUP (ORDER BY nvml_peak_mib) AS nvml_peak_mib,
              percentile_cont(0.5) WITHIN GROUP (ORDER BY host_peak_mib) AS host_peak_mib,
              percentile_cont(0.5) WITHIN GROUP (ORDER BY ttft_ms) AS ttft_ms,
              min(ttft_ms) AS ttft_ms_min, max(ttft_ms) AS ttft_ms_max,
              percentile_cont(0.5) WITHIN GROUP (ORDER BY engine_ttft_ms) AS engine_ttft_ms,
              percentile_cont(0.5) WITHIN GROUP (ORDER BY e2e_s) AS e2e_s,
              min(e2e_s) AS e2e_s_min, max(e2e_s) AS e2e_s_max,
              percentile_cont(0.5) WITHIN GROUP (ORDER BY tpot_ms) AS tpot_ms,
              percentile_cont(0.5) WITHIN GROUP (ORDER BY tokens_per_s) AS tokens_per_s,
              percentile_cont(0.5) WITHIN GROUP (ORDER BY output_tokens) AS output_tokens,
              sum(flagged)::bigint AS flagged,
              percentile_cont(0.5) WITHIN GROUP (ORDER BY ttfo_ms) AS ttfo_ms,
              percentile_cont(0.5) WITHIN GROUP (ORDER BY queue_wait_s) AS queue_wait_s,
              percentile_cont(0.5) WITHIN GROUP (ORDER BY kv_used_mib) AS kv_used_mib,
              percentile_cont(0.5) WITHIN GROUP (ORDER BY running_peak) AS running_peak,
              min(need_mib_min) AS need_mib_min, max(need_mib_max) AS need_mib_max,
              string_agg(DISTINCT gpu_name, ', ') AS gpu_name,
              array_agg(ROW(each_ttft_ms, boot_ids)) AS problem_values, string_agg(words, ' ') AS words
         FROM eval.resources_by_problem
        GROUP BY run_id, run, model, prompt, mode, config_hash, environment_hash, memory_kind) AS p
 CROSS JOIN LATERAL (
       SELECT percentile_cont(ARRAY[0.1, 0.9]) WITHIN GROUP (ORDER BY r.ttft_ms) AS ttft_ms
         FROM unnest(p.problem_values) AS v(each_ttft_ms double precision[], boot_ids bigint[]), unnest(v.each_ttft_ms) AS r(ttft_ms)) AS e
 CROSS JOIN LATERAL (
       SELECT count(DISTINCT s.boot_id) AS boots
         FROM unnest(p.problem_values) AS v(each_ttft_ms double precision[], boot_ids bigint[]), unnest(v.boot_ids) AS s(boot_id)) AS b
 CROSS JOIN LATERAL (
       SELECT coalesce(jsonb_object_agg(c.word, c.results), '{}') AS flag_counts
         FROM (SELECT w.word, count(*) AS results FROM unnest(string_to_array(p.words, ' ')) AS w(word) GROUP BY w.word) AS c) AS f
  LEFT JOIN (
       SELECT run_id, model, mode, config_hash, environment_hash,
              percentile_cont(0.5) WITHIN GROUP (ORDER BY output_tokens / nullif(busy_s, 0)) AS total_tokens_per_s
         FROM (SELECT a.*, (SELECT sum(upper(s.span) - lower(s.span))::double precision FROM unnest(a.spans) AS s(span)) AS busy_s
                 FROM (SELECT j.run_id, m.name AS model, j.mode, b.config_hash, b.environment_hash, e.boot_id,
                              sum(e.output_tokens)::double precision AS output_tokens,
                              range_agg(numrange(e.submitted_s::numeric, e.last_token_s::numeric)) AS spans
                         FROM eval.job AS j
                         JOIN eval.generation AS e ON e.job_id = j.id
                         JOIN eval.boot AS b ON b.id = e.boot_id
                         JOIN eval.model AS m ON m.id = j.model_id
                        WHERE j.state = 'succeeded'
                        GROUP BY j.run_id, m.name, j.mode, b.config_hash, b.environment_hash, e.boot_id) AS a) AS s
        GROUP BY run_id, model, mode, config_hash, environment_hash) AS t
    ON t.run_id = p.run_id AND t.model = p.model AND t.mode = p.mode AND t.config_hash = p.config_hash
   AND t.environment_hash = p.environment_hash AND p.jobs > 0;
COMMENT ON COLUMN analytics_v1.model_resources.flag_counts IS 'How many results have each flag, by its word; a result with several counts for each of them.';
COMMENT ON COLUMN analytics_v1.boots.memory_reasons IS 'Why a term is NULL, or that it is from a profile or counts the compiler, by its name.';
COMMENT ON COLUMN analytics_v1.boots.profile_key IS 'Hash of model, engine options, version and card: starts that share it may share a profile, if their environment and configuration agree too.';
