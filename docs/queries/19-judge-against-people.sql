-- How often does a judge agree with a person about a step?
-- Only steps that were drawn at random: those chosen because they were uncertain say nothing about
-- the others.
SELECT j.judge, count(*) AS steps, avg((j.judge_verdict = r.verdict)::int)::double precision AS agreement,
       count(*) FILTER (WHERE j.judge_verdict = 'done' AND r.verdict <> 'done') AS judge_too_kind,
       count(*) FILTER (WHERE j.judge_verdict <> 'done' AND r.verdict = 'done') AS judge_too_strict
  FROM analytics_v1.judged_steps AS j
  JOIN analytics_v1.reviews AS r ON r.score_id = j.score_id AND r.step = j.step AND r.shown
 WHERE r.sample = 'random' AND j.judge_verdict IS NOT NULL
 GROUP BY j.judge
 ORDER BY j.judge;
