-- What 0018 changes in schema analytics_v1: times only where a stream reports them, answers by their end, and cached prompts.

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
       g.reasoning_tokens, g.hidden_tokens, g.untimed, g.served_model
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
              WHEN coalesce((j.sampling ->> 'temperature')::double precision, 0) = 0
                   AND g.output_tokens NOT BETWEEN 0.9::double precision * l.output_tokens AND 1.1::double precision * l.output_tokens
              THEN ARRAY['length_outlier'] ELSE ARRAY[]::text[] END AS flags) AS f
 -- Two flags spoil no number that is shown: of a buffered answer the times that are not reported are NULL, and the other is about its end.
 CROSS JOIN LATERAL (
       SELECT g.untimed AS why, g.output_tokens - coalesce(g.hidden_tokens, 0) AS streamed,
              array_remove(array_remove(f.flags, 'buffered'), 'no_finish_reason') AS spoilt) AS u
 WHERE j.state = 'succeeded' AND (NOT m.synthetic OR current_setting('evalctl.include_synthetic', true) = 'on');
COMMENT ON COLUMN analytics_v1.generations.cached_tokens IS 'Prompt tokens taken from a prefix cache; 0 in a clean measurement; NULL where the server does not report it.';
COMMENT ON COLUMN analytics_v1.generations.finish_reason IS 'stop, length, content_filter or tool_calls (both without a score), unknown (the server gave none), or the server''s word.';
COMMENT ON COLUMN analytics_v1.generations.ttft_ms IS 'Milliseconds from submission to the engine until its first token, as the worker saw them; NULL where untimed says why.';
COMMENT ON COLUMN analytics_v1.generations.e2e_s IS 'Seconds from submission to the engine until its last token; NULL for an answer without text.';
COMMENT ON COLUMN analytics_v1.generations.tpot_ms IS 'Milliseconds per streamed output token after the first; NULL for one token, a buffered answer and one without text.';
COMMENT ON COLUMN analytics_v1.generations.tokens_per_s IS 'Output tokens per second of e2e_s; NULL with hidden reasoning.';
COMMENT ON COLUMN analytics_v1.generations.ttfo_ms IS 'Milliseconds from submission to the engine until the first token of the answer, after any thinking; NULL where none came or the answer was buffered.';
COMMENT ON COLUMN analytics_v1.generations.used IS 'Whether the medians of time and memory use it: it has no flag but buffered or no_finish_reason, or the session says SET evalctl.include_flagged = ''on''.';
COMMENT ON COLUMN analytics_v1.generations.reasoning_tokens IS 'Output tokens spent on thinking, as the server counts them; NULL where it does not report it.';
COMMENT ON COLUMN analytics_v1.generations.hidden_tokens IS 'Output tokens of thinking that were not streamed; NULL in rows of earlier versions.';
COMMENT ON COLUMN analytics_v1.generations.untimed IS 'Why some times are NULL: no_text, buffered (tokens came in too few pieces) or hidden_reasoning; NULL: all are reported.';
COMMENT ON COLUMN analytics_v1.generations.served_model IS 'The model that the answer names; another than asked for has the flag other_model. NULL where none is named.';

CREATE VIEW analytics_v1.unscored_answers AS
SELECT run_id, run, model, prompt, mode, category, finish_reason, count(*) AS results
  FROM analytics_v1.generations
 WHERE finish_reason IN ('content_filter', 'tool_calls')
 GROUP BY run_id, run, model, prompt, mode, category, finish_reason;
COMMENT ON VIEW analytics_v1.unscored_answers IS 'Answers that no score is made of: a filter took them, or the model called a tool. They are in no mean of scores.';
COMMENT ON COLUMN analytics_v1.unscored_answers.run_id IS 'The run.';
COMMENT ON COLUMN analytics_v1.unscored_answers.run IS 'Name of the run.';
COMMENT ON COLUMN analytics_v1.unscored_answers.model IS 'Name of the model.';
COMMENT ON COLUMN analytics_v1.unscored_answers.prompt IS 'Prompt style.';
COMMENT ON COLUMN analytics_v1.unscored_answers.mode IS 'latency or throughput.';
COMMENT ON COLUMN analytics_v1.unscored_answers.category IS 'secondary, university or modelling.';
COMMENT ON COLUMN analytics_v1.unscored_answers.finish_reason IS 'content_filter or tool_calls.';
COMMENT ON COLUMN analytics_v1.unscored_answers.results IS 'Number of results.';

-- A cached prompt is asked for again: the first result of a problem cannot come from the cache that it fills.
CREATE VIEW analytics_v1.cache_checks AS
SELECT run_id, run, model, prompt, mode, config_hash, environment_hash, sum(results)::bigint AS results, sum(cached)::bigint AS cached,
       sum(unknown)::bigint AS unknown, count(*) FILTER (WHERE first_ms > 0 AND later_ms > 0) AS problems,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY first_ms) FILTER (WHERE later_ms > 0) AS first_ttft_ms,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY later_ms) FILTER (WHERE first_ms > 0) AS later_ttft_ms,
       coalesce(count(*) FILTER (WHERE first_ms > 0 AND later_ms > 0) >= 5
           AND percentile_cont(0.5) WITHIN GROUP (ORDER BY later_ms / nullif(first_ms, 0)) < 0.8, false) AS suspected
  FROM (SELECT run_id, run, model, prompt, mode, config_hash, environment_hash, problem, count(*) AS results,
               count(*) FILTER (WHERE cached_tokens > 0) AS cached, count(*) FILTER (WHERE cached_tokens IS NULL) AS unknown,
               min(ttft_ms) FILTER (WHERE nth = 1) AS first_ms,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY ttft_ms) FILTER (WHERE nth > 1 AND used) AS later_ms
          FROM (SELECT g.*, row_number() OVER (PARTITION BY g.run_id, g.model, g.prompt, g.mode, g.config_hash, g.environment_hash, g.problem
                                               ORDER BY g.created_at, g.job_id) AS nth
                  FROM analytics_v1.generations AS g) AS g
         GROUP BY run_id, run, model, prompt, mode, config_hash, environment_hash, problem) AS p
 GROUP BY run_id, run, model, prompt, mode, config_hash, environment_hash;
COMMENT ON VIEW analytics_v1.cache_checks IS 'Whether times may come from a prefix cache: what servers report, and TTFT of first against later results of the same problems.';
COMMENT ON COLUMN analytics_v1.cache_checks.run_id IS 'The run.';
COMMENT ON COLUMN analytics_v1.cache_checks.run IS 'Name of the run.';
COMMENT ON COLUMN analytics_v1.cache_checks.model IS 'Name of the model.';
COMMENT ON COLUMN analytics_v1.cache_checks.prompt IS 'Prompt style.';
COMMENT ON COLUMN analytics_v1.cache_checks.mode IS 'latency or throughput.';
COMMENT ON COLUMN analytics_v1.cache_checks.config_hash IS 'Hash of the engine configuration.';
COMMENT ON COLUMN analytics_v1.cache_checks.environment_hash IS 'Hash of host, GPU, driver and versions.';
COMMENT ON COLUMN analytics_v1.cache_checks.results IS 'Number of results.';
COMMENT ON COLUMN analytics_v1.cache_checks.cached IS 'Number of them whose prompt came from a cache in part; they have the flag cached.';
COMMENT ON COLUMN analytics_v1.cache_checks.unknown IS 'Number of them whose server does not report it.';
COMMENT ON COLUMN analytics_v1.cache_checks.problems IS 'Number of problems with a first and a later result that has a TTFT.';
COMMENT ON COLUMN analytics_v1.cache_checks.first_ttft_ms IS 'Median TTFT of their first results, in ms.';
COMMENT ON COLUMN analytics_v1.cache_checks.later_ttft_ms IS 'Median over problems of the median TTFT of the later results that are used, in ms.';
COMMENT ON COLUMN analytics_v1.cache_checks.suspected IS 'Whether, over at least 5 problems, the median ratio of later to first TTFT is below 0.8: the used later ones look cached.';
