"""Whether boards and alerts look at what there is: names that workers have, expressions that have values."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from deploy.dashboards import BOARDS
from deploy.dashboards.board import of_everything
from tests.deploy.prometheus import RULES, expressions

MAY_BE_SILENT = {"freshet_device_used_bytes", "freshet_device_bytes"}
"""Of what alerts look at: there may be no GPU. Their names have to be there still."""
HAPPENED = {
    "no media event has come",
    "no event has been refused yet",
    "no event has come on a foreign partition yet",
}
"""What a panel may be empty for elsewhere, but not here: the river that is watched has had it."""
_ENDINGS = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "info": ("_info",)}
_OURS = re.compile(r"\b((?:freshet[_:]|process_|python_)[\w:]+|up\b)({[^}]*})?")


class Look(NamedTuple):
    """An expression of a board or a rule."""

    place: str
    expr: str
    needs: tuple[str, ...]
    """Expressions that have to have a value, or it says nothing."""

    def names(self) -> set[str]:
        """The series of workers that it names; what a rule records has colons in its name."""
        return {name for name, _ in _OURS.findall(self.expr) if ":" not in name and name != "up"}

    def renamed(self, name: str) -> "Look":
        """The same when one of its series has another name."""

        def change(expr: str) -> str:
            return re.sub(rf"\b{name}\b", f"{name}_renamed", expr)

        return Look(self.place, change(self.expr), tuple(map(change, self.needs)))


def looks(window: str) -> list[Look]:
    """All of them; a panel needs its expression unless it is empty for a reason, a rule all that it selects."""
    needs = {
        of_everything(query.expr, window): (of_everything(query.expr, window),)
        for board in BOARDS
        for panel in board.panels
        for query in panel.queries
        if not panel.empty_because or panel.empty_because in HAPPENED
    }
    needs |= {rule["expr"]: tuple(sorted(selected(rule["expr"]))) for rule in RULES}
    return [Look(place, expr, needs.get(expr, ())) for place, expr in expressions(window).items()]


def selected(expr: str) -> set[str]:
    """What a rule's expression selects that has to be there, each with its matchers."""
    return {name + matchers for name, matchers in _OURS.findall(expr) if name not in MAY_BE_SILENT}


def series(metadata: Mapping[str, Iterable[Mapping[str, str]]]) -> set[str]:
    """The names of series that workers say they have, of which there may be none yet, by Prometheus' metadata."""
    return {
        name.removesuffix(ending) + ending
        for name, kinds in metadata.items()
        for kind in kinds
        for ending in _ENDINGS.get(kind["type"], ("",))
    }


def unknown(found: Iterable[Look], known: set[str]) -> dict[str, set[str]]:
    """By place, the names that no worker has."""
    return {look.place: missing for look in found if (missing := look.names() - known)}


def silent(found: Iterable[Look], values: Callable[[str], list[float]]) -> dict[str, list[str]]:
    """By place, what it needs and has no value."""
    return {
        look.place: missing for look in found if (missing := [one for one in look.needs if not values(one)])
    }
