"""A user's list as a table for the eye."""

from collections.abc import Sequence

from rich.console import Group
from rich.table import Table
from rich.text import Text

from streams.cli.output import folding_table
from streams.cli.times import local
from streams.events import Cause, ListItem, Reason, Recommendation
from streams.newest import Titles


def list_table(found: Recommendation, titles: Titles, now_ms: int) -> Group:
    """The list: for whom, how old, why, up to which event it knows the user, and the items."""
    through = found.through
    heading = (
        f"{found.user_id}: {local(found.generated_ms)}, {_age(now_ms - found.generated_ms)} old, "
        f"because of {_cause(found.cause)}; through {through.partition}@{through.offset}.{through.index}; "
        f"model {found.model_version}"
    )
    return Group(plain(heading, style="bold"), items_table(found.items, titles), Text())


def items_table(items: Sequence[ListItem], titles: Titles) -> Table:
    """Places of a list: each item with its title, and what speaks for it."""
    table = folding_table("", "item", "title", "score", "source", "because of")
    for item in items:
        cells = (item.item_id, titles.of(item.item_id), f"{item.score:.4g}", item.source)
        because = ", ".join(_reason(reason, titles) for reason in item.reasons)
        table.add_row(str(item.rank), *map(plain, (*cells, because)))
    return table


def _cause(cause: Cause) -> str:
    return f"{cause.kind} {cause.event_id} ({cause.topic} {cause.partition}@{cause.offset})"


def _reason(reason: Reason, titles: Titles) -> str:
    what = reason.modality or reason.kind.replace("_", " ")
    if reason.item_id is not None:
        what = titles.of(reason.item_id) or reason.item_id
    return f"{what} {reason.weight:.0%}"


def _age(age_ms: int) -> str:
    seconds = max(0, age_ms) / 1000
    for unit, length_s in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length_s:
            return f"{seconds / length_s:.1f} {unit}"
    return f"{seconds:.1f} s"


def plain(text: str, style: str = "") -> Text:
    """Text from the stream: it is neither markup nor may it steer the terminal."""
    return Text("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text), style=style)
