"""``evalctl db dump`` and ``evalctl db restore``: the whole database as one file, and back."""

from __future__ import annotations

from pathlib import Path

import click

from db.migrate import schema_version, upgrade
from db.roles import renew_grants
from orchestrator.cli.examples import examples
from orchestrator.connections import connect
from orchestrator.console import say
from orchestrator.errors import UsageFault
from orchestrator.upkeep import dump as copies


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@examples("evalctl db dump evalctl-2026-11-30.dump")
def dump(*, file: Path) -> int:
    """Write the whole database into a new file.

    Runs may go on meanwhile: the file holds one moment of them. Roles are not
    in it. Read it back with `evalctl db restore`.
    """
    if file.exists():
        raise UsageFault(f"{file} exists; name a new file")
    with connect(name="dump", check_schema=False) as connections:
        size = copies.dump(connections.endpoints.database_url, file)
    say(f"wrote {file} ({size / (1 << 20):.1f} MiB)")
    return 0


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@examples("evalctl db restore evalctl-2026-11-30.dump")
def restore(*, file: Path) -> int:
    """Read a dump into an empty database, and migrate it.

    A database that holds evalctl's tables is refused. Grant access to writers
    and analysts again afterwards.
    """
    if not file.is_file():
        raise UsageFault(f"there is no file {file}")
    with connect(name="restore", check_schema=False) as connections:
        if schema_version(connections.engine).found is not None:
            raise UsageFault(
                "this database has evalctl's tables already; restore into an empty one: "
                "another EVALCTL_HOME, or another database in EVALCTL_DATABASE_URL"
            )
        copies.restore(connections.endpoints.database_url, file)
        upgrade(connections.engine)
        renew_grants(connections.engine)
        version = schema_version(connections.engine)
    say(f"restored {file}; the database is at revision {version.found}")
    return 0
