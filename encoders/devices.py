"""Which device a neural encoder runs on, and in which precision."""

import re

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
