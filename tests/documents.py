"""What the documents tell people to type: fenced blocks, and commands within the text."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "ARCHITECTURE.md",
    ROOT / "FIGURES.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
_FENCED = re.compile(r"^```(\S*) ?(\S*)\n(.*?)^```$", re.M | re.S)
_INLINE = re.compile(r"(?<!`)`([^`]+)`(?!`)")


class Block(NamedTuple):
    """A fenced block: ```` ```language name ````."""

    language: str
    name: str
    """Of the file that it is; empty for most."""
    text: str

    @property
    def lines(self) -> list[str]:
        """Its commands, without comments and empty lines."""
        return [line for line in self.text.splitlines() if line.strip() and not line.startswith("#")]


def blocks(page: Path) -> list[Block]:
    """The page's fenced blocks, in order."""
    return [Block(*found) for found in _FENCED.findall(page.read_text())]


def commands(page: Path, program: str) -> list[str]:
    """Every command of a program in the page, those of blocks and those within the text."""
    text = page.read_text()
    fenced = [
        line for block in blocks(page) for line in block.lines if block.language in ("", "sh", "console")
    ]
    inline = [" ".join(found.split()) for found in _INLINE.findall(_FENCED.sub("", text))]
    return [line for line in (*fenced, *inline) if line.split()[:1] == [program]]
