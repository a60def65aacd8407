-- Scoring stored generations again: what there is to score, and what has been scored by a version
-- already.

-- name: count_generations
-- Speed runs have random prompts; their texts mean nothing and are never scored.
SELECT count(*) AS generations,
       count(*) FILTER (WHERE j.sampling ->> 'fixed_input_tokens' IS NOT NULL) AS speed,
       count(*) FILTER (WHERE j.sampling ->> 'fixed_input_tokens' IS NULL AND EXISTS (
           SELECT FROM eval.score AS s WHERE s.job_id = j.id
              AND s.scorer_version = %(version)s)) AS current
  FROM eval.job AS j JOIN eval.generation AS g ON g.job_id = j.id
 WHERE j.run_id = %(run)s AND j.judged_score_id IS NULL
   AND g.finish_reason NOT IN ('content_filter', 'tool_calls');  -- core.states.UNSCORED_ENDS

-- name: generations_to_score
-- The next page of a run's generations after a job, each with the score that counts now.
SELECT j.id AS job_id, p.name AS problem, p.content_hash, p.document, t.content AS text,
       latest.score7
  FROM eval.job AS j
  JOIN eval.generation AS g ON g.job_id = j.id
  JOIN eval.problem AS p ON p.id = j.problem_id
  JOIN eval.text_blob AS t ON t.hash = g.output_text_hash
  LEFT JOIN LATERAL (
       SELECT s.score7 FROM eval.score AS s WHERE s.job_id = j.id
        ORDER BY s.id DESC LIMIT 1) AS latest ON true
 WHERE j.run_id = %(run)s AND j.id > %(after)s AND j.judged_score_id IS NULL
   AND j.sampling ->> 'fixed_input_tokens' IS NULL
   AND g.finish_reason NOT IN ('content_filter', 'tool_calls')
   AND (%(force)s OR NOT EXISTS (
       SELECT FROM eval.score AS s WHERE s.job_id = j.id AND s.scorer_version = %(version)s))
 ORDER BY j.id LIMIT %(limit)s;
