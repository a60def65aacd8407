"""Real servers for the tests: an embedded Postgres and Valkey per process, a database per test."""

from __future__ import annotations

import itertools
import os
import signal
from collections import Counter, defaultdict
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, make_url
from xdist.remote import Producer

from core.hints import HintBroker
from core.settings import Settings
from db.engine import open_database
from db.migrate import upgrade
from services.usage import Endpoints, services
from tests.support.databases import Databases
from tests.support.lanes import Lanes, in_order
from workers.bundled_model import ensure_embedded_model

# A shell that starts the tests in the background has them ignore Ctrl-C; the processes under test
# would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Lanes:
    """Run tests beside each other, lane by lane."""
    return Lanes(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line what was skipped and why, and in another what each room's tests took."""
    reports = terminalreporter.stats.get("skipped", [])
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in reports)
    listed = "; ".join(f"{times} x {reason}" for reason, times in reasons.most_common())
    terminalreporter.write_line(
        f"skipped {len(reports)} tests: {listed}" if reports else "skipped 0 tests"
    )
    taken_s: defaultdict[str, float] = defaultdict(float)
    for report in itertools.chain.from_iterable(terminalreporter.stats.values()):
        if isinstance(report, pytest.TestReport):
            _, room, *inner = report.nodeid.partition("::")[0].split("/")
            taken_s[room if inner else "the whole"] += report.duration
    longest = sorted(taken_s.items(), key=lambda item: -item[1])
    rooms = ", ".join(f"{room} {seconds:.0f}" for room, seconds in longest)
    terminalreporter.write_line(f"seconds by room: {rooms}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that take longest; skip those of a vLLM that is not installed."""
    items[:] = in_order(items)
    if find_spec("vllm") is None:
        for item in items:
            if item.get_closest_marker("vllm"):
                item.add_marker(pytest.mark.skip(reason="needs the extra cpu"))


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of this session's embedded servers."""
    return tmp_path_factory.mktemp("evalctl-home")


@pytest.fixture(scope="session")
def embedded_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with the tiny model in bf16, made once in some 9 s for all processes."""
    session = tmp_path_factory.getbasetemp()
    made = (session.parent if "PYTEST_XDIST_WORKER" in os.environ else session) / "embedded-home"
    made.mkdir(exist_ok=True)
    ensure_embedded_model(made, "smollm2")  # Of two processes at once, one makes it.
    return made


@pytest.fixture(scope="session")
def endpoints(home: Path) -> Iterator[Endpoints]:
    """Run both servers for the session."""
    with services(Settings(home=home)) as found:
        # No test outlives this machine; a database per test is little but waiting for its disk.
        for name in ("fsync", "full_page_writes"):
            _administer(found, f"ALTER SYSTEM SET {name} = off")
        _administer(found, "SELECT pg_reload_conf()")
        yield found


@pytest.fixture(scope="session")
def template(endpoints: Endpoints) -> str:
    """Migrate one database that those of the tests are copies of."""
    name = "evalctl_template"
    _administer(endpoints, f"CREATE DATABASE {name}")
    engine = open_database(_url(endpoints, name), name="template")
    upgrade(engine)
    engine.dispose()
    return name


@pytest.fixture(scope="session")
def databases(endpoints: Endpoints, template: str) -> Databases:
    """Give the databases that the tests of this process use one after another."""
    return Databases(endpoints.database_url, template)


@pytest.fixture
def database_url(endpoints: Endpoints, databases: Databases) -> Iterator[str]:
    """Give a migrated database without rows, under a name that no earlier test saw."""
    name = databases.take()
    yield _url(endpoints, name)
    databases.give_back(name)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Connect to the test's database; its public views show synthetic rows."""
    opened = open_database(database_url, name="test", settings={"evalctl.include_synthetic": "on"})
    yield opened
    opened.dispose()


@pytest.fixture
def second(database_url: str) -> Iterator[Engine]:
    """Connect to the test's database once more, as another process would."""
    opened = open_database(database_url, name="second")
    yield opened
    opened.dispose()


@pytest.fixture
def broker_url(endpoints: Endpoints) -> Iterator[str]:
    """Give an empty broker: tests run one after another, so one number is enough."""
    import redis  # noqa: PLC0415 - most tests need no broker

    assert endpoints.broker_url is not None
    client = redis.Redis.from_url(endpoints.broker_url)
    client.flushall()
    yield endpoints.broker_url
    client.close()


@pytest.fixture
def broker(broker_url: str) -> Iterator[HintBroker]:
    """Give the publishing side of the test's broker."""
    opened = HintBroker(broker_url)
    yield opened
    opened.close()


@pytest.fixture
def environment(tmp_path: Path, database_url: str, broker_url: str) -> dict[str, str]:
    """Give the environment with which processes under test find the test's servers."""
    return {
        **{
            key: value
            for key, value in os.environ.items()
            if key != "COLUMNS" and not key.startswith("EVALCTL_")
        },
        "EVALCTL_HOME": str(tmp_path / "home"),
        "EVALCTL_DATABASE_URL": database_url,
        "EVALCTL_BROKER_URL": broker_url,
        "PYTHONUNBUFFERED": "1",
    }


def _url(endpoints: Endpoints, name: str) -> str:
    return make_url(endpoints.database_url).set(database=name).render_as_string(hide_password=False)


def _administer(endpoints: Endpoints, statement: str) -> None:
    with psycopg.connect(endpoints.database_url, autocommit=True) as connection:
        connection.execute(statement.encode())
