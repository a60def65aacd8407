"""``evalctl prompts``, and own styles in experiments."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.settings import Settings
from orchestrator.errors import UsageFault
from orchestrator.models.registry import Registry, load_registry
from orchestrator.runs.experiment import make_experiment
from orchestrator.runs.submit import plan
from problems.errors import ProblemError
from problems.loader import load_set
from tests.support.processes import evalctl, evalctl_json

OWN = '[[wordings]]\nuser.en = "{statement} Be brief."\n'


@pytest.fixture
def registry() -> Registry:
    return load_registry(Settings.from_environment({}))


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return dict(os.environ) | {"EVALCTL_HOME": str(tmp_path / "home")}


def test_list_and_show(environment: dict[str, str]) -> None:
    listed = evalctl_json(environment, "prompts list")["prompts"]
    assert [style["name"] for style in listed] == ["plain", "stepwise", "three-step"]
    shown = evalctl(environment, "prompts show stepwise/2 --problem sec-symmetric-01").stdout
    assert shown.startswith("[system]\nYou explain mathematics")
    assert load_set("core").get("sec-symmetric-01").statement["en"].strip() in shown


def test_check_says_what_an_own_file_is_or_what_is_wrong(
    environment: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "terse.toml"
    path.write_text(OWN)
    good = evalctl(environment, "prompts check", str(path))
    assert (good.returncode, good.stdout.splitlines()[0]) == (0, "terse: 1 wording, languages en")
    path.write_text(OWN.replace("{statement}", ""))
    bad = evalctl(environment, "prompts check", str(path))
    assert bad.returncode == 2
    assert "must hold {statement} once" in bad.stderr


def test_an_experiment_takes_styles_wordings_and_own_files(
    registry: Registry, tmp_path: Path
) -> None:
    path = tmp_path / "terse.toml"
    path.write_text(OWN)
    values = {"models": "smollm2", "problems": "quickstart"}
    own = plan(make_experiment(values | {"prompts": ["plain", str(path)]}), registry)
    assert own.prompts == ("plain", "terse")
    assert own.templates[1].document["user"] == {"en": "{statement} Be brief."}
    several = make_experiment(values | {"prompts": ["plain", "stepwise"], "wordings": 2})
    planned = plan(several, registry)
    assert planned.prompts == ("plain", "plain/2", "stepwise", "stepwise/2")
    assert planned.jobs == 4 * len(planned.problems) * 3
    alone = plan(make_experiment(values), registry)
    assert planned.experiment_hash == alone.experiment_hash, "more prompts top up the run"


def test_what_cannot_be_asked_is_refused_before_anything_is_queued(
    registry: Registry, tmp_path: Path
) -> None:
    path = tmp_path / "terse.toml"
    path.write_text(OWN)
    values = {"models": "smollm2", "problems": "quickstart"}
    with pytest.raises(UsageFault, match="terse has no wording in the language 'zh'"):
        plan(make_experiment(values | {"prompts": str(path), "language": "zh"}), registry)
    with pytest.raises(ProblemError, match="unknown prompt style 'shouted'"):
        make_experiment(values | {"prompts": "shouted"})
    with pytest.raises(ProblemError, match="has 1 wording, not 2"):
        make_experiment(values | {"prompts": str(path), "wordings": 2})
