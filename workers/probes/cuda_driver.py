"""The few CUDA driver calls that hold memory, by ctypes: without torch a process starts fast."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

MIB = 1 << 20
LIBRARY = "libcuda.so.1"
OUT_OF_MEMORY = "CUDA_ERROR_OUT_OF_MEMORY"

#: Argument types of each call; every one returns a CUresult, 0 for success.
_CALLS: dict[str, Sequence[Any]] = {
    "cuInit": (ctypes.c_uint,),
    "cuDeviceGet": (ctypes.POINTER(ctypes.c_int), ctypes.c_int),
    "cuDevicePrimaryCtxRetain": (ctypes.POINTER(ctypes.c_void_p), ctypes.c_int),
    "cuCtxSetCurrent": (ctypes.c_void_p,),
    "cuMemAlloc_v2": (ctypes.POINTER(ctypes.c_ulonglong), ctypes.c_size_t),
    "cuMemFree_v2": (ctypes.c_ulonglong,),
    "cuGetErrorName": (ctypes.c_int, ctypes.POINTER(ctypes.c_char_p)),
}


class CudaError(RuntimeError):
    """A driver call failed; ``name`` is the driver's error name, e.g. CUDA_ERROR_OUT_OF_MEMORY."""

    def __init__(self, call: str, name: str) -> None:
        super().__init__(f"{call} failed: {name}")
        self.name = name


class CudaDriver:
    """A context on the first visible GPU and its allocations, all of which end with the process."""

    def __init__(self) -> None:
        """Create the context. Raise ``CudaError``, or ``OSError`` where no driver is installed."""
        self._library = ctypes.CDLL(LIBRARY)
        for name, argument_types in _CALLS.items():
            call = getattr(self._library, name)
            call.argtypes, call.restype = list(argument_types), ctypes.c_int
        device, context = ctypes.c_int(), ctypes.c_void_p()
        self._call("cuInit", 0)
        self._call("cuDeviceGet", ctypes.byref(device), 0)
        self._call("cuDevicePrimaryCtxRetain", ctypes.byref(context), device.value)
        self._call("cuCtxSetCurrent", context)

    def allocate(self, mib: int) -> int:
        """Allocate device memory and return its address. Raise ``CudaError``."""
        address = ctypes.c_ulonglong()
        self._call("cuMemAlloc_v2", ctypes.byref(address), mib * MIB)
        return address.value

    def free(self, address: int) -> None:
        """Free an allocation. Raise ``CudaError``."""
        self._call("cuMemFree_v2", address)

    def _call(self, name: str, *arguments: Any) -> None:
        result = int(getattr(self._library, name)(*arguments))
        if result != 0:
            raise CudaError(name, self._error_name(result))

    def _error_name(self, result: int) -> str:
        text = ctypes.c_char_p()
        if self._library.cuGetErrorName(result, ctypes.byref(text)) == 0 and text.value:
            return text.value.decode(errors="replace")
        return f"error {result}"
