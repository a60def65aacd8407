"""The SQL files, one statement per ``-- name:`` heading; ``db.statements`` reads them."""
