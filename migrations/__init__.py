"""Alembic migrations of schema ``eval`` and the views of ``analytics_v1``."""
