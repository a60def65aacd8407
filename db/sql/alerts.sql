-- Alerts about nights: written with the decision, sent by the reconciler.

-- name: add_alert
INSERT INTO eval.alert (channel, schedule, slot, state, subject, body, document)
VALUES (%(channel)s, %(schedule)s, %(slot)s, %(state)s, %(subject)s, %(body)s, %(document)s);

-- name: take_alert
-- The next due alert. Its next try is set before it is sent, so that a sender that dies on the way
-- costs a wait, and another sender meanwhile finds nothing.
UPDATE eval.alert
   SET tries = tries + 1,
       next_try_at = now() + least(%(longest_s)s, %(first_s)s * 2 ^ least(tries, 20))
                             * interval '1 second'
 WHERE id = (SELECT id FROM eval.alert
              WHERE sent_at IS NULL AND abandoned_at IS NULL AND next_try_at <= now()
              ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, key, channel, schedule, slot, state, subject, body, document, tries, created_at;

-- name: sent
UPDATE eval.alert SET sent_at = now(), last_error = NULL WHERE id = %(alert)s AND sent_at IS NULL;

-- name: not_sent
UPDATE eval.alert
   SET last_error = %(error)s,
       abandoned_at = CASE WHEN created_at < now() - %(give_up_s)s * interval '1 second'
                           THEN now() END
 WHERE id = %(alert)s AND sent_at IS NULL
RETURNING abandoned_at IS NOT NULL AS abandoned, next_try_at;

-- name: unsent
SELECT channel, count(*) AS alerts, max(last_error) AS last_error,
       count(*) FILTER (WHERE abandoned_at IS NOT NULL) AS abandoned
  FROM eval.alert
 WHERE schedule = %(schedule)s AND sent_at IS NULL AND tries > 0
   AND created_at > now() - interval '7 days'
 GROUP BY channel ORDER BY channel;
