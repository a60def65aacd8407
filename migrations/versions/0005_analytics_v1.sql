-- What 0005 adds to schema analytics_v1: probes, and more of each generation.

CREATE OR REPLACE VIEW analytics_v1.jobs AS
SELECT j.id AS job_id, j.run_id, r.name AS run, m.name AS model, p.name AS problem, p.category, j.prompt, j.repetition,
       j.mode, j.state, j.attempt_no AS attempts, j.failure_kind, j.error_class, j.error_message,
       j.created_at, j.finished_at, m.synthetic, j.boot_group, j.probe
  FROM eval.job AS j
  JOIN eval.run AS r ON r.id = j.run_id
  JOIN eval.model AS m ON m.id = j.model_id
  LEFT JOIN eval.problem AS p ON p.id = j.problem_id
 WHERE NOT m.synthetic OR current_setting('evalctl.include_synthetic', true) = 'on';
COMMENT ON VIEW analytics_v1.jobs IS 'One row per job: model x problem x prompt x repetition of a run, or one search of a probe.';
COMMENT ON COLUMN analytics_v1.jobs.problem IS 'Identifier of the problem, e.g. sec-symmetric-01; NULL for a probe.';
COMMENT ON COLUMN analytics_v1.jobs.category IS 'secondary, university or modelling; NULL for a probe.';
COMMENT ON COLUMN analytics_v1.jobs.prompt IS 'Prompt style: plain or stepwise; of a probe its kind: sequences, instances or context.';
COMMENT ON COLUMN analytics_v1.jobs.boot_group IS 'Jobs of one run and model with the same number had an engine started for them; NULL: any engine did.';
COMMENT ON COLUMN analytics_v1.jobs.probe IS 'What a probe searched for, and how; NULL for a generation.';

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
       w.gpu_name
  FROM eval.generation AS g
  JOIN eval.job AS j ON j.id = g.job_id
  JOIN eval.run AS r ON r.id = j.run_id
  JOIN eval.model AS m ON m.id = j.model_id
  JOIN eval.problem AS p ON p.id = j.problem_id
  JOIN eval.boot AS b ON b.id = g.boot_id
  JOIN eval.worker AS w ON w.id = b.worker_id
  JOIN eval.text_blob AS o ON o.hash = g.output_text_hash
  LEFT JOIN eval.memory_trace AS t ON t.job_id = g.job_id
  -- Grouped by the run, so that a condition on run_id reaches the inside; left away where no flags are asked for.
  LEFT JOIN (
       SELECT lj.run_id, lj.model_id, lj.problem_id, lj.prompt, lj.mode, lb.config_hash, lb.environment_hash,
              percentile_cont(0.5) WITHIN GROUP (ORDER BY lg.output_tokens::double precision) AS output_tokens
         FROM eval.job AS lj
         JOIN eval.generation AS lg ON lg.job_id = lj.id
         JOIN eval.boot AS lb ON lb.id = lg.boot_id
        WHERE lj.state = 'succeeded' AND coalesce((lj.sampling ->> 'temperature')::double precision, 0) = 0
          AND lj.sampling ->> 'fixed_output_tokens' IS NULL
        GROUP BY lj.run_id, lj.model_id, lj.problem_id, lj.prompt, lj.mode, lb.config_hash, lb.environment_hash
       HAVING count(*) >= 3) AS l
    ON l.run_id = j.run_id AND l.model_id = j.model_id AND l.problem_id = j.problem_id AND l.prompt = j.prompt
   AND l.mode = j.mode AND l.config_hash = b.config_hash AND l.environment_hash = b.environment_hash
 CROSS JOIN LATERAL (
       SELECT g.flags || CASE
              WHEN j.sampling ->> 'fixed_output_tokens' IS NOT NULL
              THEN CASE WHEN g.output_tokens <> (j.sampling ->> 'fixed_output_tokens')::bigint
                        THEN ARRAY['length_outlier'] ELSE ARRAY[]::text[] END
              WHEN coalesce((j.sampling ->> 'temperature')::double precision, 0) = 0
                   AND g.output_tokens NOT BETWEEN 0.9::double precision * l.output_tokens AND 1.1::double precision * l.output_tokens
              THEN ARRAY['length_outlier'] ELSE ARRAY[]::text[] END AS flags) AS f
 WHERE j.state = 'succeeded' AND (NOT m.synthetic OR current_setting('evalctl.include_synthetic', true) = 'on');
COMMENT ON COLUMN analytics_v1.generations.flags IS 'Words that say why a row should be distrusted, as the worker stored them, and length_outlier: a fixed-length run gave another number of tokens than asked, or a greedy one (temperature 0) a number outside 90-110 % of the median of at least 3 repetitions of the same run, model, problem, prompt, mode, config_hash and environment_hash; sampled lengths vary by nature and are not judged. Ask with a condition on run_id: it is the fast way.';
COMMENT ON COLUMN analytics_v1.generations.boot_id IS 'The engine start that made it, see boots.';
COMMENT ON COLUMN analytics_v1.generations.ttfo_ms IS 'Milliseconds from submission to the engine until the first token of the answer, after any thinking; NULL where none came.';
COMMENT ON COLUMN analytics_v1.generations.activation_run_mib IS 'MiB of the largest activation while it ran; NULL where the engine does not tell.';
COMMENT ON COLUMN analytics_v1.generations.running_peak IS 'Most sequences that the engine ran at once meanwhile, this one included.';
COMMENT ON COLUMN analytics_v1.generations.sm_clock_mhz IS 'Median SM clock of the GPU meanwhile, in MHz; NULL on a CPU.';
COMMENT ON COLUMN analytics_v1.generations.temperature_c IS 'Highest temperature of the GPU meanwhile, in degrees Celsius; NULL on a CPU.';
COMMENT ON COLUMN analytics_v1.generations.power_w IS 'Mean power of the GPU meanwhile, in W; NULL on a CPU.';
COMMENT ON COLUMN analytics_v1.generations.clock_event_reasons IS 'Bits of every reason that NVML gave for the clocks meanwhile; NULL on a CPU.';
COMMENT ON COLUMN analytics_v1.generations.flagged IS 'Whether it has a flag.';
COMMENT ON COLUMN analytics_v1.generations.gpu_name IS 'Name of the GPU, NULL on a CPU.';

CREATE VIEW analytics_v1.boots AS
SELECT b.id AS boot_id, b.kind, b.profile_boot_id, b.profile_key, m.name AS model, b.worker_id, w.name AS worker, w.host, w.device, w.gpu_uuid,
       w.gpu_name, b.engine_version, b.config_hash, b.environment_hash, b.config, b.environment, b.backend_facts,
       b.started_at, b.start_s, b.memory_kind, b.context_mib, b.weights_mib, b.buffers_mib, b.activation_peak_mib,
       b.graphs_mib, b.kv_reserved_mib, b.kv_blocks, b.kv_block_bytes, b.device_total_mib, b.device_base_mib,
       b.memory_reasons, b.memory_details_mib, b.warm_up, b.log_path, l.content AS log, m.synthetic
  FROM eval.boot AS b
  JOIN eval.model AS m ON m.id = b.model_id
  JOIN eval.worker AS w ON w.id = b.worker_id
  LEFT JOIN eval.text_blob AS l ON l.hash = b.log_text_hash
 WHERE NOT m.synthetic OR current_setting('evalctl.include_synthetic', true) = 'on';
COMMENT ON VIEW analytics_v1.boots IS 'One row per engine start: what it was told, what it says it runs, and where its memory went.';
COMMENT ON COLUMN analytics_v1.boots.boot_id IS 'Identifier of the start.';
COMMENT ON COLUMN analytics_v1.boots.kind IS 'profile: measured the memory terms and served nothing; measured: served with a fixed KV cache; single: both in one.';
COMMENT ON COLUMN analytics_v1.boots.profile_boot_id IS 'The start whose terms stand for those that a fixed KV cache hides; NULL for none.';
COMMENT ON COLUMN analytics_v1.boots.profile_key IS 'Hash of model, engine options and environment: starts that share it have the same profile.';
COMMENT ON COLUMN analytics_v1.boots.model IS 'Name of the model.';
COMMENT ON COLUMN analytics_v1.boots.worker_id IS 'The worker process that started it.';
COMMENT ON COLUMN analytics_v1.boots.worker IS 'Host, device and pid of that process.';
COMMENT ON COLUMN analytics_v1.boots.host IS 'Host name.';
COMMENT ON COLUMN analytics_v1.boots.device IS 'cpu or cuda.';
COMMENT ON COLUMN analytics_v1.boots.gpu_uuid IS 'UUID of the GPU, NULL on a CPU.';
COMMENT ON COLUMN analytics_v1.boots.gpu_name IS 'Name of the GPU, NULL on a CPU.';
COMMENT ON COLUMN analytics_v1.boots.engine_version IS 'Name and version of the engine.';
COMMENT ON COLUMN analytics_v1.boots.config_hash IS 'Hash of the engine configuration.';
COMMENT ON COLUMN analytics_v1.boots.environment_hash IS 'Hash of the environment.';
COMMENT ON COLUMN analytics_v1.boots.config IS 'The engine configuration that was in force.';
COMMENT ON COLUMN analytics_v1.boots.environment IS 'Versions, driver and hardware that it ran on.';
COMMENT ON COLUMN analytics_v1.boots.backend_facts IS 'What the engine says it runs: attention, kernels, sampler.';
COMMENT ON COLUMN analytics_v1.boots.started_at IS 'When the start was recorded.';
COMMENT ON COLUMN analytics_v1.boots.start_s IS 'Seconds until it could serve.';
COMMENT ON COLUMN analytics_v1.boots.memory_kind IS 'device, host or NULL: what the memory columns are about.';
COMMENT ON COLUMN analytics_v1.boots.context_mib IS 'MiB of the CUDA context and libraries.';
COMMENT ON COLUMN analytics_v1.boots.weights_mib IS 'MiB of the weights.';
COMMENT ON COLUMN analytics_v1.boots.buffers_mib IS 'MiB of buffers and of what is not allocated through torch.';
COMMENT ON COLUMN analytics_v1.boots.activation_peak_mib IS 'MiB of the largest activation in the profiling run.';
COMMENT ON COLUMN analytics_v1.boots.graphs_mib IS 'MiB of CUDA graphs.';
COMMENT ON COLUMN analytics_v1.boots.kv_reserved_mib IS 'MiB reserved for the KV cache.';
COMMENT ON COLUMN analytics_v1.boots.kv_blocks IS 'Blocks of the KV cache.';
COMMENT ON COLUMN analytics_v1.boots.kv_block_bytes IS 'Bytes of one block over all layers.';
COMMENT ON COLUMN analytics_v1.boots.device_total_mib IS 'MiB of the whole GPU.';
COMMENT ON COLUMN analytics_v1.boots.device_base_mib IS 'MiB in use on the GPU before the engine started.';
COMMENT ON COLUMN analytics_v1.boots.memory_reasons IS 'Why a term is NULL, by its name.';
COMMENT ON COLUMN analytics_v1.boots.memory_details_mib IS 'What the terms were made from, in MiB, as the engine told it.';
COMMENT ON COLUMN analytics_v1.boots.warm_up IS 'The discarded requests: how many, their rates in tokens/s, and whether the rate had settled.';
COMMENT ON COLUMN analytics_v1.boots.log_path IS 'Where the engine wrote its log on its host.';
COMMENT ON COLUMN analytics_v1.boots.log IS 'What the log held when the engine was up; NULL where it was not kept.';
COMMENT ON COLUMN analytics_v1.boots.synthetic IS 'Whether the model is synthetic: its numbers are made up.';

CREATE OR REPLACE VIEW analytics_v1.problem_resources AS
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
       percentile_cont(0.9) WITHIN GROUP (ORDER BY ttft_ms) FILTER (WHERE used) AS ttft_ms_p90
  FROM (SELECT g.*, NOT g.flagged OR coalesce(current_setting('evalctl.include_flagged', true), '') = 'on' AS used
          FROM analytics_v1.generations AS g) AS g
 GROUP BY run_id, run, model, prompt, mode, config_hash, environment_hash, memory_kind, problem;
COMMENT ON VIEW analytics_v1.problem_resources IS 'Medians over the repetitions of a problem. Results with a flag are counted in flagged and left out of every figure unless the session says SET evalctl.include_flagged = ''on''; where all have one, the row stays with NULL figures. Figures never cross mode, config_hash or environment_hash.';
COMMENT ON COLUMN analytics_v1.problem_resources.repetitions IS 'Number of results used.';
COMMENT ON COLUMN analytics_v1.problem_resources.flagged IS 'Number of results with a flag.';
COMMENT ON COLUMN analytics_v1.problem_resources.ttfo_ms IS 'Median milliseconds to the first token of the answer.';
COMMENT ON COLUMN analytics_v1.problem_resources.queue_wait_s IS 'Median seconds from available to claimed; no part of e2e_s.';
COMMENT ON COLUMN analytics_v1.problem_resources.kv_used_mib IS 'Median MiB of KV cache in use at its peak.';
COMMENT ON COLUMN analytics_v1.problem_resources.running_peak IS 'Median of the most sequences that the engine ran at once.';
COMMENT ON COLUMN analytics_v1.problem_resources.boots IS 'Number of engine starts that made the results used.';
COMMENT ON COLUMN analytics_v1.problem_resources.gpu_name IS 'Name of the GPU, NULL on a CPU.';
COMMENT ON COLUMN analytics_v1.problem_resources.need_mib_min IS 'Smallest MiB needed by a result used.';
COMMENT ON COLUMN analytics_v1.problem_resources.need_mib_max IS 'Largest MiB needed by a result used.';
COMMENT ON COLUMN analytics_v1.problem_resources.ttft_ms_p10 IS '10th percentile, over the results used, of milliseconds to the first token.';
COMMENT ON COLUMN analytics_v1.problem_resources.ttft_ms_p90 IS '90th percentile, over the results used, of milliseconds to the first token.';

CREATE OR REPLACE VIEW analytics_v1.model_resources AS
SELECT p.run_id, p.run, p.model, p.prompt, p.mode, p.config_hash, p.environment_hash, p.memory_kind, p.problems, p.jobs, p.need_mib,
       p.nvml_peak_mib, p.host_peak_mib, p.ttft_ms, p.ttft_ms_min, p.ttft_ms_max, p.engine_ttft_ms, p.e2e_s, p.e2e_s_min, p.e2e_s_max,
       p.tpot_ms, p.tokens_per_s, p.output_tokens, p.flagged, p.ttfo_ms, p.queue_wait_s, p.kv_used_mib, p.running_peak,
       g.boots, p.gpu_name, p.need_mib_min, p.need_mib_max, g.ttft_ms_p10, g.ttft_ms_p90, t.total_tokens_per_s
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
              string_agg(DISTINCT gpu_name, ', ') AS gpu_name
         FROM analytics_v1.problem_resources
        GROUP BY run_id, run, model, prompt, mode, config_hash, environment_hash, memory_kind) AS p
  JOIN (
       SELECT run_id, model, prompt, mode, config_hash, environment_hash, memory_kind,
              count(DISTINCT boot_id) FILTER (WHERE used) AS boots,
              percentile_cont(0.1) WITHIN GROUP (ORDER BY ttft_ms) FILTER (WHERE used) AS ttft_ms_p10,
              percentile_cont(0.9) WITHIN GROUP (ORDER BY ttft_ms) FILTER (WHERE used) AS ttft_ms_p90
         FROM (SELECT g.*, NOT g.flagged OR coalesce(current_setting('evalctl.include_flagged', true), '') = 'on' AS used
                 FROM analytics_v1.generations AS g) AS g
        GROUP BY run_id, model, prompt, mode, config_hash, environment_hash, memory_kind) AS g
    ON g.run_id = p.run_id AND g.model = p.model AND g.prompt = p.prompt AND g.mode = p.mode
   AND g.config_hash = p.config_hash AND g.environment_hash = p.environment_hash
   AND g.memory_kind IS NOT DISTINCT FROM p.memory_kind
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
COMMENT ON VIEW analytics_v1.model_resources IS 'Medians over the problems, of the medians over repetitions. Results with a flag are counted in flagged and left out of every figure unless the session says SET evalctl.include_flagged = ''on''; where all have one, the row stays with NULL figures. Figures never cross mode, config_hash or environment_hash.';
COMMENT ON COLUMN analytics_v1.model_resources.problems IS 'Number of problems with a result used.';
COMMENT ON COLUMN analytics_v1.model_resources.jobs IS 'Number of results used.';
COMMENT ON COLUMN analytics_v1.model_resources.flagged IS 'Number of results with a flag.';
COMMENT ON COLUMN analytics_v1.model_resources.ttfo_ms IS 'Median milliseconds to the first token of the answer.';
COMMENT ON COLUMN analytics_v1.model_resources.queue_wait_s IS 'Median seconds from available to claimed; no part of e2e_s.';
COMMENT ON COLUMN analytics_v1.model_resources.kv_used_mib IS 'Median MiB of KV cache in use at its peak.';
COMMENT ON COLUMN analytics_v1.model_resources.running_peak IS 'Median of the most sequences that the engine ran at once.';
COMMENT ON COLUMN analytics_v1.model_resources.boots IS 'Number of engine starts that made the results used.';
COMMENT ON COLUMN analytics_v1.model_resources.gpu_name IS 'Name of the GPU, NULL on a CPU.';
COMMENT ON COLUMN analytics_v1.model_resources.need_mib_min IS 'Smallest MiB needed by a result used.';
COMMENT ON COLUMN analytics_v1.model_resources.need_mib_max IS 'Largest MiB needed by a result used.';
COMMENT ON COLUMN analytics_v1.model_resources.ttft_ms_p10 IS '10th percentile, over the results used, of milliseconds to the first token.';
COMMENT ON COLUMN analytics_v1.model_resources.ttft_ms_p90 IS '90th percentile, over the results used, of milliseconds to the first token.';
COMMENT ON COLUMN analytics_v1.model_resources.total_tokens_per_s IS 'Output tokens per second of a whole engine: the tokens of all results of an engine start in this run and mode, of every prompt and flagged ones too (they shared the engine), over the seconds in which at least one was in flight; median over the starts.';
COMMENT ON VIEW analytics_v1.problem_scores IS 'Medians over the repetitions of a problem. Flags are about time and memory, so results with a flag count here like any other: text is text.';
COMMENT ON VIEW analytics_v1.category_scores IS 'Means over the problems of a category, of the medians over repetitions. Flags are about time and memory, so results with a flag count here like any other: text is text.';

CREATE VIEW analytics_v1.probe_points AS
SELECT j.job_id, j.run_id, j.run, j.model, j.prompt AS kind,
       CASE j.prompt WHEN 'context' THEN 'tokens' ELSE j.prompt END AS unit,
       j.repetition AS search, j.state, p.ordinal, p.attempt_no, p.boot_id, w.gpu_name AS gpu,
       coalesce(p.details ->> 'memory_limit_mib', j.probe ->> 'memory_limit_mib')::double precision AS memory_limit_mib,
       coalesce((p.details ->> 'emulated')::boolean, j.probe ->> 'memory_limit_mib' IS NOT NULL) AS emulated,
       p.level, p.trial, p.outcome, p.reason, p.sentence, p.requests, p.errors, p.preemptions, p.waiting_steps,
       p.ttft_p50_ms, p.ttft_p95_ms, p.e2e_p50_s, p.e2e_p95_s, p.tokens_per_s, p.memory_kind, p.need_mib, p.kv_used_mib,
       p.base_mib, p.peak_mib, p.after_mib, p.answer_right,
       (p.details ->> 'analytic_bound')::double precision AS analytic_bound, p.details, p.created_at
  FROM eval.probe_point AS p
  JOIN analytics_v1.jobs AS j ON j.job_id = p.job_id
  LEFT JOIN eval.attempt AS a ON a.job_id = p.job_id AND a.attempt_no = p.attempt_no
  LEFT JOIN eval.worker AS w ON w.id = a.worker_id;
COMMENT ON VIEW analytics_v1.probe_points IS 'One row per trial of a probe at one level.';
COMMENT ON COLUMN analytics_v1.probe_points.job_id IS 'The search.';
COMMENT ON COLUMN analytics_v1.probe_points.run_id IS 'The run.';
COMMENT ON COLUMN analytics_v1.probe_points.run IS 'Name of the run.';
COMMENT ON COLUMN analytics_v1.probe_points.model IS 'Name of the model.';
COMMENT ON COLUMN analytics_v1.probe_points.kind IS 'sequences (in flight in one engine), instances (engines on one card) or context (length of one prompt).';
COMMENT ON COLUMN analytics_v1.probe_points.unit IS 'What level counts: sequences, instances or tokens.';
COMMENT ON COLUMN analytics_v1.probe_points.search IS '1, 2, ... among the searches of this kind.';
COMMENT ON COLUMN analytics_v1.probe_points.state IS 'State of the search''s job; succeeded once the search has ended.';
COMMENT ON COLUMN analytics_v1.probe_points.ordinal IS '1, 2, ... in the order in which they were tried.';
COMMENT ON COLUMN analytics_v1.probe_points.attempt_no IS 'The attempt of the job that tried it.';
COMMENT ON COLUMN analytics_v1.probe_points.boot_id IS 'The engine start that was probed, the last where there were several; NULL where none came up.';
COMMENT ON COLUMN analytics_v1.probe_points.gpu IS 'Name of the GPU, NULL on a CPU.';
COMMENT ON COLUMN analytics_v1.probe_points.memory_limit_mib IS 'MiB of the card that was emulated; NULL: the whole card.';
COMMENT ON COLUMN analytics_v1.probe_points.emulated IS 'Whether a smaller card was emulated.';
COMMENT ON COLUMN analytics_v1.probe_points.level IS 'Sequences, instances or tokens that were tried.';
COMMENT ON COLUMN analytics_v1.probe_points.trial IS '1, 2, ... at this level.';
COMMENT ON COLUMN analytics_v1.probe_points.outcome IS 'stable, unstable (waited, was preempted or too slow) or failed (did not run to its end).';
COMMENT ON COLUMN analytics_v1.probe_points.reason IS 'Word for why it was not stable, e.g. RUNTIME_CUDA_OOM, PREEMPTED, SLA; NULL where it was.';
COMMENT ON COLUMN analytics_v1.probe_points.sentence IS 'The same in a sentence.';
COMMENT ON COLUMN analytics_v1.probe_points.requests IS 'Number of requests sent.';
COMMENT ON COLUMN analytics_v1.probe_points.errors IS 'Number of requests that failed.';
COMMENT ON COLUMN analytics_v1.probe_points.preemptions IS 'How often the scheduler preempted a request.';
COMMENT ON COLUMN analytics_v1.probe_points.waiting_steps IS 'Steps in which a sequence waited although all had been admitted once.';
COMMENT ON COLUMN analytics_v1.probe_points.ttft_p50_ms IS 'Median milliseconds to the first token.';
COMMENT ON COLUMN analytics_v1.probe_points.ttft_p95_ms IS '95th percentile of milliseconds to the first token.';
COMMENT ON COLUMN analytics_v1.probe_points.e2e_p50_s IS 'Median seconds to the last token.';
COMMENT ON COLUMN analytics_v1.probe_points.e2e_p95_s IS '95th percentile of seconds to the last token.';
COMMENT ON COLUMN analytics_v1.probe_points.tokens_per_s IS 'Output tokens of all sequences per second.';
COMMENT ON COLUMN analytics_v1.probe_points.memory_kind IS 'device or host: what the memory columns are about.';
COMMENT ON COLUMN analytics_v1.probe_points.need_mib IS 'MiB that all engines needed together.';
COMMENT ON COLUMN analytics_v1.probe_points.kv_used_mib IS 'MiB of KV cache in use at its peak.';
COMMENT ON COLUMN analytics_v1.probe_points.base_mib IS 'MiB in use before the search, without what emulates a smaller card.';
COMMENT ON COLUMN analytics_v1.probe_points.peak_mib IS 'MiB in use at the peak of the trial, without what emulates a smaller card.';
COMMENT ON COLUMN analytics_v1.probe_points.after_mib IS 'MiB in use after the trial, without what emulates a smaller card.';
COMMENT ON COLUMN analytics_v1.probe_points.answer_right IS 'Whether the answer was right, of a probe that asks a question.';
COMMENT ON COLUMN analytics_v1.probe_points.analytic_bound IS 'The level that the size of the KV cache allows by calculation.';
COMMENT ON COLUMN analytics_v1.probe_points.details IS 'Everything else that was noted.';
COMMENT ON COLUMN analytics_v1.probe_points.created_at IS 'When the trial ended.';

CREATE VIEW analytics_v1.probe_thresholds AS
WITH levels AS (
    SELECT p.run_id, p.run, p.model, p.kind, p.unit, p.gpu, p.memory_limit_mib, p.emulated, p.job_id, p.level,
           bool_and(p.outcome = 'stable') AS stable,
           -- Several engines side by side: a level counts as failed when two thirds of its trials failed.
           3 * count(*) FILTER (WHERE p.outcome <> 'stable') >= CASE WHEN p.kind = 'instances' THEN 2 * count(*) ELSE 1 END AS failed,
           mode() WITHIN GROUP (ORDER BY p.reason) AS reason,
           max(p.need_mib) AS need_mib, max(p.peak_mib) AS peak_mib, max(p.analytic_bound) AS analytic_bound
      FROM analytics_v1.probe_points AS p
     WHERE p.state = 'succeeded'
     GROUP BY p.run_id, p.run, p.model, p.kind, p.unit, p.gpu, p.memory_limit_mib, p.emulated, p.job_id, p.level
), ends AS (
    SELECT l.*, min(l.level) FILTER (WHERE NOT l.stable) OVER search AS first_unstable,
           min(l.level) FILTER (WHERE l.failed AND NOT l.stable) OVER search AS first_failed
      FROM levels AS l
    WINDOW search AS (PARTITION BY l.job_id, l.gpu, l.memory_limit_mib, l.emulated)
), searches AS (
    SELECT e.run_id, e.run, e.model, e.kind, e.unit, e.gpu, e.memory_limit_mib, e.emulated, e.job_id,
           -- Where one already failed, none is what is stable; above that, what lies below was not tried.
           coalesce(max(e.level) FILTER (WHERE e.below), CASE WHEN e.first_unstable = 1 THEN 0 END) AS max_stable,
           e.first_failed AS first_failure,
           max(CASE WHEN NOT e.failed THEN 'UNSTABLE' ELSE e.reason END) FILTER (WHERE e.level = e.first_unstable) AS reason,
           (array_agg(e.need_mib ORDER BY e.level DESC) FILTER (WHERE e.below))[1] AS need_mib,
           (array_agg(e.peak_mib ORDER BY e.level DESC) FILTER (WHERE e.below))[1] AS peak_mib,
           max(e.analytic_bound) AS analytic_bound
      FROM (SELECT x.*, x.stable AND (x.first_unstable IS NULL OR x.level < x.first_unstable) AS below FROM ends AS x) AS e
     GROUP BY e.run_id, e.run, e.model, e.kind, e.unit, e.gpu, e.memory_limit_mib, e.emulated, e.job_id, e.first_unstable, e.first_failed
), chosen AS (
    SELECT s.*, row_number() OVER found AS place, count(*) OVER (found ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS searches,
           count(s.max_stable) OVER whole = 0
           OR count(s.max_stable) OVER whole = count(*) OVER whole AND min(s.max_stable) OVER whole = max(s.max_stable) OVER whole AS agreed
      FROM searches AS s
    WINDOW found AS (PARTITION BY s.run_id, s.model, s.kind, s.gpu, s.memory_limit_mib, s.emulated
                         ORDER BY s.max_stable NULLS FIRST, s.first_failure, s.job_id),
           whole AS (PARTITION BY s.run_id, s.model, s.kind, s.gpu, s.memory_limit_mib, s.emulated)
)
SELECT c.run_id, c.run, c.model, c.kind, c.unit, c.gpu, c.memory_limit_mib, c.emulated, c.searches, c.max_stable,
       c.first_failure, c.reason,
       CASE WHEN c.reason IN ('INIT_NO_KV', 'INIT_FREE_MEM', 'INIT_CUDA_OOM', 'RUNTIME_CUDA_OOM', 'HOST_OOM', 'INIT_KV_LT_MAXLEN')
            THEN 'memory'
            WHEN c.reason IN ('PREEMPTED', 'WAITING') THEN 'kv_cache'
            WHEN c.reason = 'SLA' THEN 'latency'
            WHEN c.reason IS NULL AND c.max_stable >= (j.probe ->> 'max_level')::bigint THEN 'level'
            ELSE 'other' END AS limited_by,
       c.agreed, c.need_mib, c.peak_mib, c.analytic_bound
  FROM chosen AS c
  JOIN eval.job AS j ON j.id = c.job_id
 WHERE c.place = 1;
COMMENT ON VIEW analytics_v1.probe_thresholds IS 'One row per run, model, kind, card and emulated size: the limit that the ended searches found. A level is stable when all its trials are; the limit is the largest stable level below the first that is not, and of several searches the smallest.';
COMMENT ON COLUMN analytics_v1.probe_thresholds.run_id IS 'The run.';
COMMENT ON COLUMN analytics_v1.probe_thresholds.run IS 'Name of the run.';
COMMENT ON COLUMN analytics_v1.probe_thresholds.model IS 'Name of the model.';
COMMENT ON COLUMN analytics_v1.probe_thresholds.kind IS 'sequences, instances or context.';
COMMENT ON COLUMN analytics_v1.probe_thresholds.unit IS 'What the levels count: sequences, instances or tokens.';
COMMENT ON COLUMN analytics_v1.probe_thresholds.gpu IS 'Name of the GPU, NULL on a CPU.';
COMMENT ON COLUMN analytics_v1.probe_thresholds.memory_limit_mib IS 'MiB of the card that was emulated; NULL: the whole card.';
COMMENT ON COLUMN analytics_v1.probe_thresholds.emulated IS 'Whether a smaller card was emulated.';
COMMENT ON COLUMN analytics_v1.probe_thresholds.searches IS 'Number of ended searches.';
COMMENT ON COLUMN analytics_v1.probe_thresholds.max_stable IS 'Largest stable level below the first that is not; 0 where level 1 was not; NULL where the lowest level tried was not and lies above 1.';
COMMENT ON COLUMN analytics_v1.probe_thresholds.first_failure IS 'First level that was not stable; of instances the first that failed in at least two thirds of its trials; NULL where none did.';
COMMENT ON COLUMN analytics_v1.probe_thresholds.reason IS 'Most frequent word at the first level that was not stable; UNSTABLE where instances failed there in fewer than two thirds of the trials; NULL where every level was stable.';
COMMENT ON COLUMN analytics_v1.probe_thresholds.limited_by IS 'memory, kv_cache (requests waited or were preempted), latency, level (the highest level asked for was stable) or other.';
COMMENT ON COLUMN analytics_v1.probe_thresholds.agreed IS 'Whether all searches found the same max_stable.';
COMMENT ON COLUMN analytics_v1.probe_thresholds.need_mib IS 'MiB that all engines needed together at max_stable, the largest of its trials.';
COMMENT ON COLUMN analytics_v1.probe_thresholds.peak_mib IS 'MiB in use on the card at max_stable, the largest of its trials, reservation included.';
COMMENT ON COLUMN analytics_v1.probe_thresholds.analytic_bound IS 'The level that the size of the KV cache allows by calculation.';
