-- Schema analytics_v1, the public contract with analysts: views only, every column commented, columns only ever appended.
-- Rows of synthetic models are left out unless the session says: SET evalctl.include_synthetic = 'on'.

CREATE SCHEMA analytics_v1;
COMMENT ON SCHEMA analytics_v1 IS 'Public views of evalctl; columns are only ever appended.';

CREATE VIEW analytics_v1.runs AS
SELECT r.id AS run_id, r.name AS run, r.mode, r.experiment ->> 'language' AS language,
       r.experiment ->> 'problems' AS problem_set, r.ordinal, r.created_at, r.cancelled_at
  FROM eval.run AS r;
COMMENT ON VIEW analytics_v1.runs IS 'One row per submitted experiment.';
COMMENT ON COLUMN analytics_v1.runs.run_id IS 'Identifier of the run.';
COMMENT ON COLUMN analytics_v1.runs.run IS 'Name of the run, unique.';
COMMENT ON COLUMN analytics_v1.runs.mode IS 'latency: one sequence in flight; throughput: as many as the engine takes.';
COMMENT ON COLUMN analytics_v1.runs.language IS 'Language of the statements, zh or en.';
COMMENT ON COLUMN analytics_v1.runs.problem_set IS 'The problem set as the user named it.';
COMMENT ON COLUMN analytics_v1.runs.ordinal IS '1, 2, ... among the runs of the same experiment.';
COMMENT ON COLUMN analytics_v1.runs.created_at IS 'When it was first submitted.';
COMMENT ON COLUMN analytics_v1.runs.cancelled_at IS 'When the user cancelled it, else NULL.';

CREATE VIEW analytics_v1.jobs AS
SELECT j.id AS job_id, j.run_id, r.name AS run, m.name AS model, p.name AS problem, p.category, j.prompt, j.repetition,
       j.mode, j.state, j.attempt_no AS attempts, j.failure_kind, j.error_class, j.error_message,
       j.created_at, j.finished_at, m.synthetic
  FROM eval.job AS j
  JOIN eval.run AS r ON r.id = j.run_id
  JOIN eval.model AS m ON m.id = j.model_id
  JOIN eval.problem AS p ON p.id = j.problem_id
 WHERE NOT m.synthetic OR current_setting('evalctl.include_synthetic', true) = 'on';
COMMENT ON VIEW analytics_v1.jobs IS 'One row per job: model x problem x prompt x repetition of a run.';
COMMENT ON COLUMN analytics_v1.jobs.job_id IS 'Identifier of the job.';
COMMENT ON COLUMN analytics_v1.jobs.run_id IS 'The run it belongs to.';
COMMENT ON COLUMN analytics_v1.jobs.run IS 'Name of that run.';
COMMENT ON COLUMN analytics_v1.jobs.model IS 'Name of the model in the registry.';
COMMENT ON COLUMN analytics_v1.jobs.problem IS 'Identifier of the problem, e.g. sec-symmetric-01.';
COMMENT ON COLUMN analytics_v1.jobs.category IS 'secondary, university or modelling.';
COMMENT ON COLUMN analytics_v1.jobs.prompt IS 'Prompt style: plain or stepwise.';
COMMENT ON COLUMN analytics_v1.jobs.repetition IS '1, 2, ...; each has its own seed, the same for all models.';
COMMENT ON COLUMN analytics_v1.jobs.mode IS 'latency or throughput.';
COMMENT ON COLUMN analytics_v1.jobs.state IS 'queued, running, succeeded, failed, dead or cancelled.';
COMMENT ON COLUMN analytics_v1.jobs.attempts IS 'How often it was claimed.';
COMMENT ON COLUMN analytics_v1.jobs.failure_kind IS 'infra, poison, rejected, out_of_memory or timed_out; NULL unless failed or dead.';
COMMENT ON COLUMN analytics_v1.jobs.error_class IS 'Stable word for the error, e.g. PROMPT_TOO_LONG.';
COMMENT ON COLUMN analytics_v1.jobs.error_message IS 'The error in a sentence.';
COMMENT ON COLUMN analytics_v1.jobs.created_at IS 'When it was submitted.';
COMMENT ON COLUMN analytics_v1.jobs.finished_at IS 'When it reached a terminal state, else NULL.';
COMMENT ON COLUMN analytics_v1.jobs.synthetic IS 'Whether the model is synthetic: its text and numbers are made up.';

CREATE VIEW analytics_v1.attempts AS
SELECT a.job_id, a.attempt_no, j.run, j.model, j.problem, w.name AS worker, w.gpu_uuid, a.outcome, a.failure_kind,
       a.error_class, a.error_message, a.started_at, a.ended_at
  FROM eval.attempt AS a
  JOIN analytics_v1.jobs AS j ON j.job_id = a.job_id
  JOIN eval.worker AS w ON w.id = a.worker_id;
COMMENT ON VIEW analytics_v1.attempts IS 'One row per execution of a job by a worker.';
COMMENT ON COLUMN analytics_v1.attempts.job_id IS 'The job.';
COMMENT ON COLUMN analytics_v1.attempts.attempt_no IS '1, 2, ...; the fencing token of its writes.';
COMMENT ON COLUMN analytics_v1.attempts.run IS 'Name of the run.';
COMMENT ON COLUMN analytics_v1.attempts.model IS 'Name of the model.';
COMMENT ON COLUMN analytics_v1.attempts.problem IS 'Identifier of the problem.';
COMMENT ON COLUMN analytics_v1.attempts.worker IS 'Host, device and pid of the worker.';
COMMENT ON COLUMN analytics_v1.attempts.gpu_uuid IS 'The GPU it ran on, NULL on a CPU.';
COMMENT ON COLUMN analytics_v1.attempts.outcome IS 'running, succeeded, failed, lost (its lease expired) or cancelled.';
COMMENT ON COLUMN analytics_v1.attempts.failure_kind IS 'As in jobs.';
COMMENT ON COLUMN analytics_v1.attempts.error_class IS 'As in jobs.';
COMMENT ON COLUMN analytics_v1.attempts.error_message IS 'As in jobs.';
COMMENT ON COLUMN analytics_v1.attempts.started_at IS 'When the job was claimed, on the database clock.';
COMMENT ON COLUMN analytics_v1.attempts.ended_at IS 'When it ended or was given up, NULL while it runs.';

CREATE VIEW analytics_v1.generations AS
SELECT g.job_id, g.attempt_no, j.run_id, j.run, j.model, j.problem, j.category, j.prompt, j.repetition, j.mode,
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
       g.flags, g.prompt_hash, g.output_hash, g.sampling_hash, o.content AS output, g.created_at
  FROM eval.generation AS g
  JOIN analytics_v1.jobs AS j ON j.job_id = g.job_id
  JOIN eval.boot AS b ON b.id = g.boot_id
  JOIN eval.text_blob AS o ON o.hash = g.output_text_hash
  LEFT JOIN eval.memory_trace AS t ON t.job_id = g.job_id
 WHERE j.state = 'succeeded';
COMMENT ON VIEW analytics_v1.generations IS 'One row per committed result: tokens, timings and memory of the same generation.';
COMMENT ON COLUMN analytics_v1.generations.job_id IS 'The job.';
COMMENT ON COLUMN analytics_v1.generations.attempt_no IS 'The attempt that committed.';
COMMENT ON COLUMN analytics_v1.generations.run_id IS 'The run.';
COMMENT ON COLUMN analytics_v1.generations.run IS 'Name of the run.';
COMMENT ON COLUMN analytics_v1.generations.model IS 'Name of the model.';
COMMENT ON COLUMN analytics_v1.generations.problem IS 'Identifier of the problem.';
COMMENT ON COLUMN analytics_v1.generations.category IS 'secondary, university or modelling.';
COMMENT ON COLUMN analytics_v1.generations.prompt IS 'Prompt style.';
COMMENT ON COLUMN analytics_v1.generations.repetition IS '1, 2, ...';
COMMENT ON COLUMN analytics_v1.generations.mode IS 'latency or throughput.';
COMMENT ON COLUMN analytics_v1.generations.config_hash IS 'Hash of the engine configuration; medians never cross it.';
COMMENT ON COLUMN analytics_v1.generations.environment_hash IS 'Hash of host, GPU, driver and versions; medians never cross it.';
COMMENT ON COLUMN analytics_v1.generations.engine_version IS 'Engine and its version.';
COMMENT ON COLUMN analytics_v1.generations.prompt_tokens IS 'Tokens of the prompt.';
COMMENT ON COLUMN analytics_v1.generations.output_tokens IS 'Tokens generated.';
COMMENT ON COLUMN analytics_v1.generations.cached_tokens IS 'Prompt tokens taken from a prefix cache; 0 in a valid measurement.';
COMMENT ON COLUMN analytics_v1.generations.finish_reason IS 'stop or length.';
COMMENT ON COLUMN analytics_v1.generations.queue_wait_s IS 'Seconds from available to claimed; no part of e2e_s.';
COMMENT ON COLUMN analytics_v1.generations.ttft_ms IS 'Milliseconds from submission to the engine until its first token, as the worker saw them.';
COMMENT ON COLUMN analytics_v1.generations.engine_ttft_ms IS 'The same as the engine core stamps it, from queued to first token.';
COMMENT ON COLUMN analytics_v1.generations.e2e_s IS 'Seconds from submission to the engine until its last token.';
COMMENT ON COLUMN analytics_v1.generations.tpot_ms IS 'Milliseconds per output token after the first; NULL for one token.';
COMMENT ON COLUMN analytics_v1.generations.tokens_per_s IS 'Output tokens per second of e2e_s.';
COMMENT ON COLUMN analytics_v1.generations.preemptions IS 'How often the scheduler preempted it, NULL where unknown.';
COMMENT ON COLUMN analytics_v1.generations.memory_kind IS 'device: GPU memory; host: resident memory on a CPU; NULL: not visible from the worker.';
COMMENT ON COLUMN analytics_v1.generations.need_mib IS 'MiB this generation needed: context + weights and buffers + activation peak + graphs + KV used; on a CPU the resident peak of the engine.';
COMMENT ON COLUMN analytics_v1.generations.kv_used_mib IS 'MiB of KV cache in use at its peak.';
COMMENT ON COLUMN analytics_v1.generations.nvml_peak_mib IS 'MiB used on the whole GPU at the peak, including the reservation; NULL on a CPU.';
COMMENT ON COLUMN analytics_v1.generations.host_peak_mib IS 'MiB resident in the engine''s processes at the peak; NULL on a GPU.';
COMMENT ON COLUMN analytics_v1.generations.flags IS 'Words that say why a row should be distrusted.';
COMMENT ON COLUMN analytics_v1.generations.prompt_hash IS 'SHA-256 of the exact prompt.';
COMMENT ON COLUMN analytics_v1.generations.output_hash IS 'SHA-256 of the output''s token ids.';
COMMENT ON COLUMN analytics_v1.generations.sampling_hash IS 'SHA-256 of the sampling parameters with the seed.';
COMMENT ON COLUMN analytics_v1.generations.output IS 'The output text.';
COMMENT ON COLUMN analytics_v1.generations.created_at IS 'When the result was committed.';

CREATE VIEW analytics_v1.scores AS
SELECT s.job_id, j.run_id, j.run, j.model, j.problem, j.category, j.prompt, j.repetition, j.mode, s.score_id, s.scorer_version,
       s.path, s.steps_done, s.steps_total, s.score7, s.answer_correct, s.guess_suspected, s.scored_at
  FROM analytics_v1.jobs AS j
  JOIN LATERAL (
       SELECT c.job_id, c.id AS score_id, c.scorer_version, c.path_id AS path, c.steps_done, c.steps_total, c.score7,
              c.answer_correct, c.guess_suspected, c.created_at AS scored_at
         FROM eval.score AS c WHERE c.job_id = j.job_id ORDER BY c.id DESC LIMIT 1) AS s ON true
 WHERE j.state = 'succeeded';
COMMENT ON VIEW analytics_v1.scores IS 'The newest scoring of each committed result.';
COMMENT ON COLUMN analytics_v1.scores.job_id IS 'The job.';
COMMENT ON COLUMN analytics_v1.scores.run_id IS 'The run.';
COMMENT ON COLUMN analytics_v1.scores.run IS 'Name of the run.';
COMMENT ON COLUMN analytics_v1.scores.model IS 'Name of the model.';
COMMENT ON COLUMN analytics_v1.scores.problem IS 'Identifier of the problem.';
COMMENT ON COLUMN analytics_v1.scores.category IS 'secondary, university or modelling.';
COMMENT ON COLUMN analytics_v1.scores.prompt IS 'Prompt style.';
COMMENT ON COLUMN analytics_v1.scores.repetition IS '1, 2, ...';
COMMENT ON COLUMN analytics_v1.scores.mode IS 'latency or throughput.';
COMMENT ON COLUMN analytics_v1.scores.score_id IS 'Identifier of the scoring, for step_verdicts.';
COMMENT ON COLUMN analytics_v1.scores.scorer_version IS 'Version of the scorer.';
COMMENT ON COLUMN analytics_v1.scores.path IS 'The reference path that fits best.';
COMMENT ON COLUMN analytics_v1.scores.steps_done IS 'Reference steps shown in the output.';
COMMENT ON COLUMN analytics_v1.scores.steps_total IS 'Reference steps of that path.';
COMMENT ON COLUMN analytics_v1.scores.score7 IS '7 x the weighted share of steps done.';
COMMENT ON COLUMN analytics_v1.scores.answer_correct IS 'Whether the final answer is right; NULL where it cannot be told.';
COMMENT ON COLUMN analytics_v1.scores.guess_suspected IS 'Right answer with under half of the steps.';
COMMENT ON COLUMN analytics_v1.scores.scored_at IS 'When it was scored.';

CREATE VIEW analytics_v1.step_verdicts AS
SELECT s.job_id, s.run, s.model, s.problem, s.repetition, v.ordinal, v.step, v.verdict, v.evidence, v.evidence_start,
       v.evidence_end, v.reason
  FROM analytics_v1.scores AS s
  JOIN eval.step_verdict AS v ON v.score_id = s.score_id;
COMMENT ON VIEW analytics_v1.step_verdicts IS 'The newest verdict on each reference step of each committed result.';
COMMENT ON COLUMN analytics_v1.step_verdicts.job_id IS 'The job.';
COMMENT ON COLUMN analytics_v1.step_verdicts.run IS 'Name of the run.';
COMMENT ON COLUMN analytics_v1.step_verdicts.model IS 'Name of the model.';
COMMENT ON COLUMN analytics_v1.step_verdicts.problem IS 'Identifier of the problem.';
COMMENT ON COLUMN analytics_v1.step_verdicts.repetition IS '1, 2, ...';
COMMENT ON COLUMN analytics_v1.step_verdicts.ordinal IS 'Place of the step in the reference path, from 1.';
COMMENT ON COLUMN analytics_v1.step_verdicts.step IS 'Identifier of the step.';
COMMENT ON COLUMN analytics_v1.step_verdicts.verdict IS 'done, present_invalid, wrong, missing or unclear.';
COMMENT ON COLUMN analytics_v1.step_verdicts.evidence IS 'The passage of the output that decided it.';
COMMENT ON COLUMN analytics_v1.step_verdicts.evidence_start IS 'Character offset of that passage in the output.';
COMMENT ON COLUMN analytics_v1.step_verdicts.evidence_end IS 'Character offset of its end.';
COMMENT ON COLUMN analytics_v1.step_verdicts.reason IS 'Why the verdict was given.';

CREATE VIEW analytics_v1.memory_samples AS
SELECT g.job_id, g.run, g.model, t.kind AS memory_kind, s.ordinal,
       (t.started_s - e.submitted_s) * 1000 + (s.ordinal - 1) * t.period_ms AS since_submit_ms, s.used_mib
  FROM analytics_v1.generations AS g
  JOIN eval.generation AS e ON e.job_id = g.job_id
  JOIN eval.memory_trace AS t ON t.job_id = g.job_id
 CROSS JOIN LATERAL unnest(t.used_mib) WITH ORDINALITY AS s(used_mib, ordinal);
COMMENT ON VIEW analytics_v1.memory_samples IS 'The memory trace of each committed result, a row per sample.';
COMMENT ON COLUMN analytics_v1.memory_samples.job_id IS 'The job.';
COMMENT ON COLUMN analytics_v1.memory_samples.run IS 'Name of the run.';
COMMENT ON COLUMN analytics_v1.memory_samples.model IS 'Name of the model.';
COMMENT ON COLUMN analytics_v1.memory_samples.memory_kind IS 'device (whole GPU, reservation included) or host (resident).';
COMMENT ON COLUMN analytics_v1.memory_samples.ordinal IS 'Number of the sample, from 1.';
COMMENT ON COLUMN analytics_v1.memory_samples.since_submit_ms IS 'Milliseconds since the request was submitted to the engine.';
COMMENT ON COLUMN analytics_v1.memory_samples.used_mib IS 'MiB in use.';

CREATE VIEW analytics_v1.problem_scores AS
SELECT run_id, run, model, prompt, mode, category, problem, count(*) AS repetitions,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY score7) AS score7,
       min(score7) AS score7_min, max(score7) AS score7_max,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY steps_done::double precision / steps_total) AS steps_share,
       avg(answer_correct::int)::double precision AS answer_accuracy,
       avg(guess_suspected::int)::double precision AS guess_rate
  FROM analytics_v1.scores
 GROUP BY run_id, run, model, prompt, mode, category, problem;
COMMENT ON VIEW analytics_v1.problem_scores IS 'Medians over the repetitions of each problem.';
COMMENT ON COLUMN analytics_v1.problem_scores.run_id IS 'The run.';
COMMENT ON COLUMN analytics_v1.problem_scores.run IS 'Name of the run.';
COMMENT ON COLUMN analytics_v1.problem_scores.model IS 'Name of the model.';
COMMENT ON COLUMN analytics_v1.problem_scores.prompt IS 'Prompt style.';
COMMENT ON COLUMN analytics_v1.problem_scores.mode IS 'latency or throughput.';
COMMENT ON COLUMN analytics_v1.problem_scores.category IS 'secondary, university or modelling.';
COMMENT ON COLUMN analytics_v1.problem_scores.problem IS 'Identifier of the problem.';
COMMENT ON COLUMN analytics_v1.problem_scores.repetitions IS 'Number of results.';
COMMENT ON COLUMN analytics_v1.problem_scores.score7 IS 'Median of score7 over the repetitions.';
COMMENT ON COLUMN analytics_v1.problem_scores.score7_min IS 'Smallest score7.';
COMMENT ON COLUMN analytics_v1.problem_scores.score7_max IS 'Largest score7.';
COMMENT ON COLUMN analytics_v1.problem_scores.steps_share IS 'Median of steps done / steps total, from 0 to 1.';
COMMENT ON COLUMN analytics_v1.problem_scores.answer_accuracy IS 'Share of right final answers, from 0 to 1; answers that cannot be told are left out.';
COMMENT ON COLUMN analytics_v1.problem_scores.guess_rate IS 'Share of results suspected to be guesses, from 0 to 1.';

CREATE VIEW analytics_v1.category_scores AS
SELECT run_id, run, model, prompt, mode, category, count(*) AS problems, sum(repetitions)::bigint AS repetitions,
       avg(score7) AS score7, min(score7) AS score7_min, max(score7) AS score7_max, avg(steps_share) AS steps_share,
       avg(answer_accuracy) AS answer_accuracy, avg(guess_rate) AS guess_rate
  FROM analytics_v1.problem_scores
 GROUP BY run_id, run, model, prompt, mode, category;
COMMENT ON VIEW analytics_v1.category_scores IS 'Means over the problems of a category, of the medians over repetitions.';
COMMENT ON COLUMN analytics_v1.category_scores.run_id IS 'The run.';
COMMENT ON COLUMN analytics_v1.category_scores.run IS 'Name of the run.';
COMMENT ON COLUMN analytics_v1.category_scores.model IS 'Name of the model.';
COMMENT ON COLUMN analytics_v1.category_scores.prompt IS 'Prompt style.';
COMMENT ON COLUMN analytics_v1.category_scores.mode IS 'latency or throughput.';
COMMENT ON COLUMN analytics_v1.category_scores.category IS 'secondary, university or modelling.';
COMMENT ON COLUMN analytics_v1.category_scores.problems IS 'Number of problems.';
COMMENT ON COLUMN analytics_v1.category_scores.repetitions IS 'Number of results over all its problems.';
COMMENT ON COLUMN analytics_v1.category_scores.score7 IS 'Mean over the problems of the median score7.';
COMMENT ON COLUMN analytics_v1.category_scores.score7_min IS 'Median score7 of the worst problem.';
COMMENT ON COLUMN analytics_v1.category_scores.score7_max IS 'Median score7 of the best problem.';
COMMENT ON COLUMN analytics_v1.category_scores.steps_share IS 'Mean over the problems of the median share of steps done, from 0 to 1.';
COMMENT ON COLUMN analytics_v1.category_scores.answer_accuracy IS 'Mean over the problems of the share of right answers, from 0 to 1.';
COMMENT ON COLUMN analytics_v1.category_scores.guess_rate IS 'Mean over the problems of the share of suspected guesses, from 0 to 1.';

CREATE VIEW analytics_v1.problem_resources AS
SELECT run_id, run, model, prompt, mode, config_hash, environment_hash, memory_kind, problem, count(*) AS repetitions,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY need_mib) AS need_mib,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY nvml_peak_mib::double precision) AS nvml_peak_mib,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY host_peak_mib::double precision) AS host_peak_mib,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY ttft_ms) AS ttft_ms,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY engine_ttft_ms) AS engine_ttft_ms,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY e2e_s) AS e2e_s,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY tpot_ms) AS tpot_ms,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY tokens_per_s) AS tokens_per_s,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY output_tokens::double precision) AS output_tokens,
       count(*) FILTER (WHERE cardinality(flags) > 0) AS flagged
  FROM analytics_v1.generations
 GROUP BY run_id, run, model, prompt, mode, config_hash, environment_hash, memory_kind, problem;
COMMENT ON VIEW analytics_v1.problem_resources IS 'Medians over the repetitions of each problem, never across modes, engine configurations or environments.';
COMMENT ON COLUMN analytics_v1.problem_resources.run_id IS 'The run.';
COMMENT ON COLUMN analytics_v1.problem_resources.run IS 'Name of the run.';
COMMENT ON COLUMN analytics_v1.problem_resources.model IS 'Name of the model.';
COMMENT ON COLUMN analytics_v1.problem_resources.prompt IS 'Prompt style.';
COMMENT ON COLUMN analytics_v1.problem_resources.mode IS 'latency or throughput.';
COMMENT ON COLUMN analytics_v1.problem_resources.config_hash IS 'Hash of the engine configuration.';
COMMENT ON COLUMN analytics_v1.problem_resources.environment_hash IS 'Hash of the environment.';
COMMENT ON COLUMN analytics_v1.problem_resources.memory_kind IS 'device, host or NULL.';
COMMENT ON COLUMN analytics_v1.problem_resources.problem IS 'Identifier of the problem.';
COMMENT ON COLUMN analytics_v1.problem_resources.repetitions IS 'Number of results.';
COMMENT ON COLUMN analytics_v1.problem_resources.need_mib IS 'Median MiB needed.';
COMMENT ON COLUMN analytics_v1.problem_resources.nvml_peak_mib IS 'Median MiB used on the GPU at the peak, reservation included.';
COMMENT ON COLUMN analytics_v1.problem_resources.host_peak_mib IS 'Median MiB resident at the peak, CPU only.';
COMMENT ON COLUMN analytics_v1.problem_resources.ttft_ms IS 'Median milliseconds to the first token.';
COMMENT ON COLUMN analytics_v1.problem_resources.engine_ttft_ms IS 'The same by the engine core''s stamps.';
COMMENT ON COLUMN analytics_v1.problem_resources.e2e_s IS 'Median seconds to the last token.';
COMMENT ON COLUMN analytics_v1.problem_resources.tpot_ms IS 'Median milliseconds per output token after the first.';
COMMENT ON COLUMN analytics_v1.problem_resources.tokens_per_s IS 'Median output tokens per second.';
COMMENT ON COLUMN analytics_v1.problem_resources.output_tokens IS 'Median number of output tokens.';
COMMENT ON COLUMN analytics_v1.problem_resources.flagged IS 'Number of results with a flag.';

CREATE VIEW analytics_v1.model_resources AS
SELECT run_id, run, model, prompt, mode, config_hash, environment_hash, memory_kind,
       count(*) AS problems, sum(repetitions)::bigint AS jobs,
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
       sum(flagged)::bigint AS flagged
  FROM analytics_v1.problem_resources
 GROUP BY run_id, run, model, prompt, mode, config_hash, environment_hash, memory_kind;
COMMENT ON VIEW analytics_v1.model_resources IS 'Medians over the problems, of the medians over repetitions.';
COMMENT ON COLUMN analytics_v1.model_resources.run_id IS 'The run.';
COMMENT ON COLUMN analytics_v1.model_resources.run IS 'Name of the run.';
COMMENT ON COLUMN analytics_v1.model_resources.model IS 'Name of the model.';
COMMENT ON COLUMN analytics_v1.model_resources.prompt IS 'Prompt style.';
COMMENT ON COLUMN analytics_v1.model_resources.mode IS 'latency or throughput.';
COMMENT ON COLUMN analytics_v1.model_resources.config_hash IS 'Hash of the engine configuration.';
COMMENT ON COLUMN analytics_v1.model_resources.environment_hash IS 'Hash of the environment.';
COMMENT ON COLUMN analytics_v1.model_resources.memory_kind IS 'device, host or NULL.';
COMMENT ON COLUMN analytics_v1.model_resources.problems IS 'Number of problems.';
COMMENT ON COLUMN analytics_v1.model_resources.jobs IS 'Number of results.';
COMMENT ON COLUMN analytics_v1.model_resources.need_mib IS 'Median MiB needed.';
COMMENT ON COLUMN analytics_v1.model_resources.nvml_peak_mib IS 'Median MiB used on the GPU at the peak, reservation included.';
COMMENT ON COLUMN analytics_v1.model_resources.host_peak_mib IS 'Median MiB resident at the peak, CPU only.';
COMMENT ON COLUMN analytics_v1.model_resources.ttft_ms IS 'Median milliseconds to the first token.';
COMMENT ON COLUMN analytics_v1.model_resources.ttft_ms_min IS 'Smallest over the problems.';
COMMENT ON COLUMN analytics_v1.model_resources.ttft_ms_max IS 'Largest over the problems.';
COMMENT ON COLUMN analytics_v1.model_resources.engine_ttft_ms IS 'Median milliseconds to the first token by the engine core''s stamps.';
COMMENT ON COLUMN analytics_v1.model_resources.e2e_s IS 'Median seconds to the last token.';
COMMENT ON COLUMN analytics_v1.model_resources.e2e_s_min IS 'Smallest over the problems.';
COMMENT ON COLUMN analytics_v1.model_resources.e2e_s_max IS 'Largest over the problems.';
COMMENT ON COLUMN analytics_v1.model_resources.tpot_ms IS 'Median milliseconds per output token after the first.';
COMMENT ON COLUMN analytics_v1.model_resources.tokens_per_s IS 'Median output tokens per second.';
COMMENT ON COLUMN analytics_v1.model_resources.output_tokens IS 'Median number of output tokens.';
COMMENT ON COLUMN analytics_v1.model_resources.flagged IS 'Number of results with a flag.';

CREATE VIEW analytics_v1.prompt_uplift AS
SELECT run_id, run, model, category,
       max(score7) FILTER (WHERE prompt = 'plain') AS plain,
       max(score7) FILTER (WHERE prompt = 'stepwise') AS stepwise,
       100 * (max(score7) FILTER (WHERE prompt = 'stepwise') / nullif(max(score7) FILTER (WHERE prompt = 'plain'), 0) - 1)
           AS uplift_pct
  FROM analytics_v1.category_scores
 GROUP BY run_id, run, model, category
HAVING count(DISTINCT prompt) > 1;
COMMENT ON VIEW analytics_v1.prompt_uplift IS 'What the step-constrained prompt adds to the score, for runs with both prompts.';
COMMENT ON COLUMN analytics_v1.prompt_uplift.run_id IS 'The run.';
COMMENT ON COLUMN analytics_v1.prompt_uplift.run IS 'Name of the run.';
COMMENT ON COLUMN analytics_v1.prompt_uplift.model IS 'Name of the model.';
COMMENT ON COLUMN analytics_v1.prompt_uplift.category IS 'secondary, university or modelling.';
COMMENT ON COLUMN analytics_v1.prompt_uplift.plain IS 'score7 with the plain prompt.';
COMMENT ON COLUMN analytics_v1.prompt_uplift.stepwise IS 'score7 with the step-constrained prompt.';
COMMENT ON COLUMN analytics_v1.prompt_uplift.uplift_pct IS 'Difference in per cent of plain; NULL where plain is 0.';

CREATE VIEW analytics_v1.workers AS
SELECT w.id AS worker_id, w.name AS worker, w.host, w.device, w.gpu_index AS gpu, w.gpu_uuid, w.gpu_name, w.queues, m.name AS model,
       w.state, w.started_at, w.last_seen_at, extract(epoch FROM now() - w.last_seen_at)::double precision AS last_seen_s, w.ended_at
  FROM eval.worker AS w
  LEFT JOIN eval.model AS m ON m.id = w.model_id;
COMMENT ON VIEW analytics_v1.workers IS 'One row per worker process.';
COMMENT ON COLUMN analytics_v1.workers.worker_id IS 'Identifier of the process.';
COMMENT ON COLUMN analytics_v1.workers.worker IS 'Host, device and pid.';
COMMENT ON COLUMN analytics_v1.workers.host IS 'Host name.';
COMMENT ON COLUMN analytics_v1.workers.device IS 'cpu or cuda.';
COMMENT ON COLUMN analytics_v1.workers.gpu IS 'Index of its GPU on the host, NULL on a CPU.';
COMMENT ON COLUMN analytics_v1.workers.gpu_uuid IS 'UUID of its GPU.';
COMMENT ON COLUMN analytics_v1.workers.gpu_name IS 'Name of its GPU.';
COMMENT ON COLUMN analytics_v1.workers.queues IS 'Queues whose models it serves.';
COMMENT ON COLUMN analytics_v1.workers.model IS 'The model it holds loaded.';
COMMENT ON COLUMN analytics_v1.workers.state IS 'starting, idle, loading, busy, stopped or lost.';
COMMENT ON COLUMN analytics_v1.workers.started_at IS 'When it registered.';
COMMENT ON COLUMN analytics_v1.workers.last_seen_at IS 'When it was last heard of.';
COMMENT ON COLUMN analytics_v1.workers.last_seen_s IS 'Seconds since then.';
COMMENT ON COLUMN analytics_v1.workers.ended_at IS 'When it stopped or was found lost.';
