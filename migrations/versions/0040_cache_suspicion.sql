-- In throughput mode a request waits for others, so that later ones begin sooner without any cache.
CREATE OR REPLACE VIEW eval.live_cache_checks AS
SELECT run_id, run, model, prompt, mode, config_hash, environment_hash, sum(results)::bigint AS results, sum(cached)::bigint AS cached,
       sum(unknown)::bigint AS unknown, count(*) FILTER (WHERE first_ms > 0 AND later_ms > 0) AS problems,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY first_ms) FILTER (WHERE later_ms > 0) AS first_ttft_ms,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY later_ms) FILTER (WHERE first_ms > 0) AS later_ttft_ms,
       coalesce(mode = 'latency' AND count(*) FILTER (WHERE first_ms > 0 AND later_ms > 0) >= 5
           AND percentile_cont(0.5) WITHIN GROUP (ORDER BY later_ms / nullif(first_ms, 0)) < 0.8, false) AS suspected
  FROM (SELECT run_id, run, model, prompt, mode, config_hash, environment_hash, problem, count(*) AS results,
               count(*) FILTER (WHERE cached_tokens > 0) AS cached, count(*) FILTER (WHERE cached_tokens IS NULL) AS unknown,
               min(ttft_ms) FILTER (WHERE nth = 1) AS first_ms,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY ttft_ms) FILTER (WHERE nth > 1 AND used) AS later_ms
          FROM (SELECT g.run_id, g.run, g.model, g.prompt, g.mode, g.config_hash, g.environment_hash, g.problem, g.cached_tokens, g.ttft_ms,
                       g.used, row_number() OVER (PARTITION BY g.run_id, g.model, g.prompt, g.mode, g.config_hash, g.environment_hash, g.problem
                                               ORDER BY g.created_at, g.job_id) AS nth
                  FROM analytics_v1.generations AS g) AS g
         GROUP BY run_id, run, model, prompt, mode, config_hash, environment_hash, problem) AS p
 GROUP BY run_id, run, model, prompt, mode, config_hash, environment_hash;
UPDATE eval_kept.cache_checks SET suspected = false WHERE mode <> 'latency' AND suspected;
COMMENT ON COLUMN analytics_v1.cache_checks.suspected IS 'Whether, over at least 5 problems, the median ratio of later to first TTFT is below 0.8; false in throughput mode, where requests wait for others.';
