-- A budget of GPU hours, and why a run is paused where no person paused it.

ALTER TABLE eval.run ADD COLUMN budget_gpu_hours double precision,
    ADD COLUMN pause_reason text,
    ADD CONSTRAINT ck_run_budget CHECK (budget_gpu_hours > 0);

-- How many GPUs the engine of a model takes: none where a server answers.
CREATE FUNCTION eval.gpus_of(spec jsonb) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN spec ->> 'engine' = 'openai' THEN 0
           ELSE greatest(1, CASE WHEN jsonb_typeof(spec #> '{options,tensor_parallel_size}') = 'number'
                                 THEN (spec #>> '{options,tensor_parallel_size}')::integer ELSE 1 END)
              * greatest(1, CASE WHEN jsonb_typeof(spec #> '{options,pipeline_parallel_size}') = 'number'
                                 THEN (spec #>> '{options,pipeline_parallel_size}')::integer ELSE 1 END) END
$$;

CREATE VIEW analytics_v1.run_gpu_hours AS
SELECT r.id AS run_id, r.name AS run, coalesce(t.gpu_hours, 0) AS gpu_hours, coalesce(t.attempts, 0) AS attempts, r.budget_gpu_hours, r.pause_reason
  FROM eval.run AS r
  LEFT JOIN LATERAL (
       SELECT sum(b.gpus * (SELECT sum(extract(epoch FROM upper(o) - lower(o))) FROM unnest(b.times) AS o))::double precision / 3600 AS gpu_hours,
              sum(b.attempts)::bigint AS attempts
         FROM (SELECT a.worker_id, eval.gpus_of(m.spec) AS gpus, count(*) AS attempts,
                      range_agg(tstzrange(a.started_at, greatest(a.started_at, coalesce(a.ended_at, now())))) AS times
                 FROM eval.job AS j
                 JOIN eval.model AS m ON m.id = j.model_id
                 JOIN eval.attempt AS a ON a.job_id = j.id
                WHERE j.run_id = r.id AND (NOT m.synthetic OR current_setting('evalctl.include_synthetic', true) = 'on')
                GROUP BY a.worker_id, eval.gpus_of(m.spec)) AS b) AS t ON true;
COMMENT ON VIEW analytics_v1.run_gpu_hours IS 'For how long each run took GPUs, its failed attempts and engine starts included.';
COMMENT ON COLUMN analytics_v1.run_gpu_hours.run_id IS 'The run.';
COMMENT ON COLUMN analytics_v1.run_gpu_hours.run IS 'Name of the run.';
COMMENT ON COLUMN analytics_v1.run_gpu_hours.gpu_hours IS 'Time in which a worker had an attempt of the run, times the GPUs of its engine, in hours (3600 seconds); attempts side by side on one worker count once. A worker without a GPU counts as one; models behind a server count nothing.';
COMMENT ON COLUMN analytics_v1.run_gpu_hours.attempts IS 'Number of attempts, those that run now included.';
COMMENT ON COLUMN analytics_v1.run_gpu_hours.budget_gpu_hours IS 'What it may take, in hours (3600 seconds); NULL for no budget.';
COMMENT ON COLUMN analytics_v1.run_gpu_hours.pause_reason IS 'Why it is paused; NULL where it is not, or where a person paused it.';
