"""The registry: whatever stands in evalctl.toml is a model, or one sentence that names the key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.settings import Settings
from orchestrator.console import print_json
from orchestrator.errors import UsageFault
from orchestrator.models.registry import load_registry
from orchestrator.runs.experiment import Experiment, make_experiment

MODEL = '[models.m]\nengine = "openai"\nsource = "x"\nbase_url = "http://127.0.0.1:1/v1"\n'


def load(tmp_path: Path, text: str | bytes) -> Any:
    path = tmp_path / "evalctl.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_registry(Settings(home=tmp_path, config=path))


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('options = "x"', "options"),
        ("options = [1]", "options"),
        ("options = { extra_body = { k = nan } }", "options"),
        ("options = { extra_body = { k = [1, inf] } }", "options"),
        ("options = { extra_body = { k = 2026-01-01 } }", "options"),
        ("options = { extra_body = 1 }", "options.extra_body"),
        ('options = { max_num_seqs = "four" }', "options.max_num_seqs"),
        ("options = { max_num_seqs = 0 }", "options.max_num_seqs"),
        ("options = { max_num_seqs = 1.5 }", "options.max_num_seqs"),
        ("options = { connect_timeout_s = nan }", "options"),
        ('options = { send_seed = "no" }', "options.send_seed"),
        ("options = { n = 99999999999999999999 }", "options"),
        ("api_key_env = 5", "api_key_env"),
        ('api_key_env = "sk-not-a-name"', "api_key_env"),
        ("price_per_gpu_hour = nan", "price_per_gpu_hour"),
        ("price_per_gpu_hour = -1", "price_per_gpu_hour"),
        ("price_per_million_input_tokens = -1", "price_per_million_input_tokens"),
        ("price_per_million_output_tokens = '2'", "price_per_million_output_tokens"),
        ("price_per_gpu_hour = 1e400", "price_per_gpu_hour"),
        ("price_per_gpu_hour = 2026-01-01", "price_per_gpu_hour"),
        ("price_per_gpu_hour = true", "price_per_gpu_hour"),
        ('trust_remote_code = "yes"', "trust_remote_code"),
        ("trust_remote_code = 1", "trust_remote_code"),
        ("queue = 3", "queue"),
        ('queue = ""', "queue"),
        ("revision = 1.5", "revision"),
        ("quantisation = ['a']", "quantisation"),
    ],
)
def test_a_wrong_value_is_named_with_its_key(tmp_path: Path, line: str, key: str) -> None:
    with pytest.raises(UsageFault, match=rf"\[models\.m\]: {key} = ") as caught:
        load(tmp_path, MODEL + line)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["8000", '"8000"', '"h/v1"', '"ftp://h/v1"', '"http://"', '"http://h:x/v1"', "true"]
)
def test_an_address_that_is_none_is_refused(tmp_path: Path, url: str) -> None:
    text = f'[models.m]\nengine = "openai"\nsource = "x"\nbase_url = {url}\n'
    with pytest.raises(UsageFault, match=r"base_url = .*(http://|in quotes)"):
        load(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("models = 1", "tables named"),
        ("models.m = 1", "must be a table"),
        ("[models.m]", "needs engine"),
        ('[models.m]\nengine = "vllm"', "needs source"),
        ('[models.m]\nengine = 1\nsource = "x"', "engine = 1"),
        (
            '[models.m]\nengine = "vlm"\nsource = "x"',
            "the engines are vllm, openai, replay, synthetic",
        ),
        ('[models.m]\nengine = "openai"\nsource = "x"', "needs base_url"),
        ('[models." "]\nengine = "vllm"\nsource = "x"', "needs a name"),
        (MODEL + "optoins = { a = 1 }", "did you mean options"),
        ('[models.qwen2.5-7b]\nengine = "vllm"\nsource = "x"', r'\[models\."qwen2\.5-7b"\]'),
        ('[models.a.b.c]\nengine = "vllm"\nsource = "x"', r'\[models\."a\.b\.c"\]'),
        ("[models.m", "is not valid TOML"),
        (b"\xff\xfe[\x00m\x00", "is not valid TOML"),
        ("a = " + "[" * 5000, "is not valid TOML"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence(
    tmp_path: Path, text: str | bytes, said: str
) -> None:
    with pytest.raises(UsageFault, match=said):
        load(tmp_path, text)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
def test_byte_order_marks_and_line_ends_of_windows_are_read(
    tmp_path: Path, mark: bytes, ends: bytes
) -> None:
    text = mark + (MODEL + '[models."a.b"]\nengine = "vllm"\nsource = "x"\n').encode()
    registry = load(tmp_path, text.replace(b"\n", ends))
    assert registry.get("m").source == "x"
    assert registry.get("a.b").queue == "vllm"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("seed", 10**23),
        ("priority", 10**23),
        ("max_tokens", 10**23),
        ("max_tokens", 0),
        ("repetitions", 0),
        ("temperature", float("inf")),
        ("temperature", float("nan")),
        ("temperature", -0.1),
        ("top_p", float("nan")),
        ("top_p", 0.0),
        ("top_p", 1.1),
        ("fixed_length", "²:3"),
        ("fixed_length", "٣:3"),
        ("fixed_length", "1:" + "9" * 30),
    ],
)
def test_numbers_beyond_every_limit_are_refused(key: str, value: Any) -> None:
    with pytest.raises(UsageFault, match=key):
        make_experiment({"models": ["m"], "problems": "core", key: value})


def test_bounds_let_ordinary_numbers_pass() -> None:
    made = Experiment(models=("m",), problems="core", seed=-3, temperature=2, fixed_length="8:16")
    assert made.seed == -3
    assert made.fixed_tokens == (8, 16)


def test_json_holds_no_number_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": float("inf"), "b": [float("nan"), 1.5]})
    assert json.loads(capsys.readouterr().out) == {"a": None, "b": [None, 1.5]}
