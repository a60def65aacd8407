"""What is broken in this installation, each finding with its fix."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from core.errors import DbError, ServiceUnreachable
from core.gpus import GpuUnavailable, NoDriver, list_gpus
from core.hints import HintBroker
from core.settings import Settings
from db.engine import (
    open_database,
    reached_through_pooler,
    refuses_writes,
    server_version,
)
from db.migrate import schema_version
from db.queue.fleet import SILENT_AFTER_S, list_workers
from db.upkeep.space import space_use
from orchestrator.errors import UsageFault
from orchestrator.models.check import check_model, installed_vllm, supported
from orchestrator.models.registry import load_registry
from problems.errors import ProblemError
from problems.loader import load_set
from services.usage import Endpoints, ServiceState, services, services_state

DISK_MIB = 2048
WITHOUT_GPU = "Only CPU models can run here; enough to try evalctl out"
#: Major version; Valkey began at 7.
OLDEST_REDIS = 7


@dataclass(frozen=True, slots=True)
class Check:
    """One check and its finding."""

    name: str
    ok: bool
    found: str
    #: How to fix it; empty where nothing is broken.
    mend: str = ""
    #: There is none of it, which evalctl can do without.
    absent: bool = False


def examine(settings: Settings) -> list[Check]:
    """Check everything evalctl needs; a failed check does not stop the others."""
    checks = (_gpu, _vllm, lambda: _models(settings), _problems, lambda: _disk(settings))
    return [_services(settings), *_connected(settings), *(_guarded(check) for check in checks)]


def _guarded(check: Callable[[], Check]) -> Check:
    try:
        return check()
    except (UsageFault, ProblemError, DbError, OSError) as error:
        return Check(
            "configuration", ok=False, found=str(error), mend="Correct what the message names"
        )


def _services(settings: Settings) -> Check:
    states = services_state(settings)
    found = "; ".join(f"{state.name}: {_place(state)}" for state in states)
    return Check("services", ok=True, found=found)


def _place(state: ServiceState) -> str:
    if not state.embedded:
        return str(state.url)
    return f"embedded, {'running' if state.running else 'started on demand'}"


def _connected(settings: Settings) -> list[Check]:
    try:
        with services(settings) as endpoints:
            embedded = settings.database_url is None
            return [*_database(endpoints, embedded=embedded), _broker(endpoints)]
    except ServiceUnreachable as error:
        return [Check("database", ok=False, found=str(error), mend=error.mend)]


def _database(endpoints: Endpoints, *, embedded: bool) -> list[Check]:
    engine = open_database(endpoints.database_url, name="doctor")
    try:
        number = server_version(engine)
        through = " through a pooler" if reached_through_pooler(engine) else ""
        running = Check("database", ok=True, found=f"PostgreSQL {number}{through}")
        if why := refuses_writes(engine):
            mend = "Point EVALCTL_DATABASE_URL at the primary, e.g. with target_session_attrs"
            running = Check("database", ok=False, found=f"PostgreSQL {number} {why}", mend=mend)
        schema = _schema(engine, embedded=embedded)
        return [running, schema, _space(engine), _workers(engine)]
    except ServiceUnreachable as error:
        return [Check("database", ok=False, found=error.problem, mend=error.mend)]
    finally:
        engine.dispose()


def _schema(engine: Engine, *, embedded: bool) -> Check:
    version = schema_version(engine)
    if embedded and version.found is None:
        found = "not created yet; the first command that needs it creates it"
        return Check("schema", ok=True, found=found)
    found = f"revision {version.found or 'none'}, need {version.needed}"
    mend = "" if version.current else "Run `evalctl db upgrade`"
    return Check("schema", ok=version.current, found=found, mend=mend)


def _space(engine: Engine) -> Check:
    used = {part: f"{size / 2**20:.0f} MiB" for part, size in space_use(engine).items()}
    whole = used.pop("database")
    largest = ", ".join(f"{part} {size}" for part, size in used.items())
    return Check("space", ok=True, found=f"database {whole}" + (f": {largest}" if largest else ""))


def _workers(engine: Engine) -> Check:
    try:
        workers = list_workers(engine)
    except DBAPIError:
        return Check("workers", ok=False, found="unknown until the schema is current")
    silent = [row.name for row in workers if row.silent]
    if silent:
        found = f"no report for {SILENT_AFTER_S:g} s from {', '.join(silent)}"
        return Check("workers", ok=False, found=found, mend="Check their logs")
    found = ", ".join(f"{row.name} ({row.state})" for row in workers) or "no worker is running"
    mend = "" if workers else "Run `evalctl up`, or `evalctl worker` on a GPU host"
    return Check("workers", ok=bool(workers), found=found, mend=mend, absent=not workers)


def _broker(endpoints: Endpoints) -> Check:
    assert endpoints.broker_url is not None
    broker = HintBroker(endpoints.broker_url)
    try:
        server, version = broker.server()
    except ServiceUnreachable as error:
        return Check("broker", ok=False, found=error.problem, mend=error.mend)
    finally:
        broker.close()
    new_enough = int(version.partition(".")[0]) >= OLDEST_REDIS
    newer = f"Workers need LMPOP: install Redis {OLDEST_REDIS} or newer, or Valkey"
    mend = "" if new_enough else newer
    return Check("broker", ok=new_enough, found=f"{server} {version} responds", mend=mend)


def _gpu() -> Check:
    try:
        gpus = list_gpus()
    except NoDriver:
        found = "no NVIDIA driver is installed"
        return Check("gpu", ok=False, found=found, mend=WITHOUT_GPU, absent=True)
    except GpuUnavailable as error:
        return Check("gpu", ok=False, found=str(error), mend=WITHOUT_GPU)
    if not gpus:
        found = "the NVIDIA driver names no GPU"
        return Check("gpu", ok=False, found=found, mend=WITHOUT_GPU, absent=True)
    return Check("gpu", ok=True, found=", ".join(f"{gpu.index}: {gpu.name}" for gpu in gpus))


def _vllm() -> Check:
    installed = installed_vllm()
    if installed is None:
        mend = "Run `make setup` (EXTRA=gpu on a GPU host)"
        return Check("vllm", ok=False, found="not installed", mend=mend)
    ok = supported(installed[1])
    mend = "" if ok else "Run `make setup` for a supported version"
    return Check("vllm", ok=ok, found=" ".join(installed), mend=mend)


def _models(settings: Settings) -> Check:
    checks = [check_model(spec) for spec in load_registry(settings)]
    able = [check.model for check in checks if check.ok]
    unable = [f"{check.model} ({check.found})" for check in checks if not check.ok]
    cannot = f"; cannot: {', '.join(unable)}" if unable else ""
    found = f"can run here: {', '.join(able) or 'none'}{cannot}"
    mend = "" if able else "See `evalctl models check`"
    return Check("models", ok=bool(able), found=found, mend=mend)


def _problems() -> Check:
    shipped = load_set("core")
    found = f"{len(shipped)} problems in the shipped set"
    return Check("problems", ok=len(shipped) > 0, found=found)


def _disk(settings: Settings) -> Check:
    folder = settings.home
    while not folder.exists():
        folder = folder.parent
    free_mib = shutil.disk_usage(folder).free >> 20
    ok = free_mib >= DISK_MIB
    mend = "" if ok else f"Free at least {DISK_MIB} MiB, or set EVALCTL_HOME elsewhere"
    return Check("disk", ok=ok, found=f"{free_mib} MiB free under {settings.home}", mend=mend)
