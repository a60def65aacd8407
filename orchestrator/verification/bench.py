"""Put a model under test beside computation: every step that the bench looks at is sent to it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from core.model_spec import ModelSpec, canonical_hash
from orchestrator.errors import UsageFault
from orchestrator.verification.replies import KeptReplies
from orchestrator.verification.server import VerifierServer, opened_server, refuse_worker_model
from scoring.quality.verification_bench import Base, trials
from scoring.quality.verifier_columns import Columns, Question, questions
from scoring.verification.marks import MarkedStep

#: Steps in a row that a server may fail before the bench stops: its figures would say nothing.
MOST_FAILURES = 20


@dataclass(slots=True, kw_only=True)
class ModelBench:
    """What has been counted so far, also where the bench is interrupted."""

    spec: ModelSpec
    replies: KeptReplies
    deadline_ms: float
    parallel: int
    columns: Columns = field(default_factory=Columns)
    answers: int = 0
    sent: int = 0
    _failures: int = 0

    def run(self, chosen: Iterable[Base]) -> None:
        """Count answer by answer. Raise ``UsageFault`` for a server that cannot verify.

        KeyboardInterrupt leaves the answers before it counted and each reply kept.
        """
        refuse_worker_model(self.spec)
        bases: Iterator[Base] = iter(chosen)
        with asyncio.Runner() as runner:
            runner.run(self._all(bases))

    async def _all(self, bases: Iterator[Base]) -> None:
        async with opened_server(self.spec) as server:
            for base in bases:
                await self._one(server, base)

    async def _one(self, server: VerifierServer, base: Base) -> None:
        tried = list(trials(base))
        wanted = [questions(trial) for trial in tried]
        marked: dict[str, MarkedStep] = {}
        slots = asyncio.Semaphore(self.parallel)
        asked = {_key(one): one for each in wanted for one in each}
        for key, question in asked.items():
            kept = self.replies.marked(key, question.step)
            if kept is not None:
                marked[key] = kept
        missing = [(key, question) for key, question in asked.items() if key not in marked]
        if missing and server.way is None:
            await server.choose_way(missing[0][1].messages)

        async def one(key: str, question: Question) -> None:
            async with slots:
                marked[key] = await self._marked(server, key, question)

        await asyncio.gather(*(one(key, question) for key, question in missing))

        def said(question: Question | None) -> MarkedStep | None:
            return None if question is None else marked[_key(question)]

        self.columns.count(base, tried, [(said(one.alone), said(one.behind)) for one in wanted])
        self.answers += 1

    async def _marked(self, server: VerifierServer, key: str, question: Question) -> MarkedStep:
        made = await server.mark(question.step, question.messages, self.deadline_ms)
        self.sent += 1
        if made.model_ms is not None:
            self._failures = 0
            self.replies.keep(key, made, labels_by=str(server.way))
            return made
        self._failures += 1
        if self._failures >= MOST_FAILURES:
            raise UsageFault(
                f"model {self.spec.name!r} failed {MOST_FAILURES} steps in a row: {made.reason}; "
                "mend the server and run the same command again: replies so far are kept"
            )
        return made


def spread(bases: Sequence[Base], most: int | None) -> list[Base]:
    """Return at most N answers, spread over the problems by a hash of their names; all for None."""
    if most is None or most >= len(bases):
        return list(bases)
    ordered = sorted(
        bases, key=lambda one: canonical_hash({"of": one.problem.id, "name": one.name})
    )
    return ordered[:most]


def _key(question: Question) -> str:
    return canonical_hash({"messages": question.messages})
