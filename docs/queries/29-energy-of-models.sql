-- What does an answer take in energy, and a step that it shows?
-- By the GPU's counter where it has one (method), idle power included.
SELECT run, model, prompt, mode, method, joules, joules_per_token, joules_per_step, idle_power_w,
       answers
  FROM analytics_v1.model_energy
 ORDER BY run, prompt, mode, joules;
