-- What 0021 adds to schema analytics_v1: the health of queues, and the unit of every number in its comment.

CREATE VIEW analytics_v1.queue_health AS
SELECT q.queue, coalesce(w.jobs, 0) AS waiting_jobs, extract(epoch FROM now() - w.oldest)::double precision AS oldest_waiting_s,
       coalesce(w.retries, 0) AS waiting_retries, coalesce(l.jobs, 0) AS later_jobs, coalesce(r.jobs, 0) AS running_jobs,
       coalesce(r.late, 0) AS late_leases, coalesce(o.hints, 0) AS hints_due,
       extract(epoch FROM now() - o.oldest)::double precision AS oldest_hint_s, coalesce(k.workers, 0) AS workers,
       coalesce(k.busy, 0) AS busy_workers, coalesce(k.quarantined, 0) AS quarantined_workers, coalesce(h.models, 0) AS held_models
  FROM (SELECT m.queue, array_agg(m.id) AS model_ids
          FROM eval.model AS m
         WHERE NOT m.synthetic OR current_setting('evalctl.include_synthetic', true) = 'on'
         GROUP BY m.queue) AS q
  -- The conditions are those of ix_job_claimable and ix_job_lease: what is over is never read.
  LEFT JOIN LATERAL (
       SELECT count(*) AS jobs, count(*) FILTER (WHERE j.attempt_no > 0) AS retries, min(j.available_at) AS oldest
         FROM eval.job AS j
        WHERE j.state = 'queued' AND NOT j.held AND j.model_id = ANY (q.model_ids) AND j.available_at <= now()) AS w ON true
  LEFT JOIN LATERAL (
       SELECT count(*) AS jobs FROM eval.job AS j
        WHERE j.state = 'queued' AND NOT j.held AND j.model_id = ANY (q.model_ids) AND j.available_at > now()) AS l ON true
  LEFT JOIN LATERAL (
       SELECT count(*) AS jobs, count(*) FILTER (WHERE j.lease_expires_at < now()) AS late
         FROM eval.job AS j WHERE j.state = 'running' AND j.model_id = ANY (q.model_ids)) AS r ON true
  LEFT JOIN LATERAL (
       SELECT count(*) AS hints, min(x.available_at) AS oldest
         FROM eval.outbox AS x WHERE x.queue = q.queue AND x.available_at <= now()) AS o ON true
  LEFT JOIN LATERAL (
       SELECT count(*) AS workers, count(*) FILTER (WHERE v.state = 'busy') AS busy,
              count(*) FILTER (WHERE v.state = 'quarantined') AS quarantined
         FROM eval.worker AS v WHERE q.queue = ANY (v.queues) AND v.state NOT IN ('stopped', 'lost')) AS k ON true
  LEFT JOIN LATERAL (
       SELECT count(*) AS models
         FROM eval.model AS m
         JOIN eval.model_server AS s ON s.base_url = m.spec ->> 'base_url' AND s.source = m.spec ->> 'source'
        WHERE m.queue = q.queue AND s.held_until > now()) AS h ON true;
COMMENT ON VIEW analytics_v1.queue_health IS 'One row per queue, as of now: what waits, what runs, who serves it. Jobs of paused runs are left out.';
COMMENT ON COLUMN analytics_v1.queue_health.queue IS 'Name of the queue: a kind of engine that workers listen for.';
COMMENT ON COLUMN analytics_v1.queue_health.waiting_jobs IS 'Number of jobs that could be claimed now.';
COMMENT ON COLUMN analytics_v1.queue_health.oldest_waiting_s IS 'Seconds since the first of them became available; NULL where none waits.';
COMMENT ON COLUMN analytics_v1.queue_health.waiting_retries IS 'Number of them that were claimed before.';
COMMENT ON COLUMN analytics_v1.queue_health.later_jobs IS 'Number of queued jobs that wait for the end of a pause after a failure.';
COMMENT ON COLUMN analytics_v1.queue_health.running_jobs IS 'Number of jobs that a worker runs.';
COMMENT ON COLUMN analytics_v1.queue_health.late_leases IS 'Number of them whose lease has run out; the reconciler takes them back within seconds, so more than a moment above 0 means that none runs.';
COMMENT ON COLUMN analytics_v1.queue_health.hints_due IS 'Number of hints in the outbox that the broker should have by now.';
COMMENT ON COLUMN analytics_v1.queue_health.oldest_hint_s IS 'Seconds for which the oldest of them has been due; NULL where none is.';
COMMENT ON COLUMN analytics_v1.queue_health.workers IS 'Number of running workers that listen for it; one may listen for several queues.';
COMMENT ON COLUMN analytics_v1.queue_health.busy_workers IS 'Number of them that run a job.';
COMMENT ON COLUMN analytics_v1.queue_health.quarantined_workers IS 'Number of them whose GPU cannot be trusted or is in use by others.';
COMMENT ON COLUMN analytics_v1.queue_health.held_models IS 'Number of models whose server is away or limits requests, so that their jobs wait.';

COMMENT ON COLUMN analytics_v1.boots.kv_blocks IS 'Number of blocks of the KV cache.';
COMMENT ON COLUMN analytics_v1.boots.kv_block_bytes IS 'Bytes of one KV block over all layers.';
COMMENT ON COLUMN analytics_v1.category_scores.score7 IS 'Mean over the problems of the median score7, from 0 to 7.';
COMMENT ON COLUMN analytics_v1.category_scores.score7_min IS 'Median score7 of the worst problem, from 0 to 7.';
COMMENT ON COLUMN analytics_v1.category_scores.score7_max IS 'Median score7 of the best problem, from 0 to 7.';
COMMENT ON COLUMN analytics_v1.generations.engine_ttft_ms IS 'Milliseconds to the first token as the engine core stamps it, from queued to first token.';
COMMENT ON COLUMN analytics_v1.judgements.temperature IS 'Sampling temperature, without a unit; NULL where it is not known.';
COMMENT ON COLUMN analytics_v1.model_resources.ttft_ms_min IS 'Milliseconds to the first token, smallest over the problems.';
COMMENT ON COLUMN analytics_v1.model_resources.ttft_ms_max IS 'Milliseconds to the first token, largest over the problems.';
COMMENT ON COLUMN analytics_v1.model_resources.e2e_s_min IS 'Seconds to the last token, smallest over the problems.';
COMMENT ON COLUMN analytics_v1.model_resources.e2e_s_max IS 'Seconds to the last token, largest over the problems.';
COMMENT ON COLUMN analytics_v1.model_resources.running_peak IS 'Median of the largest number of sequences that the engine ran at once.';
COMMENT ON COLUMN analytics_v1.probe_points.waiting_steps IS 'Number of engine steps in which a sequence waited although all had been scheduled once.';
COMMENT ON COLUMN analytics_v1.probe_points.analytic_bound IS 'The level that the size of the KV cache allows by calculation, in the unit of the column unit.';
COMMENT ON COLUMN analytics_v1.probe_thresholds.max_stable IS 'Largest stable level below the first that is not, in the unit of the column unit; 0 where level 1 was not; NULL where the lowest level tried was not and lies above 1.';
COMMENT ON COLUMN analytics_v1.probe_thresholds.first_failure IS 'First level that was not stable, in the unit of the column unit; of instances the first that failed in at least two thirds of its trials; NULL where none did.';
COMMENT ON COLUMN analytics_v1.probe_thresholds.analytic_bound IS 'The level that the size of the KV cache allows by calculation, in the unit of the column unit.';
COMMENT ON COLUMN analytics_v1.problem_resources.engine_ttft_ms IS 'Median milliseconds to the first token by the engine core''s stamps.';
COMMENT ON COLUMN analytics_v1.problem_resources.running_peak IS 'Median of the largest number of sequences that the engine ran at once.';
COMMENT ON COLUMN analytics_v1.problem_scores.score7 IS 'Median of score7 over the repetitions, from 0 to 7.';
COMMENT ON COLUMN analytics_v1.problem_scores.score7_min IS 'Smallest score7 of the repetitions, from 0 to 7.';
COMMENT ON COLUMN analytics_v1.problem_scores.score7_max IS 'Largest score7 of the repetitions, from 0 to 7.';
COMMENT ON COLUMN analytics_v1.prompt_uplift.plain IS 'score7 with the plain prompt, from 0 to 7.';
COMMENT ON COLUMN analytics_v1.prompt_uplift.stepwise IS 'score7 with the step-constrained prompt, from 0 to 7.';
COMMENT ON COLUMN analytics_v1.scores.steps_done IS 'Number of reference steps shown in the output.';
COMMENT ON COLUMN analytics_v1.scores.steps_total IS 'Number of reference steps of that path.';
COMMENT ON COLUMN analytics_v1.step_verdicts.evidence_start IS 'Where that passage begins in the output: number of characters before it.';
COMMENT ON COLUMN analytics_v1.step_verdicts.evidence_end IS 'Where it ends: number of characters up to there.';
COMMENT ON COLUMN analytics_v1.workers.messages_refused IS 'Number of broker messages that it discarded because they were not hints.';
