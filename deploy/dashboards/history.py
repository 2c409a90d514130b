"""What an expression had over some time, asked of a Prometheus."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

ANSWER_S = 30.0


@dataclass(frozen=True)
class Span:
    """Moments at equal distances."""

    start_s: float
    """Since the epoch."""
    step_s: float
    count: int

    def times_s(self) -> list[float]:
        """All of them."""
        return [self.start_s + number * self.step_s for number in range(self.count)]


class Line(NamedTuple):
    """One series."""

    labels: Mapping[str, str]
    values: list[float]
    """At each moment of the span; not a number where there is none."""


class QueryError(RuntimeError):
    """Prometheus refuses an expression; the message says which, and why."""


class History:
    """The past as one server has it.

    Args:
        url: `http://host:port`, where the server's API begins.
        span: At which moments.
    """

    def __init__(self, url: str, span: Span) -> None:
        self._url = url.rstrip("/")
        self.span = span

    def of(self, expr: str) -> list[Line]:
        """Every series that the expression has within the span.

        Raises:
            QueryError: It is wrong.
            URLError: The server does not answer.
        """
        times_s = self.span.times_s()
        asked = {
            "query": expr,
            "start": f"{times_s[0]}",
            "end": f"{times_s[-1]}",
            "step": f"{self.span.step_s}",
        }
        try:
            with urlopen(f"{self._url}/api/v1/query_range?{urlencode(asked)}", timeout=ANSWER_S) as answer:
                found = json.load(answer)["data"]["result"]
        except HTTPError as exc:
            msg = f"{exc.read().decode(errors='replace')} in {expr}"
            raise QueryError(msg) from None
        return [Line(series["metric"], self._placed(series["values"])) for series in found]

    def _placed(self, samples: list[tuple[float, str]]) -> list[float]:
        values = [math.nan] * self.span.count
        for at_s, value in samples:
            number = float(value)
            if math.isfinite(number):
                values[round((at_s - self.span.start_s) / self.span.step_s)] = number
        return values
