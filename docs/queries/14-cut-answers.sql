-- Which models run into the token limit, and in which category?
SELECT model, category, prompt, sum(answers) AS results, sum(cut) AS cut,
       (sum(cut) / sum(answers))::double precision AS cut_share
  FROM analytics_v1.answer_totals
 GROUP BY model, category, prompt
 ORDER BY cut_share DESC, model, category, prompt;
