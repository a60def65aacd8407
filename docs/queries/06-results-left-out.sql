-- Why were results left out of the medians?
-- The words are explained in docs/explanation/what-is-measured.md; `evalctl results --explain`
-- shows the same for one run.
SELECT r.run, r.model, r.mode, r.jobs AS used, r.flagged, f.word, f.results
  FROM analytics_v1.model_resources AS r
  LEFT JOIN LATERAL jsonb_each_text(r.flag_counts) AS f(word, results) ON true
 ORDER BY r.run, r.model, r.mode, f.word;
