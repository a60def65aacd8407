-- The commit of a result: one statement, so one transaction and one round trip.

-- name: commit
-- The fence comes first: where the attempt is not the job's any more, it finds no row, and nothing
-- at all is written. Rows arrive as JSON documents; the lists of columns are those of the models (a
-- test compares them). In a pipeline, the scored answer is a draft: its verification job and hint
-- are written with it. The run's row is locked before that job's, so that a pause, resume or cancel
-- at the same moment misses no verification.
WITH pipeline AS MATERIALIZED (
    SELECT p.run_id, p.verifier_model_id, p.prompt_version, p.sampling, p.max_attempts,
           r.paused_at IS NOT NULL AS held
      FROM eval.job AS j
      JOIN eval.pipeline AS p ON p.run_id = j.run_id
      JOIN eval.run AS r ON r.id = p.run_id
     WHERE j.id = %(job)s
       FOR SHARE OF r
), fenced AS (
    UPDATE eval.job AS j
       SET state = 'succeeded', finished_at = now(), lease_expires_at = NULL,
           failure_kind = NULL, error_class = NULL, error_message = NULL
      FROM (SELECT count(*) FROM pipeline) AS locked
     WHERE j.id = %(job)s AND j.attempt_no = %(attempt_no)s AND j.state = 'running'
    RETURNING j.id, j.attempt_no, j.run_id, j.problem_id, j.mode, j.priority
), texts AS (
    INSERT INTO eval.text_blob (hash, content)
    SELECT t.key, t.value FROM fenced CROSS JOIN jsonb_each_text(%(texts)s) AS t
     ORDER BY t.key  -- the same order everywhere: no two commits wait for each other
        ON CONFLICT DO NOTHING
), generated AS (
    INSERT INTO eval.generation (
           job_id, attempt_no, boot_id, prompt_hash, prompt_text_hash, output_hash,
           output_text_hash, sampling_hash, prompt_tokens, cached_tokens, output_tokens,
           finish_reason, queue_wait_s, submitted_s, first_token_s, last_token_s, first_answer_s,
           engine_queued_s, engine_scheduled_s, engine_first_token_s, engine_last_token_s,
           preemptions, running_peak, memory_kind, kv_used_mib, activation_run_mib, need_mib,
           need_per_gpu_mib, sm_clock_mhz, temperature_c, power_w, clock_event_reasons,
           reasoning_tokens, hidden_tokens, untimed, served_model, energy_begin_j, energy_end_j,
           energy_method, flags)
    SELECT fenced.id, fenced.attempt_no, g.boot_id, g.prompt_hash, g.prompt_text_hash,
           g.output_hash, g.output_text_hash, g.sampling_hash, g.prompt_tokens, g.cached_tokens,
           g.output_tokens, g.finish_reason, g.queue_wait_s, g.submitted_s, g.first_token_s,
           g.last_token_s, g.first_answer_s, g.engine_queued_s, g.engine_scheduled_s,
           g.engine_first_token_s, g.engine_last_token_s, g.preemptions, g.running_peak,
           g.memory_kind, g.kv_used_mib, g.activation_run_mib, g.need_mib, g.need_per_gpu_mib,
           g.sm_clock_mhz, g.temperature_c, g.power_w, g.clock_event_reasons, g.reasoning_tokens,
           g.hidden_tokens, g.untimed, g.served_model, g.energy_begin_j, g.energy_end_j,
           g.energy_method, coalesce(g.flags, '{}')
      FROM fenced CROSS JOIN jsonb_populate_recordset(NULL::eval.generation, %(generations)s) AS g
), traced AS (
    INSERT INTO eval.memory_trace (
           job_id, kind, started_s, period_ms, used_mib, peak_mib, peak_per_gpu_mib, mean_mib,
           look_at_s, look_sm_clock_mhz, look_temperature_c, look_power_w, look_reasons, max_sm_clock_mhz)
    SELECT fenced.id, t.kind, t.started_s, t.period_ms, t.used_mib, t.peak_mib,
           t.peak_per_gpu_mib, t.mean_mib, t.look_at_s, t.look_sm_clock_mhz, t.look_temperature_c, t.look_power_w, t.look_reasons,
           t.max_sm_clock_mhz
      FROM fenced CROSS JOIN jsonb_populate_recordset(NULL::eval.memory_trace, %(traces)s) AS t
), scored AS (
    INSERT INTO eval.score (
           job_id, scorer_version, path_id, steps_done, steps_total, score7, score7_high,
           steps_undetermined, coverage, answer_correct, answer_text, guess_suspected)
    SELECT fenced.id, s.scorer_version, s.path_id, s.steps_done, s.steps_total, s.score7,
           s.score7_high, coalesce(s.steps_undetermined, 0), coalesce(s.coverage, 1),
           s.answer_correct, s.answer_text, s.guess_suspected
      FROM fenced CROSS JOIN jsonb_populate_recordset(NULL::eval.score, %(scores)s) AS s
    RETURNING id
), stepwise AS (
    INSERT INTO eval.step_verdict (
           score_id, ordinal, step, verdict, evidence, evidence_start, evidence_end, reason)
    SELECT scored.id, v.ordinal, v.step, v.verdict, v.evidence, v.evidence_start, v.evidence_end,
           v.reason
      FROM scored CROSS JOIN jsonb_populate_recordset(NULL::eval.step_verdict, %(verdicts)s) AS v
), judgement AS (
    INSERT INTO eval.judgement (
           score_id, judge, job_id, judge_config_hash, prompt_hash, prompt_version, temperature,
           reply_text_hash, reply_key)
    SELECT o.score_id, o.judge, fenced.id, o.judge_config_hash, o.prompt_hash, o.prompt_version,
           o.temperature, o.reply_text_hash, o.reply_key
      FROM fenced CROSS JOIN jsonb_populate_recordset(NULL::eval.judgement, %(judgements)s) AS o
    RETURNING id
), judged AS (
    INSERT INTO eval.judged_step (judgement_id, step, verdict, quote, reason)
    SELECT judgement.id, d.step, d.verdict, d.quote, d.reason
      FROM judgement
     CROSS JOIN jsonb_populate_recordset(NULL::eval.judged_step, %(judged_steps)s) AS d
), verifying AS (
    INSERT INTO eval.job (
           run_id, model_id, problem_id, prompt, repetition, mode, sampling, priority, max_attempts,
           judged_score_id, judge_steps, judge_prompt_hash, held)
    SELECT fenced.run_id, p.verifier_model_id, fenced.problem_id, 'verify', fenced.id, fenced.mode,
           p.sampling, fenced.priority, p.max_attempts, scored.id, '{}', p.prompt_version, p.held
      FROM fenced
      JOIN pipeline AS p ON p.run_id = fenced.run_id
     CROSS JOIN scored
    RETURNING id, model_id, held
), hinted AS (
    INSERT INTO eval.outbox (job_id, queue)
    SELECT v.id, m.queue
      FROM verifying AS v JOIN eval.model AS m ON m.id = v.model_id
     WHERE NOT v.held
), verified AS (
    INSERT INTO eval.verification (
           job_id, draft_job_id, verifier_version, prompt_version, labels_by, deadline_ms, rule_ms,
           model_ms, document_text_hash)
    SELECT fenced.id, v.draft_job_id, v.verifier_version, v.prompt_version, v.labels_by,
           v.deadline_ms, v.rule_ms, v.model_ms, v.document_text_hash
      FROM fenced
     CROSS JOIN jsonb_populate_recordset(NULL::eval.verification, %(verifications)s) AS v
    RETURNING job_id
), marked AS (
    INSERT INTO eval.verified_step (
           job_id, ordinal, step_start, step_end, mark, decided_by, reason, parsed, late, rule_ms,
           model_ms, probability, outside_mass)
    SELECT verified.job_id, s.ordinal, s.step_start, s.step_end, s.mark, s.decided_by, s.reason,
           s.parsed, s.late, s.rule_ms, s.model_ms, s.probability, s.outside_mass
      FROM verified
     CROSS JOIN jsonb_populate_recordset(NULL::eval.verified_step, %(verified_steps)s) AS s
), attempted AS (
    UPDATE eval.attempt AS a
       SET outcome = 'succeeded', ended_at = now(),
           boot_id = (%(generations)s::jsonb -> 0 ->> 'boot_id')::bigint
      FROM fenced WHERE a.job_id = fenced.id AND a.attempt_no = fenced.attempt_no
)
SELECT id FROM fenced;

-- name: add_flag
-- What was found out after the commit. An attempt that has no result, or not this one, is left
-- alone.
UPDATE eval.generation AS g
   SET flags = CASE WHEN %(flag)s = ANY (g.flags) THEN g.flags
                    ELSE array_append(g.flags, %(flag)s) END
  FROM unnest(%(jobs)s::bigint[], %(attempts)s::int[]) AS a (job_id, attempt_no)
 WHERE g.job_id = a.job_id AND g.attempt_no = a.attempt_no
RETURNING g.job_id, g.attempt_no;
