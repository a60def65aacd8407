"""The embedded model: made once, whole or not at all, and equal to the package's file."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from workers.bundled_model import ensure_embedded_model
from workers.bundled_model.manifest import read_manifest
from workers.errors import ModelUnavailable

pytest.importorskip("gguf", reason="the embedded model comes with the extra cpu or gpu")

from workers.bundled_model.awq_format import GROUP_SIZE, quantise_to_awq


def tensors(folder: Path) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    """Read a safetensors file by its format: name to (dtype, shape, bytes)."""
    data = (folder / "model.safetensors").read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    body = memoryview(data)[8 + length :]
    return {
        name: (entry["dtype"], tuple(entry["shape"]), bytes(body[slice(*entry["data_offsets"])]))
        for name, entry in header.items()
        if name != "__metadata__"
    }


def bf16(
    entry: tuple[str, tuple[int, ...], bytes],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    dtype, shape, data = entry
    assert dtype == "BF16"
    return (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32).reshape(shape)


def unpacked(
    entry: tuple[str, tuple[int, ...], bytes],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Undo AWQ's packing as its readers do: eight nibbles a word, in the order 0 4 1 5 2 6 3 7."""
    _, (rows, words), data = entry
    packed = np.frombuffer(data, "<u4").reshape(rows, words)
    nibbles = np.stack([(packed >> (4 * shift)) & 15 for shift in range(8)], axis=-1)
    return nibbles[:, :, [0, 4, 1, 5, 2, 6, 3, 7]].reshape(rows, words * 8).astype(np.float32)


@pytest.fixture(scope="module")
def awq_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Given two makers at once; the lock lets one of them make the folder."""
    home = tmp_path_factory.mktemp("home")
    with ThreadPoolExecutor(2) as pool:
        folders = list(pool.map(lambda _: ensure_embedded_model(home, "smollm2-awq"), range(2)))
    assert folders[0] == folders[1]
    assert sorted(path.name for path in (home / "models").iterdir()) == [
        ".smollm2-awq.lock",
        "smollm2-awq",
    ]
    return folders[0]


def test_awq_weights_agree_with_the_bf16_ones(awq_folder: Path, embedded_home: Path) -> None:
    exact, coarse = tensors(ensure_embedded_model(embedded_home, "smollm2")), tensors(awq_folder)
    for name in (
        "self_attn.q_proj",
        "self_attn.k_proj",
        "self_attn.o_proj",
        "mlp.gate_proj",
        "mlp.down_proj",
    ):
        prefix = f"model.layers.7.{name}."
        weights = bf16(exact[prefix + "weight"])
        scales = np.frombuffer(coarse[prefix + "scales"][2], "<f2").astype(np.float32)
        scales = scales.reshape(coarse[prefix + "scales"][1])
        zeros, levels = unpacked(coarse[prefix + "qzeros"]), unpacked(coarse[prefix + "qweight"])
        back = (levels - zeros.repeat(GROUP_SIZE, 0)) * scales.repeat(GROUP_SIZE, 0)
        # Half a step of rounding, a little more where the zero point was rounded as well.
        assert np.all(np.abs(back.T - weights) <= 1.1 * scales.repeat(GROUP_SIZE, 0).T)
        assert np.corrcoef(back.T.ravel(), weights.ravel())[0, 1] > 0.99


def test_quantising_keeps_weights_that_lie_on_the_grid() -> None:
    grid = (np.arange(GROUP_SIZE * 8).reshape(8, GROUP_SIZE) % 16 - 5).astype(np.float32)
    parts = quantise_to_awq(grid)
    assert parts["scales"].shape == (1, 8)
    assert np.all(parts["scales"] == 1)
    entry = ("I32", parts["qweight"].shape, parts["qweight"].tobytes())
    assert np.array_equal(unpacked(entry).T - 5, grid)


def test_rounded_weights_are_those_in_awq_format(awq_folder: Path) -> None:
    """They differ by bf16's own rounding alone, and what AWQ leaves alone stays as it is."""
    packed = tensors(awq_folder)
    plain = tensors(ensure_embedded_model(awq_folder.parent.parent, "smollm2-rounded"))
    for name in ("self_attn.q_proj", "mlp.down_proj"):
        prefix = f"model.layers.7.{name}."
        scales = np.frombuffer(packed[prefix + "scales"][2], "<f2").astype(np.float32)
        scales = scales.reshape(packed[prefix + "scales"][1]).repeat(GROUP_SIZE, 0)
        zeros, levels = (
            unpacked(packed[prefix + "qzeros"]).repeat(GROUP_SIZE, 0),
            unpacked(packed[prefix + "qweight"]),
        )
        np.testing.assert_allclose(
            bf16(plain[prefix + "weight"]), ((levels - zeros) * scales).T, rtol=2**-8
        )
    assert plain["model.embed_tokens.weight"] == packed["model.embed_tokens.weight"]
    assert "quantization_config" not in json.loads(
        (awq_folder.parent / "smollm2-rounded" / "config.json").read_text()
    )


def test_unharmed_folder_is_used_again(awq_folder: Path) -> None:
    before = (awq_folder / "model.safetensors").stat()
    ensure_embedded_model(awq_folder.parent.parent, "smollm2-awq", verify=True)
    after = (awq_folder / "model.safetensors").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_damage_is_found_and_mended(awq_folder: Path) -> None:
    weights = awq_folder / "model.safetensors"
    times = weights.stat()
    with weights.open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"\0" * 64)
    os.utime(weights, ns=(times.st_atime_ns, times.st_mtime_ns))
    manifest = read_manifest(awq_folder)
    assert manifest is not None
    assert manifest.agrees(awq_folder, full=False)
    assert not manifest.agrees(awq_folder, full=True)
    (awq_folder / "config.json").unlink()
    ensure_embedded_model(awq_folder.parent.parent, "smollm2-awq")
    mended = read_manifest(awq_folder)
    assert mended is not None
    assert mended.agrees(awq_folder, full=True)


def test_manifest_labels_the_quantisation(awq_folder: Path) -> None:
    manifest = read_manifest(awq_folder)
    assert manifest is not None
    assert manifest.quantisation == "awq-format-rtn-4bit-g64"


def test_unknown_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="smollm2, smollm2-awq, smollm2-rounded"):
        ensure_embedded_model(tmp_path, "smollm3")
