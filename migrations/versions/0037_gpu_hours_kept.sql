-- GPU hours of finished runs are kept: they are the union of the times of all attempts. What each GPU of a group needed joins a result
-- with itself no more. No column changes.

CREATE VIEW eval.live_gpu_hours AS
SELECT b.run_id, sum(b.gpus * (SELECT sum(extract(epoch FROM upper(o) - lower(o))) FROM unnest(b.times) AS o))::double precision / 3600 AS gpu_hours,
       sum(b.attempts)::bigint AS attempts
  FROM (SELECT j.run_id, a.worker_id, eval.gpus_of(m.spec) AS gpus, count(*) AS attempts,
               range_agg(tstzrange(a.started_at, greatest(a.started_at, coalesce(a.ended_at, now())))) AS times
          FROM eval.job AS j
          JOIN eval.model AS m ON m.id = j.model_id
          JOIN eval.attempt AS a ON a.job_id = j.id
         WHERE NOT m.synthetic OR current_setting('evalctl.include_synthetic', true) = 'on'
         GROUP BY j.run_id, a.worker_id, eval.gpus_of(m.spec)) AS b
 GROUP BY b.run_id;
CREATE TABLE eval_kept.gpu_hours (
    run_id uuid NOT NULL, gpu_hours double precision, attempts bigint NOT NULL, CONSTRAINT pk_gpu_hours PRIMARY KEY (run_id));
DELETE FROM eval.kept_run;

CREATE OR REPLACE VIEW analytics_v1.run_gpu_hours AS
SELECT r.id AS run_id, r.name AS run, coalesce(h.gpu_hours, t.gpu_hours, 0) AS gpu_hours, coalesce(h.attempts, t.attempts, 0) AS attempts,
       r.budget_gpu_hours, r.pause_reason
  FROM eval.run AS r
  LEFT JOIN eval.kept_run AS k ON k.run_id = r.id
  LEFT JOIN eval_kept.gpu_hours AS h ON h.run_id = k.run_id
        AND (NOT k.synthetic OR current_setting('evalctl.include_synthetic', true) = 'on' AND k.synthetic)
  LEFT JOIN LATERAL (
       SELECT l.gpu_hours, l.attempts FROM eval.live_gpu_hours AS l WHERE l.run_id = r.id AND k.synthetic IS NULL OFFSET 0) AS t ON true;

CREATE OR REPLACE VIEW analytics_v1.generation_gpus AS
SELECT g.job_id, j.run_id, r.name AS run, m.name AS model, q.name AS problem, j.mode, p.place::integer AS place,
       w.gpu_indices[p.place] AS gpu, w.gpu_uuids[p.place] AS gpu_uuid,
       CASE WHEN g.need_per_gpu_mib IS NOT NULL THEN g.need_per_gpu_mib[p.place] WHEN p.place = 1 THEN g.need_mib END AS need_mib,
       CASE WHEN t.peak_per_gpu_mib IS NOT NULL THEN t.peak_per_gpu_mib[p.place] WHEN p.place = 1 THEN t.peak_mib END AS nvml_peak_mib
  FROM eval.generation AS g
  JOIN eval.job AS j ON j.id = g.job_id
  JOIN eval.model AS m ON m.id = j.model_id
  JOIN eval.boot AS b ON b.id = g.boot_id
  JOIN eval.worker AS w ON w.id = b.worker_id
  LEFT JOIN eval.run AS r ON r.id = j.run_id
  LEFT JOIN eval.problem AS q ON q.id = j.problem_id
  LEFT JOIN eval.memory_trace AS t ON t.job_id = g.job_id
 CROSS JOIN LATERAL generate_series(1, greatest(1, cardinality(w.gpu_uuids))) AS p(place)
 WHERE g.memory_kind = 'device' AND j.state = 'succeeded' AND j.problem_id IS NOT NULL
   AND (NOT m.synthetic OR current_setting('evalctl.include_synthetic', true) = 'on');
