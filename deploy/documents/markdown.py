"""Tables in Markdown."""

from collections.abc import Iterable, Sequence

NOTE = "<!-- Written by `python -m deploy.documents`: change what it is made from, not this file. -->"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, with an empty line behind it."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(cell, line)) + " |" for line in lines) + "\n"


def cell(text: str) -> str:
    """A text that does not end its cell."""
    return text.replace("|", r"\|").replace("\n", " ")
