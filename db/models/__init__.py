"""Typed models of schema ``eval``, one module per part of the life of a job."""

from db.models.base import SCHEMA, Base
from db.models.catalogue import Model, Problem, PromptTemplate, TextBlob
from db.models.comparisons import Comparison
from db.models.fleet import Boot, Worker
from db.models.imports import AnswerFile, ImportedAnswer
from db.models.judging import JudgedStep, Judgement, Review
from db.models.nightly import Alert, Baseline, BaselineMetric, Night, Nightly, NightMetric
from db.models.probes import ProbePoint
from db.models.results import Generation, MemoryTrace, Score, StepVerdict
from db.models.schedules import Schedule, ScheduleSlot
from db.models.servers import ModelServer
from db.models.verification import Pipeline, Verification, VerifiedStep
from db.models.work import Attempt, Job, KeptRun, Outbox, Run

__all__ = [
    "SCHEMA",
    "Alert",
    "AnswerFile",
    "Attempt",
    "Base",
    "Baseline",
    "BaselineMetric",
    "Boot",
    "Comparison",
    "Generation",
    "ImportedAnswer",
    "Job",
    "JudgedStep",
    "Judgement",
    "KeptRun",
    "MemoryTrace",
    "Model",
    "ModelServer",
    "Night",
    "NightMetric",
    "Nightly",
    "Outbox",
    "Pipeline",
    "ProbePoint",
    "Problem",
    "PromptTemplate",
    "Review",
    "Run",
    "Schedule",
    "ScheduleSlot",
    "Score",
    "StepVerdict",
    "TextBlob",
    "Verification",
    "VerifiedStep",
    "Worker",
]
