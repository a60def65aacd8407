-- Which models run into the token limit, and in which category?
SELECT model, category, prompt, count(*) AS results,
       count(*) FILTER (WHERE finish_reason = 'length') AS cut,
       avg((finish_reason = 'length')::int)::double precision AS cut_share
  FROM analytics_v1.generations
 GROUP BY model, category, prompt
 ORDER BY cut_share DESC, model, category, prompt;
