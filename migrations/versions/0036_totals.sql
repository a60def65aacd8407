-- Totals of what every run holds, kept of finished runs: over all runs they are read where the views with a row per job, attempt or
-- result would be joined with ten million jobs. Sums and counts, so that they add up over problems, runs and models.

CREATE VIEW analytics_v1.job_counts AS
SELECT j.run_id, j.run, j.model, j.problem, j.category, j.prompt, j.mode, j.state, j.failure_kind, j.error_class, count(*) AS jobs,
       sum(j.attempts)::bigint AS attempts, min(j.created_at) AS first_created_at, max(j.finished_at) AS last_finished_at, j.problem_id, j.model_id
  FROM analytics_v1.jobs AS j
 GROUP BY j.run_id, j.run, j.model, j.problem, j.category, j.prompt, j.mode, j.state, j.failure_kind, j.error_class, j.problem_id, j.model_id;

CREATE VIEW analytics_v1.attempt_counts AS
SELECT a.run_id, a.run, a.model, a.worker, a.gpu_uuid, a.outcome, a.failure_kind, a.error_class, count(*) AS attempts,
       sum(extract(epoch FROM a.ended_at - a.started_at))::double precision AS duration_s, min(a.started_at) AS first_started_at,
       max(a.ended_at) AS last_ended_at
  FROM analytics_v1.attempts AS a
 GROUP BY a.run_id, a.run, a.model, a.worker, a.gpu_uuid, a.outcome, a.failure_kind, a.error_class;

CREATE VIEW analytics_v1.answer_totals AS
SELECT g.run_id, g.run, g.model, g.problem, g.category, g.prompt, g.mode, g.config_hash, g.environment_hash, g.gpu_name, g.memory_kind,
       count(*) AS answers, count(*) FILTER (WHERE g.used) AS used, count(*) FILTER (WHERE g.flagged) AS flagged,
       count(*) FILTER (WHERE g.finish_reason = 'length') AS cut,
       count(c.id) AS scored, sum(c.score7) AS score7_sum, sum(coalesce(c.score7_high, c.score7)) AS score7_high_sum,
       sum(c.steps_done)::bigint AS steps_done, sum(c.steps_total)::bigint AS steps_total, sum(c.steps_undetermined)::bigint AS steps_undetermined,
       count(c.answer_correct) AS decided, count(*) FILTER (WHERE c.answer_correct) AS correct,
       count(*) FILTER (WHERE c.answer_correct AND g.used) AS correct_used, count(*) FILTER (WHERE c.guess_suspected) AS guesses,
       sum(g.prompt_tokens)::bigint AS prompt_tokens, sum(g.output_tokens)::bigint AS output_tokens,
       sum(g.e2e_s) AS e2e_s, sum(g.e2e_s) FILTER (WHERE g.used) AS e2e_s_used,
       count(g.ttft_ms) FILTER (WHERE g.used) AS timed, sum(g.ttft_ms) FILTER (WHERE g.used) AS ttft_ms_sum,
       max(g.ttft_ms) FILTER (WHERE g.used) AS ttft_ms_max,
       sum(g.queue_wait_s) AS queue_wait_s, max(g.queue_wait_s) AS queue_wait_s_max,
       min(g.need_mib) FILTER (WHERE g.used) AS need_mib_min, max(g.need_mib) FILTER (WHERE g.used) AS need_mib_max,
       count(t.mean_mib) AS traced, sum(t.mean_mib) AS mean_mib_sum, max(t.peak_mib) AS peak_mib_max,
       min(g.sm_clock_mhz) AS sm_clock_mhz_min, max(g.temperature_c) AS temperature_c_max, max(g.power_w) AS power_w_max,
       min(g.created_at) AS first_at, max(g.created_at) AS last_at, g.problem_id, g.model_id
  FROM analytics_v1.generations AS g
  LEFT JOIN eval.score AS c ON c.job_id = g.job_id AND NOT c.superseded
  LEFT JOIN eval.memory_trace AS t ON t.job_id = g.job_id
 GROUP BY g.run_id, g.run, g.model, g.problem, g.category, g.prompt, g.mode, g.config_hash, g.environment_hash, g.gpu_name, g.memory_kind,
          g.problem_id, g.model_id;

COMMENT ON VIEW analytics_v1.job_counts IS 'How many jobs ended how: a row per run, model, problem, prompt, mode, state and error. Over all runs far quicker than jobs.';
COMMENT ON COLUMN analytics_v1.job_counts.run_id IS 'The run.';
COMMENT ON COLUMN analytics_v1.job_counts.run IS 'Name of the run.';
COMMENT ON COLUMN analytics_v1.job_counts.model IS 'Name of the model.';
COMMENT ON COLUMN analytics_v1.job_counts.problem IS 'Identifier of the problem; NULL for a probe.';
COMMENT ON COLUMN analytics_v1.job_counts.category IS 'secondary, university or modelling; NULL for a probe.';
COMMENT ON COLUMN analytics_v1.job_counts.prompt IS 'Prompt style, or what else the job was for, as in jobs.';
COMMENT ON COLUMN analytics_v1.job_counts.mode IS 'latency or throughput.';
COMMENT ON COLUMN analytics_v1.job_counts.state IS 'queued, running, succeeded, failed, dead or cancelled.';
COMMENT ON COLUMN analytics_v1.job_counts.failure_kind IS 'As in jobs.';
COMMENT ON COLUMN analytics_v1.job_counts.error_class IS 'As in jobs.';
COMMENT ON COLUMN analytics_v1.job_counts.jobs IS 'Number of jobs.';
COMMENT ON COLUMN analytics_v1.job_counts.attempts IS 'How often they were claimed, all together.';
COMMENT ON COLUMN analytics_v1.job_counts.first_created_at IS 'When the first of them was submitted.';
COMMENT ON COLUMN analytics_v1.job_counts.last_finished_at IS 'When the last of them reached a terminal state; NULL: none has.';
COMMENT ON COLUMN analytics_v1.job_counts.problem_id IS 'The problem as it was submitted, see problems; NULL for a probe.';
COMMENT ON COLUMN analytics_v1.job_counts.model_id IS 'The model as it was submitted, see models.';

COMMENT ON VIEW analytics_v1.attempt_counts IS 'How many attempts ended how on each worker: a row per run, model, worker, outcome and error. Over all runs far quicker than attempts.';
COMMENT ON COLUMN analytics_v1.attempt_counts.run_id IS 'The run.';
COMMENT ON COLUMN analytics_v1.attempt_counts.run IS 'Name of the run.';
COMMENT ON COLUMN analytics_v1.attempt_counts.model IS 'Name of the model.';
COMMENT ON COLUMN analytics_v1.attempt_counts.worker IS 'Host, device and pid of the worker.';
COMMENT ON COLUMN analytics_v1.attempt_counts.gpu_uuid IS 'The GPU they ran on, NULL on a CPU.';
COMMENT ON COLUMN analytics_v1.attempt_counts.outcome IS 'As in attempts.';
COMMENT ON COLUMN analytics_v1.attempt_counts.failure_kind IS 'As in jobs.';
COMMENT ON COLUMN analytics_v1.attempt_counts.error_class IS 'As in jobs.';
COMMENT ON COLUMN analytics_v1.attempt_counts.attempts IS 'Number of attempts.';
COMMENT ON COLUMN analytics_v1.attempt_counts.duration_s IS 'Seconds from claim to end, all together; NULL: none has ended.';
COMMENT ON COLUMN analytics_v1.attempt_counts.first_started_at IS 'When the first of them was claimed.';
COMMENT ON COLUMN analytics_v1.attempt_counts.last_ended_at IS 'When the last of them ended; NULL: none has.';

COMMENT ON VIEW analytics_v1.answer_totals IS 'Sums and counts of answers, which add up over problems, models and runs: a row per run, model, problem, prompt, mode, engine configuration and environment. Over all runs far quicker than generations and scores. Medians are in problem_scores and problem_resources.';
COMMENT ON COLUMN analytics_v1.answer_totals.run_id IS 'The run.';
COMMENT ON COLUMN analytics_v1.answer_totals.run IS 'Name of the run.';
COMMENT ON COLUMN analytics_v1.answer_totals.model IS 'Name of the model.';
COMMENT ON COLUMN analytics_v1.answer_totals.problem IS 'Identifier of the problem.';
COMMENT ON COLUMN analytics_v1.answer_totals.category IS 'secondary, university or modelling.';
COMMENT ON COLUMN analytics_v1.answer_totals.prompt IS 'Prompt style.';
COMMENT ON COLUMN analytics_v1.answer_totals.mode IS 'latency or throughput.';
COMMENT ON COLUMN analytics_v1.answer_totals.config_hash IS 'Hash of the engine configuration.';
COMMENT ON COLUMN analytics_v1.answer_totals.environment_hash IS 'Hash of host, GPU, driver and versions.';
COMMENT ON COLUMN analytics_v1.answer_totals.gpu_name IS 'Name of the GPU, NULL on a CPU.';
COMMENT ON COLUMN analytics_v1.answer_totals.memory_kind IS 'device, host or NULL: what the figures of memory are about.';
COMMENT ON COLUMN analytics_v1.answer_totals.answers IS 'Number of committed results.';
COMMENT ON COLUMN analytics_v1.answer_totals.used IS 'Number of them that figures of time and memory use, as in generations.';
COMMENT ON COLUMN analytics_v1.answer_totals.flagged IS 'Number of them with a flag.';
COMMENT ON COLUMN analytics_v1.answer_totals.cut IS 'Number of them that ended at the token limit.';
COMMENT ON COLUMN analytics_v1.answer_totals.scored IS 'Number of them with a score.';
COMMENT ON COLUMN analytics_v1.answer_totals.score7_sum IS 'Sum of score7; divided by scored it is the mean, from 0 to 7. NULL: none is scored.';
COMMENT ON COLUMN analytics_v1.answer_totals.score7_high_sum IS 'Sum of score7_high; divided by scored it is the mean, from 0 to 7.';
COMMENT ON COLUMN analytics_v1.answer_totals.steps_done IS 'Number of reference steps shown.';
COMMENT ON COLUMN analytics_v1.answer_totals.steps_total IS 'Number of reference steps of the paths that fit best.';
COMMENT ON COLUMN analytics_v1.answer_totals.steps_undetermined IS 'Number of reference steps that the rules could not decide.';
COMMENT ON COLUMN analytics_v1.answer_totals.decided IS 'Number of answers whose final answer the rules could decide.';
COMMENT ON COLUMN analytics_v1.answer_totals.correct IS 'Number of right final answers.';
COMMENT ON COLUMN analytics_v1.answer_totals.correct_used IS 'Number of right final answers among those used.';
COMMENT ON COLUMN analytics_v1.answer_totals.guesses IS 'Number of answers suspected to be guesses.';
COMMENT ON COLUMN analytics_v1.answer_totals.prompt_tokens IS 'Number of tokens of the prompts.';
COMMENT ON COLUMN analytics_v1.answer_totals.output_tokens IS 'Number of tokens generated.';
COMMENT ON COLUMN analytics_v1.answer_totals.e2e_s IS 'Seconds from submission to the last token, all together, flagged ones too.';
COMMENT ON COLUMN analytics_v1.answer_totals.e2e_s_used IS 'Seconds from submission to the last token, all together, of the answers used.';
COMMENT ON COLUMN analytics_v1.answer_totals.timed IS 'Number of answers used whose time to the first token is known.';
COMMENT ON COLUMN analytics_v1.answer_totals.ttft_ms_sum IS 'Milliseconds to the first token, all together, of the answers used; divided by timed it is the mean.';
COMMENT ON COLUMN analytics_v1.answer_totals.ttft_ms_max IS 'Most milliseconds to the first token, of the answers used.';
COMMENT ON COLUMN analytics_v1.answer_totals.queue_wait_s IS 'Seconds from available to claimed, all together.';
COMMENT ON COLUMN analytics_v1.answer_totals.queue_wait_s_max IS 'Most seconds from available to claimed.';
COMMENT ON COLUMN analytics_v1.answer_totals.need_mib_min IS 'Smallest MiB needed by an answer used.';
COMMENT ON COLUMN analytics_v1.answer_totals.need_mib_max IS 'Largest MiB needed by an answer used.';
COMMENT ON COLUMN analytics_v1.answer_totals.traced IS 'Number of answers with a trace of memory.';
COMMENT ON COLUMN analytics_v1.answer_totals.mean_mib_sum IS 'Sum over them of the mean MiB in use during the answer; divided by traced it is the mean.';
COMMENT ON COLUMN analytics_v1.answer_totals.peak_mib_max IS 'Most MiB in use in any trace, of the whole GPU with the reservation, or resident on a CPU.';
COMMENT ON COLUMN analytics_v1.answer_totals.sm_clock_mhz_min IS 'Smallest median SM clock of the GPU during an answer, in MHz; NULL on a CPU.';
COMMENT ON COLUMN analytics_v1.answer_totals.temperature_c_max IS 'Highest temperature of the GPU, in degrees Celsius; NULL on a CPU.';
COMMENT ON COLUMN analytics_v1.answer_totals.power_w_max IS 'Largest mean power during an answer, in W; NULL on a CPU.';
COMMENT ON COLUMN analytics_v1.answer_totals.first_at IS 'When the first of them was committed.';
COMMENT ON COLUMN analytics_v1.answer_totals.last_at IS 'When the last of them was committed.';
COMMENT ON COLUMN analytics_v1.answer_totals.problem_id IS 'The problem as it was submitted, see problems.';
COMMENT ON COLUMN analytics_v1.answer_totals.model_id IS 'The model as it was submitted, see models.';

-- Steps by the problem as it was submitted lead to what they ask for.
CREATE OR REPLACE VIEW analytics_v1.step_counts AS
SELECT s.run_id, s.run, s.model, s.problem, s.category, s.prompt, s.path, v.ordinal, v.step, count(*) AS answers,
       count(*) FILTER (WHERE v.verdict = 'done') AS done, count(*) FILTER (WHERE v.verdict = 'present_invalid') AS present_invalid,
       count(*) FILTER (WHERE v.verdict = 'wrong') AS wrong, count(*) FILTER (WHERE v.verdict = 'missing') AS missing,
       count(*) FILTER (WHERE v.verdict IN ('undetermined', 'unclear')) AS undetermined, s.problem_id, s.model_id
  FROM analytics_v1.scores AS s
  JOIN eval.step_verdict AS v ON v.score_id = s.score_id
 GROUP BY s.run_id, s.run, s.model, s.problem, s.category, s.prompt, s.path, v.ordinal, v.step, s.problem_id, s.model_id;
COMMENT ON COLUMN analytics_v1.step_counts.problem_id IS 'The problem as it was submitted, see problems; with path and step it names a row of steps.';
COMMENT ON COLUMN analytics_v1.step_counts.model_id IS 'The model as it was submitted, see models.';

-- A score is looked up in one join and not once for each answer; answers without a reading of energy are not read.
DO $$ DECLARE
    body text := pg_get_viewdef('analytics_v1.answer_energy'::regclass);
    joined text := regexp_replace(body, 'LEFT JOIN LATERAL \( SELECT c\.steps_done\s+FROM eval\.score c\s+WHERE \(c\.job_id = g\.job_id\)\s+ORDER BY c\.id DESC\s+LIMIT 1\) s ON \(true\)',
                                  'LEFT JOIN eval.score s ON s.job_id = g.job_id AND NOT s.superseded');
BEGIN
    ASSERT joined <> body;
    EXECUTE 'CREATE OR REPLACE VIEW analytics_v1.answer_energy AS ' || joined;
    body := pg_get_viewdef('analytics_v1.model_energy'::regclass);
    joined := regexp_replace(body, 'WHERE \(\(e\.joules IS NOT NULL\)', 'WHERE ((e.method IS NOT NULL) AND (e.joules IS NOT NULL)');
    ASSERT joined <> body;
    EXECUTE 'CREATE OR REPLACE VIEW analytics_v1.model_energy AS ' || joined;
END $$;

SELECT eval.keep_view(v.name) FROM unnest(ARRAY['job_counts', 'attempt_counts', 'answer_totals', 'step_counts']) AS v(name);
