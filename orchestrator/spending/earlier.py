"""Estimate a submission where a database holds earlier results, else say why there is none."""

from __future__ import annotations

from core.errors import ServiceStartError, ServiceUnreachable
from core.settings import Settings
from db.runs.submissions import Submission
from orchestrator.connections import connect
from orchestrator.spending.estimate import Estimate, estimate
from services.usage import services_state


def estimate_or_why(settings: Settings, submission: Submission) -> Estimate:
    """Estimate a submission. A database that was never made, or is away, is a reason, no error."""
    database, _ = services_state(settings)
    if database.embedded and database.url is None:
        return Estimate(models=(), why=f"{settings.home} holds no earlier runs")
    try:
        with connect(name="submit") as connections:
            return estimate(connections.engine, submission)
    except (ServiceUnreachable, ServiceStartError) as error:
        return Estimate(models=(), why=str(error))
