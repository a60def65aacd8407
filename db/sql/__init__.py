"""The SQL files of the queue, one statement per ``-- name:`` heading."""
