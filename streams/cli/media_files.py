"""Raw media from files: which modality a file is of, and which of a folder's files count."""

import mimetypes
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from encoders.modalities import Modality

FILE_MODALITIES: tuple[Modality, ...] = ("text", "image", "audio", "video")
"""The modalities that come in files; a place is a pair of numbers."""
# What the system's own tables lack on some machines, or know under another name.
SUFFIXES: dict[str, Modality] = {
    ".avif": "image",
    ".flac": "audio",
    ".htm": "text",
    ".html": "text",
    ".m4a": "audio",
    ".m4v": "video",
    ".mkv": "video",
    ".ogg": "audio",
    ".opus": "audio",
    ".ts": "video",
    ".txt": "text",
    ".webm": "video",
    ".webp": "image",
}


class MediaError(ValueError):
    """What was given cannot be used as media; the message is one line that says what to change."""


def guess_modality(path: Path) -> Modality | None:
    """The modality that a file's name tells; None if it tells none."""
    suffix = path.suffix.lower()
    if suffix in SUFFIXES:
        return SUFFIXES[suffix]
    kind = (mimetypes.guess_type(path.name)[0] or "").partition("/")[0]
    # Not every text/… is one to read: scripts, tables and style sheets are text too.
    return next((known for known in FILE_MODALITIES if known == kind != "text"), None)


def parse_modality(name: str) -> Modality:
    """A modality that comes in files, by name.

    Raises:
        MediaError: There is none of that name.
    """
    for known in FILE_MODALITIES:
        if known == name:
            return known
    message = f"modality {name!r}: expected one of {', '.join(FILE_MODALITIES)}"
    raise MediaError(message)


def read_medium(path: Path, modality: Modality) -> str | bytes:
    """A file as encoders take it: text for text, bytes for everything else.

    Raises:
        OSError: It cannot be read.
    """
    return path.read_text("utf-8", errors="replace") if modality == "text" else path.read_bytes()


def media_below(folder: Path, modality: Modality | None) -> tuple[Modality, list[Path]]:
    """A folder's files of one modality, at any depth, sorted; hidden ones and those of other kinds are left out.

    Args:
        folder: Where to look.
        modality: What to look for; None if the files themselves tell.

    Raises:
        MediaError: There is no such folder, nothing in it, or files of several modalities and none was named.
    """
    if not folder.is_dir():
        message = f"{folder}: no such folder"
        raise MediaError(message)
    guessed = {path: guess_modality(path) for path in _visible_files(folder)}
    chosen = modality or _only_modality(folder, guessed.values())
    found = [path for path, its in guessed.items() if its == chosen]
    if not found:
        message = f"{folder}: no {chosen} file among {len(guessed)} files"
        raise MediaError(message)
    return chosen, found


def evenly(paths: Sequence[Path], count: int | None) -> list[Path]:
    """So many of them, spread evenly and always the same; all where there are no more, or no number is given."""
    wanted = len(paths) if count is None else min(count, len(paths))
    return [paths[place * len(paths) // wanted] for place in range(wanted)]


def _visible_files(folder: Path) -> Sequence[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def _only_modality(folder: Path, guessed: Iterable[Modality | None]) -> Modality:
    counts = Counter(modality for modality in guessed if modality is not None)
    if len(counts) != 1:
        held = ", ".join(f"{count} {modality}" for modality, count in counts.most_common()) or "no media"
        message = f"{folder} holds {held}: say which with --modality"
        raise MediaError(message)
    return next(iter(counts))
