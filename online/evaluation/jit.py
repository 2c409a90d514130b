"""Compiling the baselines' inner loops."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compiles to machine code at the first call and keeps the result on disk; the type stays the function's."""
    return cast("Callable[P, R]", numba.njit(cache=True, nogil=True)(function))
