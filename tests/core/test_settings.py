"""The environment's four settings: defaults, spellings, errors, and passwords that stay hidden."""

from __future__ import annotations

from pathlib import Path

import pytest
from platformdirs import user_data_path
from sqlalchemy import create_engine

from core.errors import SettingsError
from core.settings import VARIABLES, Settings, masked


def test_an_empty_environment_means_the_embedded_services_in_the_users_data_folder() -> None:
    assert Settings.from_environment({"EVALCTL_DATABASE_URL": "", "EVALCTL_HOME": ""}) == Settings(
        home=user_data_path("evalctl"), database_url=None, broker_url=None, config=None
    )


def test_every_variable_is_read_and_given_on_to_children() -> None:
    environ = {
        "EVALCTL_HOME": "/srv/evalctl",
        "EVALCTL_DATABASE_URL": "postgresql://me:secret@db:5432/eval",
        "EVALCTL_BROKER_URL": "redis://:secret@queue:6379/3",
        "EVALCTL_CONFIG": "/etc/evalctl.toml",
    }

    settings = Settings.from_environment(environ)

    assert settings.home == Path("/srv/evalctl")
    assert settings.config == Path("/etc/evalctl.toml")
    assert settings.environment() == environ
    assert Settings.from_environment(settings.environment()) == settings
    assert set(environ) == set(VARIABLES)


def test_the_process_environment_is_the_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EVALCTL_HOME", "relative")
    monkeypatch.chdir(tmp_path)

    assert Settings.from_environment().home == tmp_path / "relative"


def test_a_tilde_is_the_users_home() -> None:
    assert Settings.from_environment({"EVALCTL_HOME": "~/eval"}).home == Path.home() / "eval"


@pytest.mark.parametrize(
    "scheme", ["postgresql", "postgres", "postgresql+psycopg", "postgresql+psycopg2", "POSTGRESQL"]
)
def test_every_spelling_of_a_postgresql_url_becomes_psycopg_3s(scheme: str) -> None:
    settings = Settings.from_environment(
        {"EVALCTL_DATABASE_URL": f"{scheme}://me:pw@db/eval?sslmode=require"}
    )

    assert settings.database_url == "postgresql://me:pw@db/eval?sslmode=require"
    assert create_engine(settings.database_url).dialect.driver == "psycopg"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (" valkey://q:1/0 ", "redis://q:1/0"),
        ("valkeys://q:1/0", "rediss://q:1/0?ssl_cert_reqs=required"),
        (
            "rediss://q:1/0?ssl_ca_certs=/ca.pem",
            "rediss://q:1/0?ssl_ca_certs=/ca.pem&ssl_cert_reqs=required",
        ),
        ("rediss://q:1/0?ssl_cert_reqs=none", "rediss://q:1/0?ssl_cert_reqs=none"),
    ],
)
def test_a_valkey_url_is_spelt_as_redis_and_its_certificate_checked(given: str, kept: str) -> None:
    assert Settings.from_environment({"EVALCTL_BROKER_URL": given}).broker_url == kept


@pytest.mark.parametrize(
    ("variable", "url"),
    [
        ("EVALCTL_DATABASE_URL", "mysql://me:topsecret@db/eval"),
        ("EVALCTL_DATABASE_URL", "just words"),
        ("EVALCTL_BROKER_URL", "amqp://me:topsecret@queue"),
        ("EVALCTL_BROKER_URL", "queue:6379"),
    ],
)
def test_another_kind_of_server_is_refused_without_showing_its_password(
    variable: str, url: str
) -> None:
    with pytest.raises(SettingsError, match=f"^{variable} must start with ") as caught:
        Settings.from_environment({variable: url})

    assert "topsecret" not in str(caught.value)
    assert caught.value.variable == variable


def test_the_repr_hides_passwords() -> None:
    shown = repr(
        Settings(
            home=Path("/h"), database_url="postgresql://me:pw1@db/e", broker_url="redis://:pw2@q"
        )
    )

    assert shown == (
        "Settings(home='/h', database_url='postgresql://me:***@db/e', "
        "broker_url='redis://:***@q', config=None)"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgresql://me:pw@db:5432/e", "postgresql://me:***@db:5432/e"),
        ("postgresql://me:p@w:x@db/e", "postgresql://me:***@db/e"),
        ("redis://:a/b@queue/0", "redis://:***@queue/0"),
        ("redis://queue:6379/0?name=a@b", "redis://queue:6379/0?name=a@b"),
        (
            "postgresql://db/e?user=me&password=pw&sslmode=disable",
            "postgresql://db/e?user=me&password=***&sslmode=disable",
        ),
        ("postgresql://me@db/e", "postgresql://me@db/e"),
        (
            "from redis://:a@x/0 to rediss://u:b@y/1.",
            "from redis://:***@x/0 to rediss://u:***@y/1.",
        ),
        ("no url: at all@here", "no url: at all@here"),
    ],
)
def test_masking_hides_passwords_and_nothing_else(text: str, expected: str) -> None:
    assert masked(text) == expected
