"""One trial: an odd server, the embedded services, a reconciler and real workers around it."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from core.hints import HintBroker
from core.model_spec import ModelSpec
from core.settings import Settings
from db.engine import open_database
from db.migrate import upgrade
from orchestrator.upkeep.reconciler import Reconciler
from services.usage import services
from tests.odd_servers.server import OddServer
from tests.support.database import query
from tests.support.jobs import publish
from tests.support.processes import worker

OPEN = "SELECT count(*) AS n FROM eval.job WHERE state IN ('queued', 'running')"
STATES = "SELECT state, count(*) AS n FROM eval.job GROUP BY state ORDER BY state"
OUTCOMES = "SELECT outcome, count(*) AS n FROM eval.attempt GROUP BY outcome ORDER BY outcome"


class Trial:
    """A home with its services, in which runs against odd servers are made."""

    def __init__(self, environment: dict[str, str], engine: Engine, broker: HintBroker) -> None:
        self.environment, self.engine, self.broker = environment, engine, broker
        self.home = Path(environment["EVALCTL_HOME"])

    def run(
        self,
        server: OddServer,
        behaviour: str,
        *,
        workers: int = 1,
        within_s: float = 90.0,
        fields: dict[str, Any] | None = None,
        **submission: Any,
    ) -> float:
        """Run jobs of one model to their end; return the seconds they took, or the bound."""
        values: dict[str, Any] = {"name": behaviour, "queue": "openai"}
        values |= {"base_url": server.base_url} | (fields or {})
        model = ModelSpec(engine="openai", source=behaviour, **values)
        return self.run_models([model], workers=workers, within_s=within_s, **submission)

    def run_models(
        self,
        models: list[ModelSpec],
        *,
        workers: int = 1,
        within_s: float = 90.0,
        **submission: Any,
    ) -> float:
        """Run jobs of several models in one run; return as ``run`` does."""
        name = models[0].name
        named = {"name": name, "experiment_hash": f"{name} {models[0].base_url}"}
        began_s = time.monotonic()
        publish(self.engine, self.broker, models=tuple(models), **named | submission)
        with ExitStack() as stack:
            for _ in range(workers):
                stack.enter_context(worker(self.environment, "--queue", "openai"))
            while query(self.engine, OPEN)[0]["n"] and time.monotonic() - began_s < within_s:
                time.sleep(0.2)
        return time.monotonic() - began_s

    def counted(self, sql: str) -> str:
        """Return the rows of words and counts as text, e.g. ``186 succeeded``."""
        return ", ".join(
            f"{row['n']} {next(iter(row.values()))}" for row in query(self.engine, sql)
        )


@contextmanager
def trial() -> Iterator[Trial]:
    """Set up a home in a new folder, and remove it at the end."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="evalctl-odd-"))
        home = Path(folder) / "home"
        Path(folder).chmod(0o755)
        endpoints = stack.enter_context(services(Settings(home=home)))
        assert endpoints.broker_url is not None
        engine = open_database(endpoints.database_url, name="odd servers")
        stack.callback(engine.dispose)
        upgrade(engine)
        broker = HintBroker(endpoints.broker_url)
        stack.callback(broker.close)
        stop = threading.Event()
        reconciler = threading.Thread(target=Reconciler(engine, broker).run, args=(stop,))
        reconciler.start()
        stack.callback(reconciler.join)
        stack.callback(stop.set)
        yield Trial(
            {
                **{key: value for key, value in os.environ.items() if key[:8] != "EVALCTL_"},
                "EVALCTL_HOME": str(home),
                "EVALCTL_DATABASE_URL": endpoints.database_url,
                "EVALCTL_BROKER_URL": endpoints.broker_url,
                "PYTHONUNBUFFERED": "1",
            },
            engine,
            broker,
        )
