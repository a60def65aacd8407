"""Pin this process to its GPUs by UUID, before anything imports CUDA."""

from __future__ import annotations

import os
from collections.abc import Sequence

from core.gpus import Gpu


def pin(gpus: Sequence[Gpu]) -> None:
    """Let this process and its children see these GPUs, in this order, and no other."""
    os.environ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(gpu.uuid for gpu in gpus)
