"""The replay engine: written answers, found by the prompt's statement, and nothing measured."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from core.model_spec import ModelSpec
from core.sampling_params import SamplingParams
from problems.loader import SHIPPED, load_set
from problems.prompt_styles import find_templates, shipped_styles
from problems.schema import Problem
from workers import errors
from workers.engines import EngineContext, create_engine
from workers.engines.protocol import REPLAYED, Generation, GenerationRequest, Message

CONTEXT = EngineContext(home=Path(), log_folder=Path())
PROBLEM = load_set("core").get("sec-symmetric-01")


def request(
    problem: Problem, style: str = "plain", seed: int = 0, language: str = "en"
) -> GenerationRequest:
    """Return the request that a worker makes of a problem."""
    turns = find_templates([style])[0].render(problem, language)
    return GenerationRequest(
        request_id="r",
        messages=tuple(Message(role=role, content=content) for role, content in turns),
        sampling=SamplingParams(seed=seed),
    )


def serve(source: str, *requests: GenerationRequest, **options: str) -> list[Generation]:
    """Return what one replay sends for these requests, one after another."""
    spec = ModelSpec(name="w", engine="replay", source=source, options=options)

    async def run() -> list[Generation]:
        engine = create_engine(spec, CONTEXT)
        await engine.start()
        made = [[item async for item in engine.generate(one)][-1] for one in requests]
        await engine.stop()
        assert all(isinstance(one, Generation) for one in made)
        return [one for one in made if isinstance(one, Generation)]

    return asyncio.run(run())


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give a folder with one problem, which is read faster than the shipped set."""
    folder = tmp_path_factory.mktemp("set")
    (folder / "one.yaml").write_text(
        (SHIPPED / "secondary" / f"{PROBLEM.id}.yaml").read_text(encoding="utf-8"),
        encoding="utf-8",
    )
    return str(folder)


def written(folder: Path, *rows: object) -> str:
    """Write a file of answers; return its path."""
    file = folder / "answers.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return str(file)


@pytest.mark.parametrize("name", ["complete", "hasty"])
def test_the_shipped_answers_cover_the_set_examples(name: str) -> None:
    made = serve(f"shipped:{name}", *map(request, load_set("examples")))
    assert len({one.text for one in made}) == 18
    assert all(one.text.strip() for one in made)


def test_the_same_answer_comes_whatever_the_prompt_style_and_language(
    tmp_path: Path, small: str
) -> None:
    source = written(tmp_path, {"problem": PROBLEM.id, "text": "Answer: 13"})
    asked = [
        request(PROBLEM, wording.name, language=language)
        for style in shipped_styles().values()
        for wording in style.wordings
        for language in ("en", "zh")
    ]
    served = serve(source, *asked, problems=small)
    assert [one.text for one in served] == ["Answer: 13"] * len(asked)


def test_lines_of_one_problem_are_its_repetitions_in_turn(tmp_path: Path, small: str) -> None:
    (tmp_path / "second.md").write_text("Answer: 14", encoding="utf-8")
    source = written(
        tmp_path,
        {"problem": PROBLEM.id, "text": "Answer: 13"},
        {"problem": PROBLEM.id, "file": "second.md"},
    )
    asked = [request(PROBLEM, seed=seed) for seed in (0, 1, 2)]
    texts = [one.text for one in serve(source, *asked, problems=small)]
    assert texts == ["Answer: 13", "Answer: 14", "Answer: 13"]


def test_a_replayed_answer_has_neither_times_nor_memory(tmp_path: Path, small: str) -> None:
    source = written(tmp_path, {"problem": PROBLEM.id, "text": "Answer: 13"})
    (made,) = serve(source, request(PROBLEM), problems=small)
    assert (made.untimed, made.memory.kind, made.output_tokens) == (REPLAYED, None, 2)


def test_a_problem_without_an_answer_is_refused_and_not_retried(tmp_path: Path, small: str) -> None:
    source = written(tmp_path, {"problem": PROBLEM.id, "text": "Answer: 13"})
    other = load_set("starter").problems[0]
    with pytest.raises(errors.PromptRejected, match="no written answer to this problem") as found:
        serve(source, request(other), problems=small)
    assert found.value.error_class == errors.NO_WRITTEN_ANSWER


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"problem": PROBLEM.id}, "line 1 must hold"),
        ([1], "line 1 must hold"),
        ({"problem": PROBLEM.id, "file": "missing.md"}, "missing.md"),
        ({"problem": "sec-nothing", "text": "x"}, "no problem 'sec-nothing'"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(
    tmp_path: Path, small: str, row: object, said: str
) -> None:
    with pytest.raises(errors.ModelUnavailable, match=said):
        serve(written(tmp_path, row), problems=small)


def test_a_file_that_is_missing_is_named() -> None:
    with pytest.raises(errors.ModelUnavailable, match="no-such"):
        serve("shipped:no-such")
