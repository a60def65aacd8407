-- What a card said of its pace while results were made. Frozen: a later change is a later file.

CREATE VIEW analytics_v1.card_looks AS
SELECT g.job_id, g.run, g.model, l.ordinal, (l.at_s - e.submitted_s) * 1000 AS since_submit_ms,
       l.at_s BETWEEN e.first_token_s AND e.last_token_s AS counted,
       l.sm_clock_mhz, t.max_sm_clock_mhz, l.temperature_c, l.power_w, l.reasons AS clock_event_reasons
  FROM analytics_v1.generations AS g
  JOIN eval.generation AS e ON e.job_id = g.job_id
  JOIN eval.memory_trace AS t ON t.job_id = g.job_id
 CROSS JOIN LATERAL unnest(t.look_at_s, t.look_sm_clock_mhz, t.look_temperature_c, t.look_power_w, t.look_reasons)
       WITH ORDINALITY AS l(at_s, sm_clock_mhz, temperature_c, power_w, reasons, ordinal);
COMMENT ON VIEW analytics_v1.card_looks IS 'The looks at a GPU''s clock, power and temperature while a committed result was made, a row per look; none off the GPU.';
COMMENT ON COLUMN analytics_v1.card_looks.job_id IS 'The job.';
COMMENT ON COLUMN analytics_v1.card_looks.run IS 'Name of the run.';
COMMENT ON COLUMN analytics_v1.card_looks.model IS 'Name of the model.';
COMMENT ON COLUMN analytics_v1.card_looks.ordinal IS 'Number of the look, from 1.';
COMMENT ON COLUMN analytics_v1.card_looks.since_submit_ms IS 'Milliseconds since the request was submitted to the engine; negative before it.';
COMMENT ON COLUMN analytics_v1.card_looks.counted IS 'Whether it fell between the first and the last token: only such looks make the figures and the flags of the result.';
COMMENT ON COLUMN analytics_v1.card_looks.sm_clock_mhz IS 'Clock of the streaming multiprocessors, MHz.';
COMMENT ON COLUMN analytics_v1.card_looks.max_sm_clock_mhz IS 'The highest such clock that the card has, MHz.';
COMMENT ON COLUMN analytics_v1.card_looks.temperature_c IS 'Temperature, degrees Celsius.';
COMMENT ON COLUMN analytics_v1.card_looks.power_w IS 'Power, W, as the driver averages it.';
COMMENT ON COLUMN analytics_v1.card_looks.clock_event_reasons IS 'Bits of NVML''s clock event reasons at that moment.';
