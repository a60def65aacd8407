-- Which topics are hard for which model?
-- A problem counts for each of its topics, with all its results. Few problems share a topic: read the
-- score beside their number.
SELECT t.topic, s.model, count(DISTINCT s.problem_id) AS problems, sum(s.scored) AS results,
       (sum(s.scored * p.difficulty) / nullif(sum(s.scored), 0))::double precision AS difficulty,
       sum(s.score7_sum) / sum(s.scored)::double precision AS score7
  FROM analytics_v1.answer_totals AS s
  JOIN analytics_v1.problems AS p USING (problem_id)
 CROSS JOIN LATERAL unnest(p.topics) AS t(topic)
 WHERE s.scored > 0
 GROUP BY t.topic, s.model
 ORDER BY score7, t.topic, s.model;
