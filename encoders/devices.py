"""Which device a neural encoder runs on, and in which precision."""

import re
from typing import NamedTuple

import torch


def resolve_device(device: str) -> torch.device:
    """The device that `cpu`, `cuda`, `cuda:N` or `auto` means on this machine.

    `cuda` is `cuda:0`; `auto` is `cuda:0` where there is one, else `cpu`.

    Raises:
        ValueError: The name is none of these, or there is no such device here.
    """
    count = torch.cuda.device_count()
    if device == "cpu" or (device == "auto" and count == 0):
        return torch.device("cpu")
    named = re.fullmatch(r"auto|cuda(?::(\d+))?", device)
    if named is None:
        message = f"device {device!r}: expected cpu, cuda, cuda:N or auto"
        raise ValueError(message)
    index = int(named[1] or 0)
    if index >= count:
        message = f"device {device!r}: {count} CUDA devices found here; try auto"
        raise ValueError(message)
    return torch.device("cuda", index)


def fastest_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where the device multiplies it natively, else float32. For inference only."""
    if device.type == "cuda":
        native = torch.cuda.get_device_capability(device) >= (8, 0)
    else:
        # Without these instructions bfloat16 is emulated, slower than float32.
        native = bool(torch.cpu.get_capabilities().get("avx512_bf16"))
    return torch.bfloat16 if native else torch.float32


class DeviceUse(NamedTuple):
    """What a CUDA device is used for, by all processes together."""

    number: int
    used_bytes: int
    total_bytes: int
    busy_ratio: float | None
    """Share of the last moments in which something ran on it; None where the driver does not say."""


def device_use() -> list[DeviceUse]:
    """The devices, if this process uses any: one that does not is not made to take memory on them."""
    if not torch.cuda.is_initialized():  # type: ignore[no-untyped-call]  # torch has no type for it
        return []
    found = []
    for index in range(torch.cuda.device_count()):
        free, total = torch.cuda.mem_get_info(index)
        found.append(DeviceUse(index, total - free, total, _busy_ratio(index)))
    return found


def _busy_ratio(index: int) -> float | None:
    try:
        return torch.cuda.utilization(index) / 100
    except Exception:
        # NVML has an error for each of its reasons: in containers without the driver's "utility" part it is not there.
        return None
