"""A pipeline: drafts as ordinary jobs, and a verification that the commit of each one queues."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from core.model_spec import ModelSpec, canonical_hash
from core.sampling_params import SamplingParams
from db.runs.submissions import PipelineRecord, Submission
from db.verification.reading import StoredVerification
from orchestrator.errors import UsageFault
from orchestrator.models.registry import Registry
from orchestrator.runs.experiment import Experiment
from orchestrator.runs.submit import plan
from scoring.verification.marks import MARKS
from scoring.verification.request import PROMPT_VERSION

#: Engine that is started with its prefix cache on where it verifies.
VLLM = "vllm"
#: Engine that only sends written answers: it gives no labels.
REPLAY = "replay"


def plan_pipeline(
    experiment: Experiment,
    registry: Registry,
    *,
    verifier: str,
    deadline_ms: float,
    new: bool = False,
) -> Submission:
    """Return the run of the drafts, with who verifies them; raise as ``plan`` does."""
    if experiment.fixed_length is not None:
        raise UsageFault("a speed run has no text to verify: leave out --fixed-length")
    spec = registry.runnable(verifier)
    if spec.engine == REPLAY:
        raise UsageFault(
            f"model {verifier!r} only sends written answers and cannot verify; choose another"
        )
    if spec.engine == VLLM:
        spec = replace(spec, verifies=True)
    drafts = plan(experiment, registry, new=new)
    said = {"verifier": verifier, "deadline_ms": deadline_ms}
    identity = canonical_hash(
        {"drafts": drafts.experiment_hash, "deadline_ms": deadline_ms, "verifier": spec.spec_hash}
    )
    name = experiment.name or f"pipeline-{drafts.name.rpartition('-')[0]}-{identity[:6]}"
    return replace(
        drafts,
        name=name,
        experiment_hash=identity,
        experiment={**drafts.experiment, **said},
        pipeline=PipelineRecord(
            verifier=spec,
            deadline_ms=deadline_ms,
            prompt_version=PROMPT_VERSION,
            sampling=_label_sampling(spec),
        ),
    )


def own_drafts_warning(submission: Submission) -> tuple[str, ...]:
    """Return what to say where a model verifies what it wrote."""
    pipeline = submission.pipeline
    if pipeline is None:
        return ()
    return tuple(
        f"{pipeline.verifier.name} verifies drafts of the same model: it may repeat its own errors"
        for model in submission.models
        if model.name == pipeline.verifier.name or model.source == pipeline.verifier.source
    )


def shown_verification(found: StoredVerification) -> dict[str, Any]:
    """Return the JSON contract of ``pipeline show``."""
    counts = dict.fromkeys(MARKS, 0)
    for step in found.steps:
        counts[step["mark"]] += 1
    return {
        "job": found.job_id,
        "state": found.state,
        "error": found.error,
        "run": str(found.run_id),
        "name": found.run,
        "draft_job": found.draft_job_id,
        "model": found.model,
        "verifier": found.verifier,
        "problem": found.problem,
        "prompt": found.prompt,
        "repetition": found.repetition,
        "labels_by": found.labels_by,
        "deadline_ms": found.deadline_ms,
        "marks": counts,
        "draft": {
            "text": found.text,
            "e2e_s": found.draft_e2e_s,
            "output_tokens": found.draft_tokens,
            "need_mib": found.draft_need_mib,
        },
        "verification": {
            "rule_ms": found.rule_ms,
            "model_ms": found.model_ms,
            "prompt_tokens": found.verification_prompt_tokens,
            "need_mib": found.verification_need_mib,
        },
        "steps": [
            {**step, "text": found.text[step["start"] : step["end"]].strip()}
            for step in found.steps
        ],
        "document": found.document,
    }


def _label_sampling(spec: ModelSpec) -> SamplingParams:
    """Return how a verifier is sent a step: greedy, one token, spoken to as the registry says."""
    return SamplingParams(
        max_tokens=1,
        system_prompt=spec.system_prompt,
        chat_template_kwargs=spec.chat_template_kwargs,
    )
