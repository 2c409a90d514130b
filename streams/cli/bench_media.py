"""`freshet bench media`: files through Kafka, workers and encoders; how soon, and how many a second."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.bench_errors import bench_errors
from streams.cli.output import JsonFile, write_json
from streams.cores import keep_memory, share_cores

if TYPE_CHECKING:
    from encoders.modalities import Modality

SUFFIXES: "dict[Modality, frozenset[str]]" = {
    "image": frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"}),
    "audio": frozenset({".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".aac"}),
    "video": frozenset({".mp4", ".mkv", ".webm", ".mov", ".avi"}),
}


def media(
    folder: Annotated[Path, typer.Argument(help="Pictures, sounds and clips, at any depth.", exists=True)],
    rate: Annotated[float, typer.Option(min=0.1, help="Items a second in the first part.")] = 5,
    items: Annotated[
        int, typer.Option(min=1, help="Items of the first part: a title and a picture each.")
    ] = 150,
    json_file: JsonFile = None,
) -> None:
    """How soon new items with a picture are recommendable; then all files at once, beside a plain loop."""
    # The plain loop is to be at its best too, whatever else the machine does.
    share_cores()
    keep_memory()
    from rich.console import Console  # noqa: PLC0415  # keeps `freshet --help` fast

    from streams import settings  # noqa: PLC0415
    from streams.bench.media import bulk, freshness  # noqa: PLC0415

    console = Console(stderr=json_file == "-", soft_wrap=True, highlight=False)
    found = _files(folder)
    if not found["image"]:
        message = f"{folder} has no pictures ({', '.join(sorted(SUFFIXES['image']))})"
        raise typer.BadParameter(message)
    with bench_errors():
        fresh = freshness(settings.load(), found["image"][:items], folder, rate)
        console.print(
            f"{fresh.items} new items with text and picture, {rate:g}/s: document complete after p50 "
            f"{fresh.document_ms['p50']} ms, p99 {fresh.document_ms['p99']} ms; vector in `model` after p50 "
            f"{fresh.vector_ms['p50']} ms, p99 {fresh.vector_ms['p99']} ms"
        )
        bulks = {}
        for modality, paths in found.items():
            if paths:
                bulks[modality] = one = bulk(settings.load(), modality, paths, folder)
                console.print(
                    f"{one.files} {modality} files at once: {one.files_per_s:g}/s through Kafka, plain loop "
                    f"{one.plain_files_per_s:g}/s, ratio {one.ratio:g}; {one.failed} failed"
                )
    if json_file is not None:
        write_json(json_file, {"freshness": fresh, "bulk": bulks})


def _files(folder: Path) -> "dict[Modality, list[Path]]":
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {m: [p for p in paths if p.suffix.lower() in suffixes] for m, suffixes in SUFFIXES.items()}
