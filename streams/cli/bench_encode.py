"""`freshet bench encode`: how many entries a second the encoders take, beside plain loops over the same models."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.chosen_encoder import Device, load_encoder, one_line_media_errors
from streams.cli.media_files import MediaError, media_below, parse_modality, read_medium
from streams.cli.output import JsonFile, widen, write_json

if TYPE_CHECKING:
    from encoders.modalities import Modality
    from streams.bench.encoding.run import Measured


def encode(  # noqa: PLR0913, PLR0917  # one parameter an option: that is how typer reads them
    modality: Annotated[
        str, typer.Option(metavar="NAME,…", help="Which encoders.")
    ] = "text,image,audio,video",
    media: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Media files. Default: made by --seed.")
    ] = None,
    entries: Annotated[int, typer.Option(min=1, help="Texts, pictures, … in one round.")] = 32,
    batches: Annotated[str, typer.Option(metavar="N,…", help="Entries embedded at once.")] = "1,8,32",
    rounds: Annotated[int, typer.Option(min=1, help="How often each is timed; the median counts.")] = 5,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads of torch. Default: torch's own.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed makes the same media.")] = 1,
    device: Device = None,
    json_file: JsonFile = None,
) -> None:
    """Entries a second of each encoder, decoding and network apart, beside a plain loop over the same model."""
    with one_line_media_errors():
        import torch  # noqa: PLC0415  # keeps `freshet --help` fast

        from streams.bench.processes import machine  # noqa: PLC0415

        chosen = [parse_modality(name) for name in modality.split(",")]
        sizes = _sizes(batches)
        if threads is not None:
            torch.set_num_threads(threads)
        before = machine()
        measured = [
            _measure(its, _entries(its, media, entries, seed), sizes, rounds, device) for its in chosen
        ]
        _show(measured, quiet=json_file == "-")
        if json_file is not None:
            setup = {
                "machine": before,
                "torch_threads": torch.get_num_threads(),
                "torch": str(torch.__version__),
            }
            options = {"seed": seed, "rounds": rounds, "media": "made" if media is None else "given"}
            write_json(json_file, {"modalities": {m.modality: m for m in measured}, **setup, **options})


def _sizes(batches: str) -> list[int]:
    try:
        sizes = [int(size) for size in batches.split(",")]
    except ValueError:
        sizes = []
    if not sizes or min(sizes) < 1:
        message = f"--batches {batches!r}: expected sizes of at least 1, as 1,8,32"
        raise MediaError(message)
    return sizes


def _entries(modality: "Modality", media: Path | None, count: int, seed: int) -> list[str | bytes]:
    """So many raw entries; given files are repeated where they are fewer, and spread over the folder where more."""
    if media is None:
        from streams.bench.encoding.media import made_media  # noqa: PLC0415  # keeps `freshet --help` fast

        return made_media(modality, count, seed)
    _, paths = media_below(media, modality)
    spread = [paths[place * len(paths) // count] for place in range(count)]
    return [read_medium(path, modality) for path in spread]


def _measure(
    modality: "Modality", entries: list[str | bytes], sizes: list[int], rounds: int, device: str | None
) -> "Measured":
    from encoders.base import BadEntryError  # noqa: PLC0415  # keeps `freshet --help` fast
    from streams import settings  # noqa: PLC0415
    from streams.bench.encoding.plain import plain_loop  # noqa: PLC0415
    from streams.bench.encoding.run import measure  # noqa: PLC0415

    typer.echo(f"measuring {modality}", err=True)
    encoder = load_encoder(modality, None, device)
    plain = plain_loop(encoder, settings.load().device if device is None else device)
    try:
        return measure(encoder, plain, entries, sizes, rounds)
    except BadEntryError as exc:
        raise MediaError(str(exc)) from exc


def _show(measured: "list[Measured]", quiet: bool) -> None:
    from rich.console import Console  # noqa: PLC0415  # keeps `freshet --help` fast

    from streams.bench.encoding.report import notes, table  # noqa: PLC0415

    console = Console(stderr=quiet, soft_wrap=True, highlight=False)
    widen(console)
    console.print(table(measured))
    for line in notes(measured):
        console.print(line)
