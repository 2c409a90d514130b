"""The share of a device's peak that a network reaches: its operations, against those of a large product of matrices."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from msgspec import Struct
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

SIDES = {"cpu": 1_536, "cuda": 8_192}
"""Of the square matrices: large enough that memory does not limit."""
TRIES = 7
_HEAVY = ("convolution", "conv2d", "addmm", "mm", "bmm", "linear")


class Work(Struct):
    """What a network does for one batch."""

    flops: int
    """Floating-point operations of its convolutions and products; a multiplication with its addition are two."""
    device: str
    dtype: str


def count_work(embed: Callable[[Sequence[Any]], object], prepared: Sequence[Any]) -> Work | None:
    """Counts the operations of one call; None if no torch network runs in it, as with ONNX."""
    seen = _Seen()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    with seen, FlopCounterMode(display=False) as counter:
        embed(prepared)
    if not counter.get_total_flops() or seen.operand is None:
        return None
    dtype = str(seen.operand.dtype).removeprefix("torch.")
    return Work(counter.get_total_flops(), str(seen.operand.device), dtype)


def measured_peak(device: str, dtype: str) -> float:
    """Operations a second of the best of several products of square matrices, with torch's current threads."""
    side = SIDES[torch.device(device).type]
    left = torch.ones((side, side), device=device, dtype=getattr(torch, dtype))
    return max(2 * side**3 / _seconds(left) for _ in range(TRIES))


def _seconds(matrix: torch.Tensor) -> float:
    _wait(matrix.device)
    begun = time.perf_counter()
    _ = matrix @ matrix
    _wait(matrix.device)
    return time.perf_counter() - begun


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


class _Seen(TorchDispatchMode):  # type: ignore[no-untyped-call]  # as above
    """Remembers an operand of the last heavy operation: it tells device and precision."""

    operand: torch.Tensor | None = None

    def __torch_dispatch__(
        self,
        func: Any,  # noqa: ANN401  # as torch declares it
        types: Any,  # noqa: ANN401
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        if func.overloadpacket.__name__ in _HEAVY:
            self.operand = next(value for value in args if isinstance(value, torch.Tensor))
        return func(*args, **(kwargs or {}))
