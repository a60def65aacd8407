-- At which clock did the GPU name a reason in each throttled result of a run?
-- The samples between the first and the last token count. 236 is the power cap (0x4), heat (0x20,
-- 0x40) and brakes (0x8, 0x80), as in `workers/measurement/assessment.py`.
SELECT g.job_id, g.problem, g.repetition, count(*) AS samples,
       count(*) FILTER (WHERE l.clock_event_reasons & 236 <> 0) AS held_down,
       min(l.sm_clock_mhz) FILTER (WHERE l.clock_event_reasons & 236 <> 0) AS lowest_mhz,
       max(l.max_sm_clock_mhz) AS highest_possible_mhz
  FROM analytics_v1.generations AS g
  JOIN analytics_v1.card_looks AS l ON l.job_id = g.job_id AND l.counted
 WHERE 'throttled' = ANY (g.flags)
   AND g.run_id = (SELECT run_id FROM analytics_v1.runs WHERE run = 'quickstart')
 GROUP BY g.job_id, g.problem, g.repetition
 ORDER BY g.job_id;
