"""A verification job: computation first, then one label for each step that it leaves open."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from sqlalchemy import Engine

from core.texts import storable
from db import models
from db.queue.claims import VERIFY, ClaimedJob
from db.queue.commits import Result
from db.verification.reading import Draft, read_draft
from problems.prompt_styles import without_system
from problems.schema import Problem
from scoring.verification.document import marked_document
from scoring.verification.marks import MarkedStep
from scoring.verification.request import LABELS, PROMPT_VERSION, open_steps, step_request
from scoring.verification.verdict import decided, late, read_label, read_verdict
from scoring.verification.verify import VERIFIER_VERSION, verify_text
from workers.engines.host import EngineHost
from workers.engines.protocol import (
    NO_TEXT,
    Generation,
    GenerationRequest,
    Message,
    TokenEvent,
    hash_text,
)
from workers.errors import VERIFY_REQUEST_CHANGED, GenerationLate, PromptRejected
from workers.execution import rows
from workers.execution.batch import BatchSlot
from workers.lifecycle.lease import Lease
from workers.loading.loader import EngineStart
from workers.measurement.assessment import Assessment
from workers.measurement.measurement import Measurement

#: Steps of one draft that an engine is sent at once, where it serves as many.
AT_ONCE = 8

OnToken = Callable[[TokenEvent], None]
#: Make the generations of a request on a started engine, and return them as one.
Generate = Callable[[EngineStart, OnToken], Generation]
#: Load the model, wait for the server's turn and the slot, and measure what is generated.
Measure = Callable[[ClaimedJob, GenerationRequest, Lease, BatchSlot, Generate], Measurement]


def is_verification(job: ClaimedJob) -> bool:
    """Return whether a job reads a draft of its pipeline."""
    return job.prompt == VERIFY and job.judged_score_id is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    """A draft with the marks of computation, and the requests about the rest by step."""

    draft: Draft
    steps: tuple[MarkedStep, ...]
    rule_ms: float
    requests: Mapping[int, GenerationRequest]

    def whole_request(self, job: ClaimedJob) -> GenerationRequest:
        """Return all requests as one, to reckon with before they are sent."""
        return GenerationRequest(
            request_id=f"{job.job_id}-{job.attempt_no}",
            messages=tuple(turn for one in self.requests.values() for turn in one.messages),
            sampling=replace(job.sampling, max_tokens=max(1, len(self.requests))),
            labels=tuple(LABELS),
        )


class Verifier:
    """Verify one draft after another; threads of a batch may share one."""

    def __init__(self, database: Engine, host: EngineHost, *, silence_s: float) -> None:
        self._database = database
        self._host = host
        self._silence_s = silence_s
        #: Engine starts that have given a label before: the first takes longer.
        self._warm: set[int | None] = set()
        #: Places in each engine start, for the steps of all drafts together: a step that waits for
        #: one is not late yet.
        self._places: dict[int | None, threading.BoundedSemaphore] = {}
        self._one_at_a_time = threading.Lock()

    def result(
        self,
        job: ClaimedJob,
        problem: Problem,
        lease: Lease,
        slot: BatchSlot,
        *,
        measure: Measure,
        assess: Callable[[ClaimedJob, Measurement], Assessment],
    ) -> Result:
        """Return what is committed for a verification; no model is loaded where none is needed.

        Raise PromptRejected where another version of evalctl words the requests differently, and
        what ``measure`` raises.
        """
        checked = self._check(job, problem)
        if not checked.requests:
            return _result(checked, checked.steps, None)
        questions = _Questions(self._host, checked, lease, silence_s=self._silence_s)

        def generate(engine_start: EngineStart, on_token: OnToken) -> Generation:
            if engine_start.boot_id not in self._warm:
                questions.first(on_token)
                self._warm.add(engine_start.boot_id)
            at_once = min(AT_ONCE, engine_start.sequences)
            places = self._places_in(engine_start)
            return questions.all(on_token, at_once=at_once, places=places)

        measurement = measure(job, checked.whole_request(job), lease, slot, generate)
        measured = rows.generation_row(job, measurement, assess(job, measurement))
        made = _result(checked, questions.steps, measurement.generation)
        trace = None if measurement.trace is None else rows.trace_row(measurement.trace)
        texts = {**made.texts, **rows.texts(measurement.generation)}
        return replace(made, generation=measured, texts=texts, trace=trace)

    def _places_in(self, engine_start: EngineStart) -> threading.BoundedSemaphore:
        with self._one_at_a_time:
            return self._places.setdefault(
                engine_start.boot_id, threading.BoundedSemaphore(engine_start.sequences)
            )

    def _check(self, job: ClaimedJob, problem: Problem) -> _Checked:
        draft = read_draft(self._database, job.job_id)
        if draft.prompt_version != PROMPT_VERSION:
            raise PromptRejected(
                "this worker words the requests to a verifier differently than the evalctl that "
                "submitted the pipeline: update the older one and submit it again with --new",
                error_class=VERIFY_REQUEST_CHANGED,
            )
        began_s = time.perf_counter()
        steps = verify_text(problem, draft.text).steps
        rule_ms = (time.perf_counter() - began_s) * 1000
        requests = {index: _request(job, problem, steps, index) for index in open_steps(steps)}
        return _Checked(draft=draft, steps=steps, rule_ms=rule_ms, requests=requests)


def _request(
    job: ClaimedJob, problem: Problem, steps: Sequence[MarkedStep], index: int
) -> GenerationRequest:
    turns = tuple(
        (turn["role"], turn["content"])
        for turn in step_request(problem, steps, index, language=job.language)
    )
    if not job.sampling.system_prompt:
        turns = without_system(turns)
    return GenerationRequest(
        request_id=f"{job.job_id}-{job.attempt_no}-{index + 1}",
        messages=tuple(Message(role=role, content=content) for role, content in turns),
        sampling=job.sampling,
        labels=tuple(LABELS),
    )


class _Questions:
    """The requests about one draft: each with its deadline, several at once."""

    def __init__(
        self, host: EngineHost, checked: _Checked, lease: Lease, *, silence_s: float
    ) -> None:
        self._host = host
        self._checked = checked
        self._lease = lease
        self._silence_s = silence_s
        #: The steps with the marks that they have so far.
        self.steps = checked.steps

    def first(self, on_token: OnToken) -> None:
        """Send the first request without a deadline and leave its label."""
        request = next(iter(self._checked.requests.values()))
        self._label(request, on_token, within_s=math.inf)

    def all(
        self, on_token: OnToken, *, at_once: int, places: threading.BoundedSemaphore
    ) -> Generation:
        """Mark every open step and return the generations as one.

        Where each step is late, the engine must give a label without a deadline: one that hangs is
        replaced, and the job tried again.
        """

        def in_place(index: int) -> tuple[MarkedStep, Generation | None]:
            with places:
                return self._marked(index, on_token)

        began_s = time.monotonic()
        with ThreadPoolExecutor(at_once, thread_name_prefix="step") as threads:
            marked = dict(
                zip(
                    self._checked.requests,
                    threads.map(in_place, self._checked.requests),
                    strict=True,
                )
            )
        ended_s = time.monotonic()
        self.steps = tuple(
            marked[index][0] if index in marked else step
            for index, step in enumerate(self._checked.steps)
        )
        if all(step.late for step, _ in marked.values()):
            self.first(on_token)
        return replace(
            _together([made for _, made in marked.values()], began_s, ended_s),
            memory=self._host.memory_report(),
        )

    def _marked(self, index: int, on_token: OnToken) -> tuple[MarkedStep, Generation | None]:
        made = self._mark(index, on_token)
        self._lease.progress()  # A late step is one too; an engine that hangs is found at the end.
        return made

    def _mark(self, index: int, on_token: OnToken) -> tuple[MarkedStep, Generation | None]:
        step, deadline_ms = self._checked.steps[index], self._checked.draft.deadline_ms
        began_s = time.monotonic()
        try:
            made = self._label(self._checked.requests[index], on_token, within_s=deadline_ms / 1000)
        except GenerationLate:
            return late(step, deadline_ms, (time.monotonic() - began_s) * 1000), None
        except PromptRejected as error:
            return replace(step, reason=error.sentence), None
        took_ms = (made.last_token_s - began_s) * 1000
        if took_ms > deadline_ms:
            return late(step, deadline_ms, took_ms), made
        logprobs = made.label_logprobs
        verdict = read_label(made.text) if logprobs is None else read_verdict(logprobs)
        return decided(step, verdict, took_ms), made

    def _label(
        self, request: GenerationRequest, on_token: OnToken, *, within_s: float
    ) -> Generation:
        return self._host.generate(
            request,
            on_token=on_token,
            cancel=self._lease.ended,
            timeout_s=self._silence_s,
            within_s=within_s,
        )


def _together(
    generations: Sequence[Generation | None], began_s: float, ended_s: float
) -> Generation:
    """Return the generations of one draft as one: labels in the order of steps, a line for each.

    A step that was late has an empty line. Times are from the first request to the last label.
    """
    made = [one for one in generations if one is not None]
    text = "\n".join("" if one is None else one.text.strip() for one in generations)
    known_cached = [one.cached_tokens for one in made if one.cached_tokens is not None]
    return Generation(
        text=text,
        prompt_text=None,
        prompt_hash=hash_text("".join(one.prompt_hash for one in made)),
        output_hash=hash_text(text),
        prompt_tokens=sum(one.prompt_tokens for one in made),
        cached_tokens=sum(known_cached) if known_cached else None,
        output_tokens=sum(one.output_tokens for one in made),
        finish_reason="stop",
        submitted_s=began_s,
        first_token_s=min((one.first_token_s for one in made), default=ended_s),
        last_token_s=max((one.last_token_s for one in made), default=ended_s),
        preemptions=sum(one.preemptions or 0 for one in made),
        running_peak=max((one.running_peak or 0 for one in made), default=0) or None,
        compiled=tuple(line for one in made for line in one.compiled),
        kv_used_mib=max(
            (one.kv_used_mib for one in made if one.kv_used_mib is not None), default=None
        ),
        untimed=None if made else NO_TEXT,
        served_model=next((one.served_model for one in made if one.served_model), None),
        other_model=any(one.other_model for one in made),
        labels_by=next((one.labels_by for one in made if one.labels_by), "none"),
    )


def _result(
    checked: _Checked, steps: Sequence[MarkedStep], generation: Generation | None
) -> Result:
    document = marked_document(checked.draft.text, steps)
    key = hash_text(document)
    asked = generation is not None
    return Result(
        generation=None,
        texts={key: document},
        verification=models.Verification(
            draft_job_id=checked.draft.job_id,
            verifier_version=VERIFIER_VERSION,
            prompt_version=PROMPT_VERSION,
            labels_by=generation.labels_by if generation is not None else None,
            deadline_ms=checked.draft.deadline_ms,
            rule_ms=checked.rule_ms,
            model_ms=_model_ms(generation, steps) if asked else None,
            document_text_hash=key,
        ),
        verified_steps=tuple(
            _step_row(step, before) for step, before in zip(steps, checked.steps, strict=True)
        ),
    )


def _model_ms(generation: Generation | None, steps: Sequence[MarkedStep]) -> float | None:
    if generation is None:
        return None
    labelled_ms = (generation.last_token_s - generation.submitted_s) * 1000
    return max([labelled_ms, *(step.model_ms for step in steps if step.model_ms is not None)])


def _step_row(step: MarkedStep, before: MarkedStep) -> models.VerifiedStep:
    """Return the row of a step; ``before`` is the step as computation left it."""
    return models.VerifiedStep(
        ordinal=step.index,
        step_start=step.start,
        step_end=step.end,
        mark=step.mark,
        decided_by=step.by,
        reason=storable(step.reason),
        parsed=step.parsed,
        late=step.late,
        rule_ms=before.latency_ms,
        model_ms=step.model_ms,
        probability=step.probability,
        outside_mass=step.outside_mass,
    )
