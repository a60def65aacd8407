-- Models behind a server: hold them while it is away, let requests through, let them go again. A
-- row stands for one model of one server, whatever the registry calls it. A decision by it locks it
-- first, in a statement before, and so sees what other workers have decided.

-- name: lock_server
INSERT INTO eval.model_server AS s (base_url, source) VALUES (%(base_url)s, %(source)s)
    ON CONFLICT (base_url, source) DO UPDATE SET base_url = s.base_url
RETURNING base_url;

-- name: let_through
-- Whether the request of an attempt may be sent now: not while its model is held, nor beside the one
-- that tries whether the server is back, nor above its limits. Requests are spaced, and so are
-- tokens, a little wider than the limit: what is spaced never comes in bursts. Without sends, only
-- the first two are decided.
WITH s AS (
    SELECT s.*, clock_timestamp() AS at,
           (s.trying_job_id, s.trying_attempt_no) IS NOT DISTINCT FROM
               (%(job)s::bigint, %(attempt_no)s::bigint) AS tries,
           EXISTS (SELECT FROM eval.job AS t
                    WHERE t.id = s.trying_job_id AND t.attempt_no = s.trying_attempt_no
                      AND t.state = 'running') AS tried
      FROM eval.model_server AS s
     WHERE s.base_url = %(base_url)s AND s.source = %(source)s
), busy AS (
    SELECT count(*) AS requests
      FROM eval.job AS j
      JOIN eval.model AS m ON m.id = j.model_id
      JOIN eval.attempt AS a ON a.job_id = j.id AND a.attempt_no = j.attempt_no
     WHERE j.state = 'running' AND a.sent_at IS NOT NULL AND j.id <> %(job)s
       AND m.spec ->> 'base_url' = %(base_url)s AND m.spec ->> 'source' = %(source)s
), decided AS (
    SELECT s.*,
           CASE WHEN failures > 0 AND NOT tries AND held_until > at THEN 'held'
                WHEN failures > 0 AND NOT tries AND tried THEN 'tried'
                WHEN NOT %(sends)s THEN 'free'
                WHEN requests >= %(concurrency)s::int THEN 'full'
                WHEN greatest(next_request_at, next_tokens_at) > at THEN 'paced'
                ELSE 'free' END AS word
      FROM s CROSS JOIN busy
), moved AS (
    UPDATE eval.model_server AS s
       SET trying_job_id = CASE WHEN d.failures > 0 THEN %(job)s ELSE NULL END,
           trying_attempt_no = CASE WHEN d.failures > 0 THEN %(attempt_no)s ELSE NULL END,
           next_request_at = CASE WHEN %(sends)s THEN
               d.at + make_interval(secs => %(request_s)s::double precision)
                             ELSE s.next_request_at END,
           next_tokens_at = CASE WHEN %(sends)s THEN
               d.at + make_interval(secs => %(tokens_s)s::double precision)
                            ELSE s.next_tokens_at END
      FROM decided AS d
     WHERE s.base_url = d.base_url AND s.source = d.source AND d.word = 'free'
), sent AS (
    UPDATE eval.attempt AS a SET sent_at = d.at, sent_tokens = %(tokens)s
      FROM decided AS d
     WHERE a.job_id = %(job)s AND a.attempt_no = %(attempt_no)s AND d.word = 'free' AND %(sends)s
)
SELECT word, error_message,
       extract(epoch FROM greatest(next_request_at, next_tokens_at) - at)::double precision
           AS wait_s
  FROM decided;

-- name: answered
-- A server has answered a request. One that was sent after the newest hold ends it, and the jobs
-- that waited get hints. Tokens that the request did not use are given back to the limit.
WITH s AS (
    SELECT s.base_url, s.source,
           s.failures > 0 AND coalesce(a.sent_at, a.started_at) >= s.held_at AS frees
      FROM eval.model_server AS s
      JOIN eval.attempt AS a ON a.job_id = %(job)s AND a.attempt_no = %(attempt_no)s
     WHERE s.base_url = %(base_url)s AND s.source = %(source)s
       FOR UPDATE OF s
), freed AS (
    UPDATE eval.model_server AS m
       SET last_success_at = now(),
           failures = CASE WHEN s.frees THEN 0 ELSE m.failures END,
           failing_since = CASE WHEN NOT s.frees THEN m.failing_since END,
           held_at = CASE WHEN NOT s.frees THEN m.held_at END,
           held_until = CASE WHEN NOT s.frees THEN m.held_until END,
           error_class = CASE WHEN NOT s.frees THEN m.error_class END,
           error_message = CASE WHEN NOT s.frees THEN m.error_message END,
           trying_job_id = CASE WHEN NOT s.frees THEN m.trying_job_id END,
           trying_attempt_no = CASE WHEN NOT s.frees THEN m.trying_attempt_no END,
           next_tokens_at = m.next_tokens_at
               - make_interval(secs => %(unused_s)s::double precision)
      FROM s WHERE m.base_url = s.base_url AND m.source = s.source
), hinted AS (
    INSERT INTO eval.outbox (job_id, queue)
    SELECT h.id, m.queue
      FROM s
      JOIN eval.model AS m ON m.spec ->> 'base_url' = s.base_url AND m.spec ->> 'source' = s.source
     CROSS JOIN LATERAL (
           SELECT j.id FROM eval.job AS j
            WHERE j.state = 'queued' AND NOT j.held AND j.model_id = m.id
              AND j.available_at <= now()
            ORDER BY j.priority, j.id LIMIT %(hints)s) AS h
     WHERE s.frees
)
SELECT frees FROM s;

-- name: hold_server
-- Hold a model: 5 s, twice as long each time without a success in between, to 5 minutes; as long as
-- the server said where it did, and no shorter than a time that grows from 1 s. An attempt that
-- began before the newest hold says nothing new, but the server's word counts.
WITH a AS (
    SELECT started_at FROM eval.attempt WHERE job_id = %(job)s AND attempt_no = %(attempt_no)s
), next AS (
    SELECT s.base_url, s.source, s.failures = 0 OR a.started_at >= s.held_at AS anew,
           make_interval(secs => (1 + 0.1 * random()) * CASE
               WHEN %(retry_after_s)s::double precision IS NULL
               THEN least(%(longest_s)s, %(shortest_s)s * 2 ^ least(s.failures, 20))
               ELSE greatest(%(retry_after_s)s::double precision,
                             least(%(longest_s)s, 2 ^ least(s.failures, 20))) END) AS pause
      FROM eval.model_server AS s CROSS JOIN a
     WHERE s.base_url = %(base_url)s AND s.source = %(source)s
)
UPDATE eval.model_server AS s
   SET failures = s.failures + next.anew::int,
       failing_since = coalesce(s.failing_since, now()),
       held_at = CASE WHEN next.anew THEN now() ELSE s.held_at END,
       held_until = CASE WHEN next.anew THEN now() + next.pause
                         WHEN %(retry_after_s)s::double precision IS NOT NULL
                         THEN greatest(s.held_until, now() + next.pause)
                         ELSE s.held_until END,
       error_class = %(error_class)s, error_message = %(error_message)s
  FROM next
 WHERE s.base_url = next.base_url AND s.source = next.source
RETURNING s.failures, s.held_until,
          extract(epoch FROM s.held_until - now())::double precision AS held_s,
          greatest(s.failing_since, s.last_success_at)
              < now() - make_interval(secs => %(patience_s)s) AS exhausted;

-- name: hand_back
-- Return a job whose server failed to the queue at no cost, behind the others of its model, so that
-- another tries whether the server is back. Not for ever: a job that has waited for all of the
-- patience is dead, and one that fails again and again within its answer, or while others are
-- served, is left to count.
WITH mine AS (
    SELECT j.id, j.attempt_no, j.model_id, s.held_until > now() AS waits, s.held_until,
           w.since < now() - make_interval(secs => %(patience_s)s) AS exhausted,
           w.times >= %(times_at_most)s::int
               AND (%(begun)s OR s.last_success_at > w.since) AS counts
      FROM eval.job AS j
      JOIN eval.model_server AS s ON s.base_url = %(base_url)s AND s.source = %(source)s
     CROSS JOIN LATERAL (
           SELECT min(a.started_at) AS since,
                  count(*) FILTER (WHERE a.error_class = %(error_class)s) AS times
             FROM eval.attempt AS a
            WHERE a.job_id = j.id AND a.attempt_no > j.retried_after) AS w
     WHERE j.id = %(job)s AND j.attempt_no = %(attempt_no)s AND j.state = 'running'
), pause AS (
    SELECT mine.id,
           CASE WHEN NOT coalesce(mine.waits, false)
                THEN now() + make_interval(secs => %(backoff_s)s)
                WHEN EXISTS (SELECT FROM eval.job AS o
                              WHERE o.state = 'queued' AND NOT o.held
                                AND o.model_id = mine.model_id)
                THEN mine.held_until + make_interval(secs => %(backoff_s)s)
                ELSE mine.held_until END AS until
      FROM mine
), ended AS (
    UPDATE eval.job AS j
       SET state = CASE WHEN mine.exhausted THEN 'dead' ELSE 'queued' END,
           max_attempts = j.max_attempts + 1,
           finished_at = CASE WHEN mine.exhausted THEN now() END,
           available_at = pause.until, lease_expires_at = NULL, failure_kind = 'infra',
           error_class = CASE WHEN mine.exhausted THEN 'PATIENCE_EXHAUSTED'
                              ELSE %(error_class)s END,
           error_message = CASE WHEN mine.exhausted THEN %(exhausted_message)s
                                ELSE %(error_message)s END
      FROM mine JOIN pause ON pause.id = mine.id
     WHERE j.id = mine.id AND j.attempt_no = mine.attempt_no AND j.state = 'running'
       AND mine.counts IS NOT TRUE
    RETURNING j.id, j.attempt_no, j.state, j.model_id, j.held, j.available_at,
              least(j.available_at, mine.held_until) AS first_at
), attempted AS (
    UPDATE eval.attempt AS a
       SET outcome = 'handed_back', ended_at = now(), failure_kind = 'infra',
           error_class = %(error_class)s, error_message = %(error_message)s
      FROM ended WHERE a.job_id = ended.id AND a.attempt_no = ended.attempt_no
), hinted AS (
    INSERT INTO eval.outbox (job_id, queue, available_at)
    SELECT ended.id, m.queue, hint.at
      FROM ended JOIN eval.model AS m ON m.id = ended.model_id
     CROSS JOIN LATERAL (SELECT DISTINCT unnest(ARRAY[ended.first_at, ended.available_at]) AS at)
           AS hint
     WHERE ended.state = 'queued' AND NOT ended.held
)
SELECT coalesce(ended.state, 'counted') AS state
  FROM mine LEFT JOIN ended ON ended.id = mine.id;

-- name: abandon_jobs
-- End the queued jobs of a model whose server has served none for all of the patience, as far as
-- they have waited as long.
UPDATE eval.job AS j
   SET state = 'dead', finished_at = now(), failure_kind = 'infra',
       error_class = 'PATIENCE_EXHAUSTED', error_message = %(exhausted_message)s
  FROM eval.model AS m
 WHERE m.id = j.model_id AND m.spec ->> 'base_url' = %(base_url)s
   AND m.spec ->> 'source' = %(source)s AND j.state = 'queued' AND NOT j.held
   AND coalesce((SELECT min(a.started_at) FROM eval.attempt AS a
                  WHERE a.job_id = j.id AND a.attempt_no > j.retried_after), j.available_at)
       < now() - make_interval(secs => %(patience_s)s)
RETURNING j.id;

-- name: held_models
-- Models whose server fails and that jobs wait for, by name: since when, why, and until when they
-- are held.
SELECT DISTINCT ON (m.name) m.name AS model, s.base_url, s.failing_since AS since,
       s.held_until AS until, s.held_until > now() AS held,
       greatest(0, extract(epoch FROM s.held_until - now()))::double precision AS held_s,
       s.failures, s.error_class, s.error_message AS reason
  FROM eval.model_server AS s
  JOIN eval.model AS m ON m.spec ->> 'base_url' = s.base_url AND m.spec ->> 'source' = s.source
 WHERE s.failures > 0
   AND EXISTS (SELECT FROM eval.job AS j
                WHERE j.model_id = m.id AND j.state IN ('queued', 'running'))
 ORDER BY m.name;
