-- Panels of the dashboard "evalctl: run"; $__timeFilter and ${...} are Grafana"s.

-- name: jobs_by_state
SELECT state, sum(jobs) AS jobs
  FROM analytics_v1.job_counts
 WHERE run_id = (SELECT run_id FROM analytics_v1.runs WHERE run = ${run:sqlstring})
 GROUP BY state
 ORDER BY state;

-- name: done
SELECT 1 - coalesce(sum(jobs) FILTER (WHERE state IN ('queued', 'running')), 0)::double precision
           / sum(jobs)::double precision AS done
  FROM analytics_v1.job_counts
 WHERE run_id = (SELECT run_id FROM analytics_v1.runs WHERE run = ${run:sqlstring});

-- name: time_to_the_end
SELECT count(*) FILTER (WHERE state IN ('queued', 'running')) * 3600.0
       / nullif(count(*) FILTER (WHERE finished_at > newest - interval '1 hour'), 0) AS eta_s
  FROM (SELECT state, finished_at, max(finished_at) OVER () AS newest
          FROM analytics_v1.jobs
         WHERE run_id = (SELECT run_id FROM analytics_v1.runs WHERE run = ${run:sqlstring})) AS j;

-- name: failures_by_class
SELECT model, error_class, failure_kind, count(*) AS jobs, min(error_message) AS example
  FROM analytics_v1.jobs
 WHERE run_id = (SELECT run_id FROM analytics_v1.runs WHERE run = ${run:sqlstring})
   AND state IN ('failed', 'dead')
 GROUP BY model, error_class, failure_kind
 ORDER BY jobs DESC;

-- name: scores
SELECT model, prompt, category, problems, repetitions, score7, score7_high, steps_share,
       answer_accuracy, guess_rate
  FROM analytics_v1.category_scores
 WHERE run_id = (SELECT run_id FROM analytics_v1.runs WHERE run = ${run:sqlstring})
 ORDER BY category, model, prompt;

-- name: time_and_memory
SELECT model, prompt, mode, jobs, flagged, ttft_ms, ttft_ms_p90, e2e_s, tokens_per_s,
       need_mib, nvml_peak_mib, host_peak_mib, gpu_name
  FROM analytics_v1.model_resources
 WHERE run_id = (SELECT run_id FROM analytics_v1.runs WHERE run = ${run:sqlstring})
 ORDER BY model, prompt;

-- name: results_that_came_in
SELECT date_bin('10 min', finished_at, 'epoch') AS time, model AS metric,
       count(*) AS results
  FROM analytics_v1.jobs
 WHERE run_id = (SELECT run_id FROM analytics_v1.runs WHERE run = ${run:sqlstring})
   AND finished_at IS NOT NULL
 GROUP BY 1, 2
 ORDER BY 1, 2;

-- name: need_and_reservation_by_model
SELECT model, max(need_mib) AS need, max(coalesce(nvml_peak_mib, host_peak_mib)) AS device_peak
  FROM analytics_v1.model_resources
 WHERE run_id = (SELECT run_id FROM analytics_v1.runs WHERE run = ${run:sqlstring})
 GROUP BY model
 ORDER BY model;

-- name: why_results_were_left_out
SELECT r.model, f.word, sum(f.results::bigint) AS results
  FROM analytics_v1.model_resources AS r
 CROSS JOIN LATERAL jsonb_each_text(r.flag_counts) AS f(word, results)
 WHERE r.run_id = (SELECT run_id FROM analytics_v1.runs WHERE run = ${run:sqlstring})
 GROUP BY r.model, f.word
 ORDER BY results DESC;

-- name: problems_with_the_lowest_scores
SELECT problem, model, prompt, repetitions, score7, answer_accuracy
  FROM analytics_v1.problem_scores
 WHERE run_id = (SELECT run_id FROM analytics_v1.runs WHERE run = ${run:sqlstring})
 ORDER BY score7, problem
 LIMIT 20;

-- name: choose_run
SELECT run FROM analytics_v1.runs ORDER BY created_at DESC LIMIT 200;
