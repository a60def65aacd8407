"""The declarative base: schema, naming convention, and the column types used everywhere."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any

from sqlalchemy import BigInteger, DateTime, Identity, MetaData, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

#: Internal tables; analysts read the views of ``analytics_v1`` instead.
SCHEMA = "eval"

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

BigId = Annotated[int, mapped_column(BigInteger, Identity(always=True), primary_key=True)]
UuidId = Annotated[
    uuid.UUID, mapped_column(Uuid, primary_key=True, server_default=text("gen_random_uuid()"))
]
Timestamp = Annotated[dt.datetime, mapped_column(DateTime(timezone=True))]
Created = Annotated[dt.datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]
Json = Annotated[dict[str, Any], mapped_column(JSONB, server_default=text("'{}'::jsonb"))]


class Base(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(schema=SCHEMA, naming_convention=NAMING)
    type_annotation_map = {str: Text, dict[str, Any]: JSONB, int: BigInteger}  # noqa: RUF012 - SQLAlchemy's interface
