"""What a person gives to be encoded, on the command line: files, texts, places."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from encoders.modalities import Modality
from streams.cli.media_files import guess_modality, read_medium

TITLE_CHARACTERS = 40
"""Characters of a text that name it in a table."""


@dataclass(frozen=True)
class Medium:
    """One thing to encode."""

    name: str
    modality: Modality | None
    """None if nothing tells."""
    raw: object
    """As the modality's encoders take it."""
    problem: str | None = None
    """Why it cannot be encoded, if that is known already."""


def given_media(
    files: Sequence[Path], texts: Sequence[str], places: Sequence[str], modality: Modality | None
) -> list[Medium]:
    """All that was given, in this order: files, texts, places.

    Args:
        files: Of the modality that their names tell, unless `modality` overrides it.
        texts: Texts themselves.
        places: `LAT,LON` in degrees.
        modality: Of all files.
    """
    return [
        *(_file(path, modality) for path in files),
        *(Medium(_title(text), "text", text) for text in texts),
        *(_place(place) for place in places),
    ]


def _file(path: Path, modality: Modality | None) -> Medium:
    its = modality or guess_modality(path)
    if its is None and not path.exists():
        return Medium(str(path), None, None, "no such file: a text itself is given with --text")
    if its is None:
        return Medium(str(path), None, None, "its name tells no modality: say which with --modality")
    try:
        return Medium(str(path), its, read_medium(path, its))
    except OSError as exc:
        return Medium(str(path), its, None, exc.strerror or str(exc))


def _place(given: str) -> Medium:
    try:
        latitude, longitude = map(float, given.split(","))
    except ValueError:
        return Medium(given, "location", None, "expected LAT,LON in degrees, as 48.14,11.58")
    return Medium(given, "location", (latitude, longitude))


def _title(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TITLE_CHARACTERS else f"{line[: TITLE_CHARACTERS - 1]}…"
