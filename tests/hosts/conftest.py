"""A database and a broker that take TLS alone, with the accounts that hosts use."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
import redis
from psycopg import sql

from core.settings import Settings
from db.engine import open_database
from db.migrate import upgrade
from db.roles import grant_writer
from tests.support.tls_servers import (
    DEPLOY,
    Certificates,
    make_certificates,
    secured_postgres,
    secured_redis,
)

ACCOUNTS = DEPLOY / "redis" / "users.acl"
#: What stands in the file where the password belongs.
PLACEHOLDER = "CHOOSE-A-PASSWORD"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecuredPair:
    """The two servers as evalctl's URLs, and their administrators' for looking at what happened."""

    database_url: str
    broker_url: str
    owner_url: str
    certificates: Certificates
    admin: redis.Redis


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredPair]:
    """Run both; evalctl logs in as a writer of the database and with the broker's least account."""
    certificates = make_certificates(tmp_path_factory.mktemp("certificates"))
    password = secrets.token_hex(16)
    accounts = ACCOUNTS.read_text(encoding="utf-8").replace(PLACEHOLDER, password).splitlines()
    accounts = [line for line in accounts if line.startswith("user evalctl ")]
    checked = f"sslmode=verify-full&sslrootcert={certificates.authority}"
    with (
        secured_redis(certificates, accounts) as broker,
        secured_postgres(certificates) as database,
    ):
        server = f"postgresql://admin:{database.password}@localhost:{database.port}"
        with psycopg.connect(f"{server}/postgres?{checked}", autocommit=True) as admin:
            admin.execute("CREATE DATABASE evalctl")
            admin.execute(sql.SQL("CREATE ROLE gpu_hosts LOGIN PASSWORD {}").format(password))
        owner_url = f"{server}/evalctl?{checked}"
        engine = open_database(owner_url, name="owner")
        upgrade(engine)
        grant_writer(engine, "gpu_hosts")
        engine.dispose()
        given = {
            "EVALCTL_DATABASE_URL": f"postgresql://gpu_hosts:{password}@localhost:{database.port}/evalctl?{checked}",
            "EVALCTL_BROKER_URL": f"rediss://evalctl:{password}@localhost:{broker.port}/0?ssl_ca_certs={certificates.authority}",
        }
        settings = Settings.from_environment(given)
        assert settings.database_url is not None
        assert settings.broker_url is not None
        url = f"rediss://admin:{broker.password}@localhost:{broker.port}/0?ssl_ca_certs={certificates.authority}"
        with redis.Redis.from_url(url, decode_responses=True) as client:
            yield SecuredPair(
                database_url=settings.database_url,
                broker_url=settings.broker_url,
                owner_url=owner_url,
                certificates=certificates,
                admin=client,
            )
