"""Plain round-to-nearest 4-bit weights in AWQ's "gemm" file format; they are not calibrated."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

#: SmolLM2's hidden size of 576 is not a multiple of the usual 128.
GROUP_SIZE = 64

#: Position of each of eight neighbouring columns inside one 32-bit word.
_PACKED_ORDER = (0, 2, 4, 6, 1, 3, 5, 7)


def quantise_to_awq(
    weights: FloatArray,
) -> dict[str, npt.NDArray[np.int32] | npt.NDArray[np.float16]]:
    """Quantise a (rows out, columns in) matrix group-wise over its inputs.

    Return ``qweight`` (in, out / 8), ``qzeros`` (in / 64, out / 8) and ``scales`` (in / 64, out); a
    weight is ``(q - zero) x scale``.
    """
    levels, zeros, scales = _rounded(weights)
    packed = _pack(levels.reshape(weights.T.shape))
    return {"qweight": packed, "qzeros": _pack(zeros), "scales": scales}


def round_to_4_bits(weights: FloatArray) -> FloatArray:
    """Return what ``quantise_to_awq`` makes of the matrix, as numbers of the same shape."""
    levels, zeros, scales = _rounded(weights)
    exact: FloatArray = (levels - zeros[:, None, :]) * scales.astype(np.float32)[:, None, :]
    return exact.reshape(weights.T.shape).T


def _rounded(weights: FloatArray) -> tuple[FloatArray, FloatArray, npt.NDArray[np.float16]]:
    """Return levels (groups, in a group, out), zeros (groups, out) and scales (groups, out)."""
    outputs, inputs = weights.shape
    groups = weights.T.reshape(inputs // GROUP_SIZE, GROUP_SIZE, outputs)
    low = np.minimum(groups.min(axis=1), 0.0)
    high = np.maximum(groups.max(axis=1), 0.0)
    scales = np.maximum((high - low) / 15, 1e-6).astype(np.float16)
    exact = scales.astype(np.float32)
    zeros = np.clip(np.rint(-low / exact), 0, 15)
    levels = np.clip(np.rint(groups / exact[:, None, :]) + zeros[:, None, :], 0, 15)
    return levels, zeros, scales


def _pack(levels: FloatArray) -> npt.NDArray[np.int32]:
    nibbles = levels.astype(np.uint32).reshape(levels.shape[0], -1, 8)
    packed = np.zeros(nibbles.shape[:2], dtype=np.uint32)
    for position, column in enumerate(_PACKED_ORDER):
        packed |= nibbles[:, :, column] << np.uint32(4 * position)
    return packed.view(np.int32)
