"""The database: typed models, and named statements in ``db/sql``.

One rule: SQL lives in ``db/sql/*.sql`` under a name and is loaded by ``db.statements``; Python
holds none, and the ORM classes describe the schema and serve simple reads and writes of one table.
"""
