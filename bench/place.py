"""A place for benchmarks: temporary embedded servers, a migrated database, workers' environment."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from core.hints import HintBroker
from core.sampling_params import SamplingParams
from core.settings import Settings
from db.engine import open_database
from db.migrate import upgrade
from db.runs.submissions import Submission
from orchestrator.models.registry import load_registry
from orchestrator.runs.submit import record_of
from problems.loader import load_set
from services.usage import services


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a benchmark runs."""

    settings: Settings
    engine: Engine
    broker: HintBroker
    broker_url: str
    environment: dict[str, str]


@contextmanager
def place() -> Iterator[Place]:
    """Run both servers for the block; the small model stays in EVALCTL_HOME and is linked here."""
    user = Settings.from_environment()
    with tempfile.TemporaryDirectory(prefix="evalctl-bench-") as folder:
        home = Path(folder)
        home.chmod(0o711)
        (user.home / "models").mkdir(parents=True, exist_ok=True)
        (home / "models").symlink_to(user.home / "models")
        settings = Settings(home=home)
        with services(settings) as endpoints:
            assert endpoints.broker_url is not None
            database_url, broker_url = endpoints.database_url, endpoints.broker_url
            synthetic = {"evalctl.include_synthetic": "on"}
            engine = open_database(database_url, name="bench", settings=synthetic)
            upgrade(engine)
            broker = HintBroker(broker_url)
            urls = {"EVALCTL_DATABASE_URL": database_url, "EVALCTL_BROKER_URL": broker_url}
            yield Place(
                settings=settings,
                engine=engine,
                broker=broker,
                broker_url=broker_url,
                environment={**os.environ, **settings.environment(), **urls},
            )
            broker.close()
            engine.dispose()


def quickstart_submission(
    place: Place, name: str, *, repetitions: int, sampling: SamplingParams
) -> Submission:
    """Return the quickstart's problems for the small model."""
    return Submission(
        name=name,
        experiment_hash=name,
        experiment={"language": "en"},
        provenance={},
        models=(load_registry(place.settings).get("smollm2"),),
        problems=tuple(record_of(problem) for problem in load_set("quickstart")),
        prompts=("plain",),
        repetitions=repetitions,
        mode="latency",
        sampling=sampling,
    )
