"""Numbers as Grafana writes them, by the unit of a panel."""

from collections.abc import Callable, Sequence

_SI = (("", 1.0), (" K", 1e3), (" Mil", 1e6), (" Bil", 1e9))
_TIMES = ((" µs", 1e-6), (" ms", 1e-3), (" s", 1.0), (" min", 60.0), (" h", 3600.0), (" d", 86_400.0))
_BYTES = ((" B", 1.0), (" KiB", 1024.0), (" MiB", 1024.0**2), (" GiB", 1024.0**3))
_BYTES_PER_S = ((" B/s", 1.0), (" kB/s", 1e3), (" MB/s", 1e6), (" GB/s", 1e9))


def _in(scale: Sequence[tuple[str, float]], after: str = "") -> Callable[[float], str]:
    """Writes a number in the largest unit of the scale that is not above it."""

    def write(value: float) -> str:
        if value == 0:
            return f"0{scale[0][0] if after else ''}{after}"
        fitting = [one for one in scale if abs(value) >= one[1]] or [scale[0]]
        name, size = fitting[-1]
        return f"{value / size:.3g}{name}{after}"

    return write


FORMS: dict[str, Callable[[float], str]] = {
    "s": _in(_TIMES),
    "percentunit": lambda value: f"{100 * value:.3g}%",
    "ops": _in(_SI, " ops/s"),
    "bytes": _in(_BYTES),
    "Bps": _in(_BYTES_PER_S),
    "short": _in(_SI),
    "none": lambda value: f"{value:.4g}",
}
"""By Grafana's name of a unit."""
