-- Which topics are hard for which model?
-- A problem counts for each of its topics, with all its results. Few problems share a topic: read the
-- score beside their number.
SELECT t.topic, s.model, count(DISTINCT s.problem_id) AS problems, count(*) AS results,
       avg(p.difficulty)::double precision AS difficulty, avg(s.score7) AS score7
  FROM analytics_v1.scores AS s
  JOIN analytics_v1.problems AS p USING (problem_id)
 CROSS JOIN LATERAL unnest(p.topics) AS t(topic)
 GROUP BY t.topic, s.model
 ORDER BY score7, t.topic, s.model;
