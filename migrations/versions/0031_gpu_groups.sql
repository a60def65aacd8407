-- GPU groups: how many GPUs a model takes, which a worker has, and what each GPU of a group needed.

ALTER TABLE eval.model ADD COLUMN gpus bigint DEFAULT 1 NOT NULL;
ALTER TABLE eval.worker ADD COLUMN gpu_indices integer[];
ALTER TABLE eval.worker ADD COLUMN gpu_uuids text[];
ALTER TABLE eval.boot ADD COLUMN gpu_memory jsonb DEFAULT '[]'::jsonb NOT NULL;
ALTER TABLE eval.generation ADD COLUMN need_per_gpu_mib double precision[];
ALTER TABLE eval.memory_trace ADD COLUMN peak_per_gpu_mib integer[];

UPDATE eval.model AS m
   SET gpus = least(1024, s.size::numeric)::bigint
  FROM (SELECT id, spec #>> '{options,tensor_parallel_size}' AS size FROM eval.model) AS s
 WHERE s.id = m.id AND m.engine = 'vllm' AND s.size ~ '^[1-9][0-9]{0,8}$';

CREATE VIEW analytics_v1.generation_gpus AS
SELECT g.job_id, g.run_id, g.run, g.model, g.problem, g.mode, p.place::integer AS place,
       w.gpu_indices[p.place] AS gpu, w.gpu_uuids[p.place] AS gpu_uuid,
       CASE WHEN e.need_per_gpu_mib IS NOT NULL THEN e.need_per_gpu_mib[p.place]
            WHEN p.place = 1 THEN g.need_mib END AS need_mib,
       CASE WHEN t.peak_per_gpu_mib IS NOT NULL THEN t.peak_per_gpu_mib[p.place]
            WHEN p.place = 1 THEN t.peak_mib END AS nvml_peak_mib
  FROM analytics_v1.generations AS g
  JOIN eval.generation AS e ON e.job_id = g.job_id
  JOIN eval.boot AS b ON b.id = e.boot_id
  JOIN eval.worker AS w ON w.id = b.worker_id
  LEFT JOIN eval.memory_trace AS t ON t.job_id = g.job_id
 CROSS JOIN LATERAL generate_series(1, greatest(1, cardinality(w.gpu_uuids))) AS p(place)
 WHERE e.memory_kind = 'device';
COMMENT ON VIEW analytics_v1.generation_gpus IS 'One row per result and GPU of the worker that made it: what each GPU needed and held. The need of a whole engine is the sum over its GPUs.';
COMMENT ON COLUMN analytics_v1.generation_gpus.job_id IS 'The job.';
COMMENT ON COLUMN analytics_v1.generation_gpus.run_id IS 'The id of the run.';
COMMENT ON COLUMN analytics_v1.generation_gpus.run IS 'The run.';
COMMENT ON COLUMN analytics_v1.generation_gpus.model IS 'The model.';
COMMENT ON COLUMN analytics_v1.generation_gpus.problem IS 'The problem.';
COMMENT ON COLUMN analytics_v1.generation_gpus.mode IS 'Mode: latency or throughput.';
COMMENT ON COLUMN analytics_v1.generation_gpus.place IS 'Number of the GPU within the group, from 1: the rank of the engine plus one.';
COMMENT ON COLUMN analytics_v1.generation_gpus.gpu IS 'Index of the GPU on its host.';
COMMENT ON COLUMN analytics_v1.generation_gpus.gpu_uuid IS 'UUID of the GPU.';
COMMENT ON COLUMN analytics_v1.generation_gpus.need_mib IS 'MiB needed on this GPU; NULL where a term is unknown, and on a GPU of the group that the engine does not use.';
COMMENT ON COLUMN analytics_v1.generation_gpus.nvml_peak_mib IS 'MiB used on this GPU at the peak, including the reservation.';
COMMENT ON COLUMN analytics_v1.generations.need_mib IS 'MiB this generation needed: context + weights and buffers + activation peak + graphs + KV used; of an engine over several GPUs that of the GPU that needed most, each one is in generation_gpus; on a CPU the resident peak of the engine.';
COMMENT ON COLUMN analytics_v1.generations.nvml_peak_mib IS 'MiB used on the whole GPU at the peak, including the reservation; of a group the fullest GPU, each one is in generation_gpus; NULL on a CPU.';
COMMENT ON COLUMN analytics_v1.generations.power_w IS 'Mean power during the generation, in W, of all GPUs of the worker together; NULL on a CPU.';
COMMENT ON COLUMN analytics_v1.generations.sm_clock_mhz IS 'Median SM clock of the GPU during the generation, in MHz, of a group the slowest GPU; NULL on a CPU.';
