"""What an XID, the driver's report of a GPU error, says about the GPU.

The numbers and their meaning are those of NVIDIA's Xid catalogue
(docs.nvidia.com/deploy/xid-errors). One that blames the hardware, or asks for a reset before the
GPU can be relied on, makes every later number doubtful.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: An application's fault: its process suffers, the GPU goes on.
APPLICATION: Mapping[int, str] = MappingProxyType(
    {
        13: "graphics engine exception",
        31: "GPU memory page fault",
        43: "GPU stopped processing for an application",
        45: "preemptive cleanup after an earlier error",
        68: "video decoder exception",
        109: "context switch timeout",
    }
)

#: The hardware's fault: nothing is measured on it until a person has examined it.
HARDWARE: Mapping[int, str] = MappingProxyType(
    {
        48: "double bit ECC error",
        62: "internal micro-controller halt",
        63: "memory page retired or row remapped, a reset is due",
        64: "memory page or row could not be retired",
        74: "NVLink error",
        79: "GPU has fallen off the bus",
        92: "high rate of single bit ECC errors",
        94: "contained memory error",
        95: "uncontained memory error",
        119: "timeout of the GPU's system processor",
        120: "error of the GPU's system processor",
        140: "unrecovered ECC error",
    }
)


def describe(xid: int) -> str:
    """Return the words of a sentence that name an XID."""
    meaning = HARDWARE.get(xid) or APPLICATION.get(xid) or "see NVIDIA's Xid catalogue"
    return f"XID {xid} ({meaning})"
