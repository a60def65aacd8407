"""Pin this process to one GPU by UUID, before anything imports CUDA."""

from __future__ import annotations

import os

from core.gpus import Gpu


def pin(gpu: Gpu | None) -> None:
    """Let this process and its children see one GPU, or none."""
    os.environ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
    os.environ["CUDA_VISIBLE_DEVICES"] = gpu.uuid if gpu else ""
