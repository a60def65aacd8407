-- What users change about a run: its name and its tags.

-- name: forget_kept
-- Kept rows hold the run's name. The lock that this takes also keeps others from keeping it.
SELECT eval.forget_run(%(run)s);

-- name: name_taken
SELECT id FROM eval.run WHERE name = %(name)s AND id <> %(run)s;

-- name: rename_run
UPDATE eval.run SET name = %(name)s WHERE id = %(run)s;

-- name: tag_run
UPDATE eval.run
   SET tags = ARRAY(SELECT t FROM unnest(tags || %(add)s::text[]) AS t
                     WHERE t <> ALL (%(remove)s::text[]) GROUP BY t ORDER BY t)
 WHERE id = %(run)s
RETURNING tags;
