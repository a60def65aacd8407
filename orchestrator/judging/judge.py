"""Ask a second reader about what the rules did not find: requests, replies, and jobs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine

from core.model_spec import ModelSpec, canonical_hash
from core.sampling_params import SamplingParams
from core.states import Mode
from db.judging.judgements import (
    NewJudgement,
    SaidStep,
    ScoredAnswer,
    add_judgements,
    run_models,
    scored_answers,
)
from db.runs.run import Run
from db.runs.submissions import JudgeRequestRecord, Submission
from orchestrator.errors import UsageFault
from orchestrator.judging.rescore import StoredProblems
from orchestrator.runs.submit import provenance
from problems.schema import Path, Problem
from scoring.judging.merge import open_steps
from scoring.judging.reply import JudgeVerdict, read_reply
from scoring.judging.reply_file import FileReply, Refusal, read_replies
from scoring.judging.request import PROMPT_VERSION, JudgeRequest, judge_request

#: Prompt style of a judge job.
JUDGE = "judge"
#: Replies that are read and stored together.
PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request about one scoring, under an id that names scoring, steps and wording."""

    answer: ScoredAnswer
    request: JudgeRequest
    custom_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which steps of which answers a judge is asked about."""

    #: Ask about steps that the rules say are done too, so that false ones are flagged.
    check_done: bool = False
    #: Ask only about steps that an earlier judgement of this judge left without a verdict.
    retry_unscored: bool = False
    judge: str | None = None

    def steps(self, path: Path, answer: ScoredAnswer) -> tuple[str, ...]:
        """Return the steps of one answer to ask about, in the order of the path."""
        wanted = set(open_steps(path, answer.steps))
        if self.check_done:
            wanted |= {step.id for step in path.necessary if answer.steps.get(step.id) == "done"}
        if self.retry_unscored:
            wanted &= set(answer.asked) - set(answer.judged)
        return tuple(step.id for step in path.steps if step.id in wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """All requests about a run, and what could not be asked."""

    questions: tuple[Question, ...]
    #: Scored answers of the run, those without an open step among them.
    answers: int
    #: Problems whose stored document this version cannot read, with the reason.
    unreadable: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """Outcome of an import of replies."""

    replies: int
    added: int
    #: Steps with a verdict that can be used, and lines of steps without one.
    judged: int
    unusable: tuple[dict[str, Any], ...]
    #: Lines that hold no reply to a request about this run.
    refused: tuple[Refusal, ...]
    #: Replies about a scoring that a later one has replaced; results show the later one.
    superseded: int

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON contract of ``judge import``, without the run itself."""
        return {
            "replies": self.replies,
            "added": self.added,
            "known": self.replies - self.added,
            "steps_judged": self.judged,
            "unusable": list(self.unusable),
            "refused": [{"line": one.line, "reason": one.reason} for one in self.refused],
            "superseded": self.superseded,
        }


def plan_questions(engine: Engine, run: Run, selection: Selection) -> Questions:
    """Return a request for each newest scoring of a run that has steps to ask about."""
    problems, questions, answers = StoredProblems(), [], 0
    for answer in scored_answers(engine, run.run_id, judge=selection.judge):
        answers += 1
        problem = problems.read(answer)
        if problem is None:
            continue
        if steps := selection.steps(problem.path(answer.path_id), answer):
            questions.append(_question(problem, answer, steps))
    return Questions(
        questions=tuple(questions), answers=answers, unreadable=dict(problems.unreadable)
    )


def import_replies(engine: Engine, run: Run, lines: Iterable[str], *, judge: str) -> Imported:
    """Store the replies of a file beside the scorings that they are about.

    An import again adds nothing. Every line and step that cannot be used is named with its reason.
    """
    replies, refused = read_replies(lines)
    reading = _Reading(engine, run, judge)
    made: list[NewJudgement] = []
    for page in _pages(replies):
        made += reading.read(page)
    added = sum(add_judgements(engine, made[at : at + PAGE]) for at in range(0, len(made), PAGE))
    return Imported(
        replies=len(made),
        added=added,
        judged=sum(step.verdict is not None for one in made for step in one.steps),
        unusable=tuple(reading.unusable),
        refused=tuple(sorted((*refused, *reading.refused), key=lambda one: one.line)),
        superseded=reading.superseded,
    )


def refuse_own_answers(engine: Engine, run: Run, spec: ModelSpec) -> None:
    """Raise ``UsageFault`` where a judge would read answers that its model gave."""
    for name, source in run_models(engine, run.run_id).items():
        if spec.name == name or spec.source == source:
            raise UsageFault(
                f"judge {spec.name!r} would judge its own answers: run {run.name} holds answers of "
                f"{name} ({source}); choose another judge, or add --force"
            )


def plan_judging(
    run: Run,
    judge: ModelSpec,
    questions: Sequence[Question],
    *,
    max_tokens: int,
    new: bool,
    again: bool = False,
) -> Submission:
    """Return the run that asks a judge: a job for each request, none of them twice.

    With ``again``, requests that were answered without a verdict go to a run of their round, so
    that the same steps can be asked about again; the next round begins with the next reply.
    """
    experiment = {
        "judged_run": str(run.run_id),
        "judged_run_name": run.name,
        "prompt_version": PROMPT_VERSION,
        "models": [judge.name],
        "prompts": [JUDGE],
        "repetitions": 1,
        "language": run.experiment.get("language", "en"),
        "mode": Mode.THROUGHPUT.value,
        "max_tokens": max_tokens,
    }
    identity = {key: experiment[key] for key in ("judged_run", "models", "max_tokens")}
    if again:
        identity["replies"] = sorted((one.answer.score_id, one.answer.replies) for one in questions)
    return Submission(
        name=f"judge-{run.name}-{judge.name}",
        experiment_hash=canonical_hash(identity | {"judge": judge.spec_hash}),
        experiment=experiment,
        provenance=provenance(),
        models=(judge,),
        problems=(),
        prompts=(JUDGE,),
        repetitions=1,
        mode=Mode.THROUGHPUT.value,
        sampling=SamplingParams(
            max_tokens=max_tokens,
            system_prompt=judge.system_prompt,
            chat_template_kwargs=judge.chat_template_kwargs,
        ),
        judge_requests=tuple(
            JudgeRequestRecord(
                score_id=one.answer.score_id,
                problem_id=one.answer.problem_id,
                steps=one.request.step_ids,
                prompt_hash=one.request.prompt_hash,
            )
            for one in questions
        ),
        new=new,
    )


def said_steps(verdicts: Iterable[JudgeVerdict]) -> tuple[SaidStep, ...]:
    """Return a reply's verdicts as rows."""
    return tuple(
        SaidStep(step=one.step_id, verdict=one.verdict, quote=one.quote, reason=one.reason)
        for one in verdicts
    )


@dataclass(slots=True)
class _Reading:
    """Reads replies to the requests of one run, and notes what cannot be used."""

    engine: Engine
    run: Run
    judge: str
    unusable: list[dict[str, Any]] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    superseded: int = 0
    problems: StoredProblems = field(default_factory=StoredProblems)

    def read(self, replies: Sequence[FileReply]) -> Iterator[NewJudgement]:
        """Yield the judgement of each reply that answers a request about the run."""
        ids = {reply.custom_id: _read_id(reply.custom_id) for reply in replies}
        wanted = sorted({found[0] for found in ids.values() if found})
        answers = {
            answer.score_id: answer
            for answer in scored_answers(self.engine, self.run.run_id, scores=wanted)
        }
        for reply in replies:
            try:
                question = self._asked(reply.custom_id, ids[reply.custom_id], answers)
            except LookupError as error:
                self.refused.append(Refusal(line=reply.line, reason=str(error.args[0])))
                continue
            verdicts = read_reply(question.request, reply.content)
            self.superseded += not question.answer.newest
            self.unusable += [
                {"line": reply.line, "step": one.step_id, "reason": one.reason}
                for one in verdicts
                if one.verdict is None
            ]
            yield NewJudgement(
                score_id=question.answer.score_id,
                judge=self.judge,
                prompt_hash=question.request.prompt_hash,
                prompt_version=PROMPT_VERSION,
                temperature=None,
                reply=reply.content,
                reply_key=reply.key,
                steps=said_steps(verdicts),
            )

    def _asked(
        self,
        custom_id: str,
        named: tuple[int, int, str] | None,
        answers: dict[int, ScoredAnswer],
    ) -> Question:
        """Return the request behind an id, made again. Raise LookupError with the reason."""
        if named is None:
            raise LookupError(f"custom_id {custom_id[:80]!r} is not one of `judge export`")
        score_id, mask, _ = named
        answer = answers.get(score_id)
        if answer is None:
            raise LookupError(f"run {self.run.name} has no scoring {score_id}")
        problem = self.problems.read(answer)
        if problem is None:
            raise LookupError(self.problems.unreadable[answer.problem])
        steps = problem.path(answer.path_id).steps
        chosen = tuple(step.id for place, step in enumerate(steps) if mask >> place & 1)
        question = _question(problem, answer, chosen)
        if question.custom_id != custom_id:
            raise LookupError(
                f"the request has changed since it was exported as {custom_id!r}; export again"
            )
        return question


def _question(problem: Problem, answer: ScoredAnswer, steps: tuple[str, ...]) -> Question:
    request = judge_request(
        problem, answer.text, path_id=answer.path_id, step_ids=steps, language=answer.language
    )
    order = [step.id for step in problem.path(answer.path_id).steps]
    mask = sum(1 << place for place, step in enumerate(order) if step in steps)
    # At most 64 characters, letters, digits and -: every batch interface takes it.
    custom_id = f"score-{answer.score_id}-{mask:x}-{request.prompt_hash}"
    return Question(answer=answer, request=request, custom_id=custom_id)


def _read_id(custom_id: str) -> tuple[int, int, str] | None:
    """Return scoring, mask of steps and hash that an id names, or None."""
    parts = custom_id.split("-")
    if len(parts) != 4 or parts[0] != "score":
        return None
    try:
        score_id, mask = int(parts[1]), int(parts[2], 16)
    except ValueError:
        return None
    return (score_id, mask, parts[3]) if 0 < score_id < 2**63 and 0 <= mask < 2**64 else None


def _pages(replies: Sequence[FileReply]) -> Iterator[Sequence[FileReply]]:
    for at in range(0, len(replies), PAGE):
        yield replies[at : at + PAGE]
