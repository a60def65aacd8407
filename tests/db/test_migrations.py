"""The migrations on a real Postgres: up, down and up again, equal to the models."""

from __future__ import annotations

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from db.engine import rows, transaction
from db.migrate import alembic_config, newest_revision, schema_version, upgrade


def test_there_is_one_head_and_its_file_is_named_by_it() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_heads() == [newest_revision()]


def test_models_equal_the_migrated_schema_also_after_down_and_up(engine: Engine) -> None:
    config = alembic_config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.check(config)
        command.downgrade(config, "base")
        left = (
            "SELECT count(*) FROM information_schema.tables WHERE table_schema IN "
            "('eval', 'analytics_v1')"
        )
        assert connection.exec_driver_sql(left).scalar_one() == 1, (
            "Alembic's own table is all that stays"
        )
        connection.commit()
        command.upgrade(config, "head")
        command.check(config)


def test_upgrading_a_current_database_changes_nothing(engine: Engine) -> None:
    before = schema_version(engine)
    upgrade(engine)
    assert schema_version(engine) == before
    assert before.current


def test_every_view_and_column_is_commented(engine: Engine) -> None:
    columns = """
        SELECT c.relname, a.attname
          FROM pg_class AS c
          JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
         WHERE c.relnamespace = 'analytics_v1'::regnamespace
           AND col_description(c.oid, a.attnum) IS NULL
    """
    views = """
        SELECT c.relname FROM pg_class AS c
         WHERE c.relnamespace = 'analytics_v1'::regnamespace AND obj_description(c.oid) IS NULL
    """
    with transaction(engine) as connection:
        assert rows(connection, columns) == []
        assert rows(connection, views) == []
        counted = (
            "SELECT count(*) AS n FROM information_schema.views WHERE table_schema = 'analytics_v1'"
        )
        assert rows(connection, counted)[0]["n"] >= 10
