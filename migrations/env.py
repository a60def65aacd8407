"""Run the migrations on the connection that ``db.migrate`` hands over, or on the configured URL."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, create_engine, event, pool, text
from sqlalchemy.schema import SchemaItem

from db.models import SCHEMA, Base


def include(
    _item: SchemaItem, name: str | None, type_: str, _reflected: bool, _other: SchemaItem | None
) -> bool:
    """Leave Alembic's own table out of comparisons."""
    return not (type_ == "table" and name == "alembic_version")


def bound_locks(connection: Connection) -> None:
    """Wait for no lock longer than 5 s; without effect on what runs outside transactions."""
    connection.exec_driver_sql("SELECT set_config('lock_timeout', '5s', true)")


def run(connection: Connection) -> None:
    """Apply the migrations, each in its own transaction, without waiting for long locks."""
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    connection.commit()
    event.listen(connection, "begin", bound_locks)
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        version_table_schema=SCHEMA,
        include_schemas=True,
        include_name=lambda name, kind, _parents: kind != "schema" or name == SCHEMA,
        include_object=include,
        transaction_per_migration=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


connection = context.config.attributes.get("connection")
if connection is not None:
    run(connection)
else:
    engine = create_engine(
        context.config.get_main_option("sqlalchemy.url") or "", poolclass=pool.NullPool
    )
    with engine.connect() as own:
        run(own)
