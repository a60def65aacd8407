-- How sure is the share of right answers of each model?
-- Wilson's interval at 95 %, one answer per row: repetitions of one problem are not independent, so
-- read it as the narrowest that can be true.
SELECT s.model, s.category, n AS answers, s.share,
       (s.share + 1.92 / n - 1.96 * sqrt(s.share * (1 - s.share) / n + 0.96 / n ^ 2)) / (1 + 3.84 / n) AS low,
       (s.share + 1.92 / n + 1.96 * sqrt(s.share * (1 - s.share) / n + 0.96 / n ^ 2)) / (1 + 3.84 / n) AS high
  FROM (SELECT model, category, sum(decided)::double precision AS n,
               (sum(correct) / sum(decided))::double precision AS share
          FROM analytics_v1.answer_totals
         GROUP BY model, category
        HAVING sum(decided) > 0) AS s
 ORDER BY s.model, s.category;
