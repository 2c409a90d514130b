"""One business rule, and the file that rules are written in."""

import re
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import numpy as np
from msgspec import Meta, Struct

from online.item import Item
from online.item_filter import Near

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Hour = Annotated[int, Meta(ge=0, le=23)]
Scalar = str | int | float | bool | None
NEEDED = {"pin": "place", "boost": "factor", "bury": "factor", "cap": "at_most", "new": "share"}
"""The field that each kind of rule cannot do without."""


class RulesError(ValueError):
    """A rule is wrong; the message says in which line, what was got and what was expected."""


class Situation(Struct, frozen=True):
    """When and for whom a list is made."""

    wall_ms: int
    context: dict[str, Scalar] = {}
    """What the event that the list is made for says of its user's surroundings; `lat` and `lon` are where they are."""


class Match(Struct, frozen=True, forbid_unknown_fields=True):
    """Which items: those that are as every given field says."""

    item_ids: list[str] | None = None
    category: str | None = None
    tag: str | None = None

    def fits(self, item: Item) -> bool:
        """Whether the item is meant."""
        return (
            (self.item_ids is None or item.item_id in self.item_ids)
            and (self.category is None or item.category == self.category)
            and (self.tag is None or self.tag in item.tags)
        )


class When(Struct, frozen=True, forbid_unknown_fields=True):
    """In which situations: those that are as every given field says."""

    hours: tuple[Hour, Hour] | None = None
    """From the first, up to the second, which may be on the next day."""
    days: list[Day] | None = None
    """With hours over midnight the days on which these begin: the night of `sat` ends on Sunday."""
    utc_offset_h: Annotated[float, Meta(ge=-14, le=14)] = 0.0
    """What hours and days are counted in."""
    context: dict[str, Scalar] | None = None
    """What the event's context must say."""
    near: Near | None = None
    """Where the user must be; where that is not known, the rule does not hold."""

    def holds(self, situation: Situation) -> bool:
        """Whether the situation is one of them."""
        now = datetime.fromtimestamp(situation.wall_ms / 1000, UTC) + timedelta(hours=self.utc_offset_h)
        if self.hours is not None:
            begin, end = self.hours
            if not (begin <= now.hour < end if begin < end else now.hour >= begin or now.hour < end):
                return False
            if begin >= end and now.hour < end:
                now -= timedelta(days=1)
        if self.days is not None and DAYS[now.weekday()] not in self.days:
            return False
        said = situation.context
        if any(said.get(name) != value for name, value in (self.context or {}).items()):
            return False
        return self.near is None or self._is_near(self.near, said.get("lat"), said.get("lon"))

    def asks(self) -> set[str]:
        """Names of the context that it asks for."""
        return {*(self.context or ()), *(("lat", "lon") if self.near else ())}

    def _is_near(self, near: Near, lat: Scalar, lon: Scalar) -> bool:
        known = isinstance(lat, int | float) and isinstance(lon, int | float)
        return known and bool(near.holds(np.array([[lat, lon]], np.float64))[0])


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """What to do with which items, and when."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    do: Literal["pin", "boost", "bury", "block", "cap", "new"]
    """pin: in this place. boost, bury: as if the score were so many times as high. block: in no list. cap: at most so
    many in a list. new: at least this share of a list is new items."""
    match: Match = Match()
    when: When = When()
    place: Annotated[int, Meta(ge=1, le=100)] | None = None
    factor: Annotated[float, Meta(gt=0, le=1e6)] | None = None
    at_most: Annotated[int, Meta(ge=0, le=100)] | None = None
    share: Annotated[float, Meta(gt=0, le=1)] | None = None
    each: Literal["category", "tag"] | None = None
    """cap: counted for each category or tag by itself."""


def read(file: Path) -> str:
    """The text of a file of rules.

    Raises:
        RulesError: It is not UTF-8.
        OSError: It cannot be read.
    """
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as exc:
        msg = f"{file}: expected UTF-8, got byte 0x{exc.object[exc.start]:02x} at offset {exc.start}"
        raise RulesError(msg) from None


def parse(text: str) -> tuple[Rule, ...]:
    """The rules of a TOML file: a `[[rule]]` each.

    Raises:
        RulesError: With the line.
    """
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise RulesError(str(exc)) from None
    except RecursionError:
        msg = "nested too deeply"
        raise RulesError(msg) from None
    unknown = found.keys() - {"rule"}
    if unknown or not isinstance(found.get("rule", []), list):
        msg = f"a file of rules has [[rule]] tables and nothing else, got {', '.join(sorted(found))}"
        raise RulesError(msg)
    rules: list[Rule] = []
    for number, raw in enumerate(found.get("rule", [])):
        try:
            rule = msgspec.convert(raw, Rule)
            _check(rule, {known.name for known in rules})
        except ValueError as exc:
            msg = f"line {_line(text, number, str(exc))}, rule {number + 1}: {exc}"
            raise RulesError(msg) from None
        rules.append(rule)
    return tuple(rules)


def _check(rule: Rule, names: set[str]) -> None:
    needed = NEEDED.get(rule.do)
    given = [field for field in ("place", "factor", "at_most", "share") if getattr(rule, field) is not None]
    wrong: str | None = None
    if given != ([needed] if needed else []):
        wanted, got = needed or "none", ", ".join(f"`{field}`" for field in given)
        wrong = (
            f"{got or 'nothing'} given, but of place, factor, at_most and share a {rule.do} takes {wanted}"
        )
    elif rule.do == "pin" and len(rule.match.item_ids or ()) != 1:
        wrong = "a rule that does `pin` has one item in `match.item_ids`"
    elif rule.factor is not None and (rule.factor > 1) != (rule.do == "boost"):
        wrong = f"`factor` is above 1 to boost and below 1 to bury, got {rule.factor:g}"
    elif rule.each is not None and rule.do != "cap":
        wrong = f"`each` is for a rule that does `cap`, got `{rule.do}`"
    elif rule.name in names:
        wrong = f"`name` {rule.name!r} is another rule's too"
    if wrong is not None:
        raise ValueError(wrong)


def _line(text: str, number: int, error: str) -> int:
    """The line of a rule's field that an error names, or of the rule."""
    lines = text.split("\n")
    starts = [row for row, line in enumerate(lines) if re.match(r"\s*\[\[\s*rule\s*\]\]", line)]
    if number >= len(starts):
        return 1
    end = starts[number + 1] if number + 1 < len(starts) else len(lines)
    for field in re.findall(r"\w+", " ".join(re.findall(r"`([^`]*)`", error))):
        for row in range(starts[number], end):
            if re.match(rf"\s*(\[rule\.)?{field}\b", lines[row]):
                return row + 1
    return starts[number] + 1
