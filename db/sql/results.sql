-- The tables of a run's results, from the views of analytics_v1 alone.

-- name: include_flagged
-- Count flagged results too, until the end of the transaction.
SELECT set_config('evalctl.include_flagged', 'on', true);

-- name: scores
SELECT model, prompt, category, problems, repetitions, score7, score7_min, score7_max, steps_share,
       answer_accuracy, guess_rate, score7_high, coverage, sampling
  FROM analytics_v1.category_scores WHERE run_id = %(run)s
 ORDER BY prompt, array_position(ARRAY['secondary', 'university', 'modelling'], category), model,
          sampling;

-- name: problem_means
-- The mean score of each problem over its repetitions, to pair models by; in the order in which the
-- run's models were submitted.
SELECT s.model, s.prompt, s.category, s.problem, avg(s.score7) AS score7
  FROM analytics_v1.scores AS s WHERE s.run_id = %(run)s
 GROUP BY s.model, s.prompt, s.category, s.problem
 ORDER BY min(s.job_id), s.prompt, s.category, s.problem;

-- name: score_means
-- What scores says with medians over repetitions, with means: a median of three flatters.
SELECT model, prompt, category, sampling, avg(score7) AS score7_mean,
       avg(score7_high) AS score7_high_mean
  FROM (SELECT s.model, s.prompt, s.category, s.problem, s.sampling, avg(s.score7) AS score7,
               avg(s.score7_high) AS score7_high
          FROM analytics_v1.scores AS s WHERE s.run_id = %(run)s
         GROUP BY s.model, s.prompt, s.category, s.problem, s.sampling) AS problem
 GROUP BY model, prompt, category, sampling;

-- name: cuts
-- The share of answers that a limit cut, and of those that ended before max_tokens: there it was
-- the context, or a limit of the server. The table is read and not the view of generations, which
-- computes flags of all of them and, before statistics are taken, does so for each row.
SELECT j.model, j.prompt, j.category, j.sampling, avg(c.cut::int)::double precision AS cut_share,
       avg((c.cut AND g.output_tokens < (j.sampling ->> 'max_tokens')::bigint)::int)
           ::double precision AS context_cut_share
  FROM analytics_v1.jobs AS j
  JOIN eval.generation AS g ON g.job_id = j.job_id
 CROSS JOIN LATERAL (SELECT g.finish_reason = 'length' AS cut) AS c
 WHERE j.run_id = %(run)s AND j.state = 'succeeded'
 GROUP BY j.model, j.prompt, j.category, j.sampling;

-- name: costs
-- What the cost of an answer is made of, of priced models: means over repetitions, then problems.
SELECT model, prompt, max(price_per_gpu_hour) AS price_per_gpu_hour, max(gpus) AS gpus,
       max(price_per_million_input_tokens) AS price_per_million_input_tokens,
       max(price_per_million_output_tokens) AS price_per_million_output_tokens,
       avg(e2e_s) AS e2e_s, avg(prompt_tokens)::double precision AS prompt_tokens,
       avg(output_tokens)::double precision AS output_tokens,
       avg(right_share)::double precision AS right_share, sum(answers)::bigint AS answers
  FROM (SELECT m.name AS model, j.prompt, j.problem_id, min(j.id) AS first, count(*) AS answers,
               max(m.price_per_gpu_hour) AS price_per_gpu_hour, max(m.gpus) AS gpus,
               max((m.spec ->> 'price_per_million_input_tokens')::double precision)
                   AS price_per_million_input_tokens,
               max((m.spec ->> 'price_per_million_output_tokens')::double precision)
                   AS price_per_million_output_tokens,
               avg(g.e2e_s) FILTER (WHERE g.used) AS e2e_s, avg(g.prompt_tokens) AS prompt_tokens,
               avg(g.output_tokens) AS output_tokens, avg(s.answer_correct::int) AS right_share
          FROM analytics_v1.generations AS g
          JOIN eval.job AS j ON j.id = g.job_id
          JOIN eval.model AS m ON m.id = j.model_id
          LEFT JOIN LATERAL (
               SELECT c.answer_correct FROM eval.score AS c
                WHERE c.job_id = g.job_id ORDER BY c.id DESC LIMIT 1) AS s ON true
         WHERE g.run_id = %(run)s AND j.problem_id IS NOT NULL AND j.judged_score_id IS NULL
           AND (m.price_per_gpu_hour IS NOT NULL
                OR m.spec ->> 'price_per_million_input_tokens' IS NOT NULL
                OR m.spec ->> 'price_per_million_output_tokens' IS NOT NULL)
         GROUP BY m.name, j.prompt, j.problem_id) AS problem
 GROUP BY model, prompt ORDER BY prompt, min(first);

-- name: missing
-- What the tables leave out: jobs without a result by model and state, with their latest reason.
SELECT m.name AS model, j.state, count(*) AS jobs,
       (array_agg(j.error_message ORDER BY j.finished_at DESC NULLS LAST)
            FILTER (WHERE j.error_message IS NOT NULL))[1] AS reason
  FROM eval.job AS j JOIN eval.model AS m ON m.id = j.model_id
 WHERE j.run_id = %(run)s AND j.state <> 'succeeded'
   AND (j.judged_score_id IS NULL OR j.prompt = 'verify')
   AND (NOT m.synthetic OR current_setting('evalctl.include_synthetic', true) = 'on')
 GROUP BY m.name, j.state ORDER BY min(j.id), j.state;

-- name: sampling
-- How the answers of each model were drawn; two rows where a run was topped up after a change.
SELECT model, sampling, count(*) AS jobs
  FROM analytics_v1.jobs
 WHERE run_id = %(run)s AND probe IS NULL AND judged_score_id IS NULL
 GROUP BY model, sampling ORDER BY min(job_id);

-- name: resources
SELECT model, prompt, mode, need_mib, nvml_peak_mib, host_peak_mib, memory_kind, ttft_ms,
       ttft_ms_min, ttft_ms_max, engine_ttft_ms, e2e_s, e2e_s_min, e2e_s_max, tpot_ms, tokens_per_s,
       output_tokens, problems, jobs, flagged, config_hash, environment_hash, ttfo_ms, queue_wait_s,
       kv_used_mib, running_peak, r.boots, gpu_name, need_mib_min, need_mib_max, ttft_ms_p10,
       ttft_ms_p90, total_tokens_per_s, flag_counts,
       (SELECT max(m.engine) FROM eval.model AS m
         WHERE m.name = r.model AND m.id IN (SELECT j.model_id FROM eval.job AS j
                                              WHERE j.run_id = %(run)s)) AS engine
  FROM analytics_v1.model_resources AS r WHERE run_id = %(run)s ORDER BY prompt, mode, model;

-- name: line_settings
-- What these engine starts were configured with, once for each pair of hashes.
SELECT DISTINCT ON (b.config_hash, b.environment_hash)
       b.config_hash, b.environment_hash, b.config, b.environment
  FROM analytics_v1.boots AS b
  JOIN jsonb_to_recordset(%(lines)s::jsonb) AS l(config_hash text, environment_hash text)
    ON l.config_hash = b.config_hash AND l.environment_hash = b.environment_hash
 ORDER BY b.config_hash, b.environment_hash, b.boot_id DESC;

-- name: energy
SELECT model, prompt, mode, config_hash, environment_hash, gpu_name, method, shared_by, joules,
       joules_per_token, joules_per_step, joules_above_idle, idle_power_w, joules_min, joules_max,
       problems, answers
  FROM analytics_v1.model_energy WHERE run_id = %(run)s
 ORDER BY prompt, mode, model, config_hash, environment_hash;

-- name: problem_energy
-- Joules of an answer by problem, to choose a model by.
SELECT model, prompt, problem, avg(joules) AS joules
  FROM analytics_v1.answer_energy WHERE run_id = %(run)s AND used AND joules IS NOT NULL
 GROUP BY model, prompt, problem;

-- name: imported
-- Answers that were made elsewhere, by model and file.
SELECT model, origin, form, file, file_sha256, config_hash, count(*) AS answers
  FROM analytics_v1.imported_answers WHERE run_id = %(run)s
 GROUP BY model, origin, form, file, file_sha256, config_hash ORDER BY min(job_id);

-- name: unscored
SELECT model, prompt, category, finish_reason, sum(results)::bigint AS results
  FROM analytics_v1.unscored_answers WHERE run_id = %(run)s
 GROUP BY model, prompt, category, finish_reason
 ORDER BY prompt, array_position(ARRAY['secondary', 'university', 'modelling'], category), model,
          finish_reason;

-- name: cache
SELECT model, prompt, mode, config_hash, environment_hash, results, cached, unknown, problems,
       first_ttft_ms, later_ttft_ms, suspected
  FROM analytics_v1.cache_checks WHERE run_id = %(run)s
 ORDER BY prompt, mode, model, config_hash, environment_hash;

-- name: prompts
SELECT model, category, plain, stepwise, uplift_pct, sampling
  FROM analytics_v1.prompt_uplift WHERE run_id = %(run)s
 ORDER BY array_position(ARRAY['secondary', 'university', 'modelling'], category), model;

-- name: concurrency
SELECT model, gpu, unit, max_stable, first_failure, reason, kind, memory_limit_mib, emulated,
       searches, limited_by, agreed, need_mib, peak_mib, analytic_bound
  FROM analytics_v1.probe_thresholds WHERE run_id = %(run)s
 ORDER BY array_position(ARRAY['sequences', 'instances', 'context'], kind), memory_limit_mib,
          gpu, model;

-- name: limits
-- Limits of the run's models on the GPUs that it ran on: the run's own, else those of the latest
-- run that searched for them.
SELECT DISTINCT ON (t.kind, t.memory_limit_mib, t.gpu, t.model)
       t.model, t.kind, t.unit, t.gpu, t.memory_limit_mib, t.emulated, t.max_stable,
       t.first_failure, t.reason, t.limited_by, t.run, t.run_id = %(run)s AS own
  FROM analytics_v1.probe_thresholds AS t
  JOIN analytics_v1.runs AS r ON r.run_id = t.run_id
  JOIN (SELECT DISTINCT model, gpu_name
          FROM jsonb_to_recordset(%(lines)s::jsonb) AS a(model text, gpu_name text)) AS a
    ON a.model = t.model AND a.gpu_name IS NOT DISTINCT FROM t.gpu
 ORDER BY t.kind, t.memory_limit_mib, t.gpu, t.model, own DESC, r.created_at DESC;

-- name: judged
-- Rules + one judge beside the rules alone, aggregated as the scores are. An answer that the judge
-- has not read keeps the score of the rules.
SELECT model, prompt, category, sampling, count(*) AS problems,
       sum(repetitions)::bigint AS repetitions, sum(judged)::bigint AS judged, avg(rules_score7) AS rules_score7,
       avg(rules_score7_high) AS rules_score7_high, avg(rules_coverage) AS rules_coverage,
       avg(score7) AS score7, avg(score7_high) AS score7_high, avg(coverage) AS coverage,
       sum(steps_changed)::bigint AS steps_changed, sum(dones_flagged)::bigint AS dones_flagged,
       sum(steps_unjudged)::bigint AS steps_unjudged
  FROM (SELECT s.model, s.prompt, s.category, s.problem, s.sampling, count(*) AS repetitions,
               count(*) FILTER (WHERE EXISTS (
                   SELECT FROM eval.visible_judgement AS g
                     JOIN eval.judged_step AS v ON v.judgement_id = g.id
                    WHERE g.score_id = s.score_id AND g.judge = %(judge)s
                      AND v.verdict IS NOT NULL)) AS judged,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY s.score7) AS rules_score7,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY s.score7_high) AS rules_score7_high,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY s.coverage) AS rules_coverage,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY coalesce(d.score7, s.score7)) AS score7,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY coalesce(d.score7_high, s.score7_high))
                   AS score7_high,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY coalesce(d.coverage, s.coverage))
                   AS coverage,
               coalesce(sum(d.steps_changed), 0) AS steps_changed,
               coalesce(sum(d.dones_flagged), 0) AS dones_flagged,
               coalesce(sum(d.steps_unjudged), 0) AS steps_unjudged
          FROM analytics_v1.scores AS s
          -- What judged_scores shows, one scoring at a time: a plan for all at once, made without
          -- statistics, takes minutes.
          LEFT JOIN LATERAL (
               SELECT m.* FROM eval.merged_score AS m
                WHERE m.score_id = s.score_id AND m.judge = %(judge)s OFFSET 0) AS d ON true
         WHERE s.run_id = %(run)s
         GROUP BY s.model, s.prompt, s.category, s.problem, s.sampling) AS problem
 GROUP BY model, prompt, category, sampling
 ORDER BY prompt, array_position(ARRAY['secondary', 'university', 'modelling'], category), model;
