-- What the numbers of a run's results are made of, from the views of analytics_v1 alone.

-- name: spreads
-- How each figure spreads over the results that count, and how many there are; a row per line of
-- the resource table and figure.
SELECT g.model, g.prompt, g.mode, g.config_hash, g.environment_hash, g.memory_kind, v.figure,
       count(v.value) AS n,
       percentile_cont(ARRAY[0, 0.1, 0.5, 0.9, 1]) WITHIN GROUP (ORDER BY v.value) AS cuts
  FROM analytics_v1.generations AS g
 CROSS JOIN LATERAL (VALUES
       ('ttft_ms', g.ttft_ms), ('engine_ttft_ms', g.engine_ttft_ms),
       ('hop_ms', g.ttft_ms - g.engine_ttft_ms), ('ttfo_ms', g.ttfo_ms), ('e2e_s', g.e2e_s),
       ('tpot_ms', g.tpot_ms), ('tokens_per_s', g.tokens_per_s), ('output_tokens', g.output_tokens),
       ('queue_wait_s', g.queue_wait_s), ('running_peak', g.running_peak), ('need_mib', g.need_mib),
       ('nvml_peak_mib', g.nvml_peak_mib), ('host_peak_mib', g.host_peak_mib),
       ('kv_used_mib', g.kv_used_mib), ('activation_run_mib', g.activation_run_mib),
       ('sm_clock_mhz', g.sm_clock_mhz), ('power_w', g.power_w),
       ('temperature_c', g.temperature_c)) AS v(figure, value)
 WHERE g.run_id = %(run)s AND g.used AND v.value IS NOT NULL
 GROUP BY g.model, g.prompt, g.mode, g.config_hash, g.environment_hash, g.memory_kind, v.figure;

-- name: repetitions
-- How many results that count a problem has, the fewest and the most.
SELECT model, prompt, mode, config_hash, environment_hash, memory_kind, min(results) AS fewest,
       max(results) AS most
  FROM (SELECT model, prompt, mode, config_hash, environment_hash, memory_kind, problem,
               count(*) AS results
          FROM analytics_v1.generations
         WHERE run_id = %(run)s AND used
         GROUP BY model, prompt, mode, config_hash, environment_hash, memory_kind, problem) AS p
 GROUP BY model, prompt, mode, config_hash, environment_hash, memory_kind;

-- name: typical
-- For each line of the resource table one result: of those that count, where there are any, the one
-- in the middle by its need.
SELECT DISTINCT ON (model, prompt, mode, config_hash, environment_hash, memory_kind)
       model, prompt, mode, config_hash, environment_hash, memory_kind, job_id, problem, repetition,
       boot_id, used, need_mib, kv_used_mib, activation_run_mib, nvml_peak_mib, host_peak_mib,
       (SELECT coalesce(jsonb_agg(jsonb_build_object(
                   'place', p.place, 'gpu', p.gpu, 'gpu_uuid', p.gpu_uuid, 'need_mib', p.need_mib,
                   'nvml_peak_mib', p.nvml_peak_mib) ORDER BY p.place), '[]')
          FROM analytics_v1.generation_gpus AS p WHERE p.job_id = g.job_id) AS gpus
  FROM (SELECT model, prompt, mode, config_hash, environment_hash, memory_kind, job_id, problem,
               repetition, boot_id, used,
               need_mib, kv_used_mib, activation_run_mib, nvml_peak_mib, host_peak_mib,
               row_number() OVER (line ORDER BY need_mib, job_id) AS place,
               count(*) OVER line AS results
          FROM analytics_v1.generations
         WHERE run_id = %(run)s
        WINDOW line AS (
               PARTITION BY model, prompt, mode, config_hash, environment_hash, memory_kind, used)
       ) AS g
 WHERE place = (results + 1) / 2
 ORDER BY model, prompt, mode, config_hash, environment_hash, memory_kind, used DESC;

-- name: starts
-- Which engine starts made the results, flagged ones too.
SELECT model, prompt, mode, config_hash, environment_hash, memory_kind, boot_id,
       count(*) AS results, count(*) FILTER (WHERE used) AS used
  FROM analytics_v1.generations
 WHERE run_id = %(run)s
 GROUP BY model, prompt, mode, config_hash, environment_hash, memory_kind, boot_id
 ORDER BY boot_id;

-- name: engine_starts
-- These starts and their profiles, from the first to the last; without their logs.
SELECT b.boot_id, b.kind, b.profile_boot_id, b.model, b.worker, b.host, b.device, b.gpu_name,
       b.gpu_uuid, b.engine_version, b.config_hash, b.environment_hash, b.config, b.environment,
       b.backend_facts, b.started_at, b.start_s, b.memory_kind, b.context_mib, b.weights_mib,
       b.buffers_mib, b.activation_peak_mib, b.graphs_mib, b.kv_reserved_mib, b.kv_blocks,
       b.kv_block_bytes, b.device_total_mib, b.device_base_mib, b.memory_reasons,
       b.memory_details_mib, b.warm_up, b.log_path, e.gpu_memory
  FROM analytics_v1.boots AS b
  JOIN eval.boot AS e ON e.id = b.boot_id
 WHERE b.boot_id = ANY (%(ids)s)
    OR b.boot_id IN (
       SELECT m.profile_boot_id FROM analytics_v1.boots AS m WHERE m.boot_id = ANY (%(ids)s))
 ORDER BY b.boot_id;

-- name: points
-- What the probes of the run tried, a row per search and level.
SELECT model, kind, unit, gpu, memory_limit_mib, emulated, search, state, level, count(*) AS trials,
       count(*) FILTER (WHERE outcome = 'stable') AS stable,
       mode() WITHIN GROUP (ORDER BY reason) AS reason,
       mode() WITHIN GROUP (ORDER BY sentence) AS sentence, sum(requests)::bigint AS requests,
       sum(errors)::bigint AS errors, sum(preemptions)::bigint AS preemptions,
       sum(waiting_steps)::bigint AS waiting_steps, max(ttft_p95_ms) AS ttft_p95_ms,
       max(e2e_p95_s) AS e2e_p95_s, min(tokens_per_s) AS tokens_per_s, max(need_mib) AS need_mib,
       max(base_mib) AS base_mib, max(peak_mib) AS peak_mib, max(after_mib) AS after_mib,
       bool_and(answer_right) AS answer_right, max(analytic_bound) AS analytic_bound,
       array_remove(array_agg(DISTINCT boot_id), NULL) AS boot_ids
  FROM analytics_v1.probe_points
 WHERE run_id = %(run)s
 GROUP BY model, kind, unit, gpu, memory_limit_mib, emulated, search, state, level
 ORDER BY model, kind, memory_limit_mib, search, level;
