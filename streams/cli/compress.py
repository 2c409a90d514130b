"""`freshet compress`: a smaller encoder, and what is left of it."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streams.cli.chosen_encoder import Device, load_encoder, one_line_media_errors
from streams.cli.media_files import MediaError, evenly, media_below, parse_modality, read_medium
from streams.cli.output import JsonFile, write_json

if TYPE_CHECKING:
    from encoders.base import Encoder
    from encoders.compression.methods import Method
    from encoders.modalities import Modality

METHODS: "tuple[Method, ...]" = ("int8", "bf16", "pruned")
REPORT = "report.json"
"""In the folder of the smaller encoder."""


def compress(  # noqa: PLR0913, PLR0917  # one parameter an option: that is how typer reads them
    encoder: Annotated[str, typer.Argument(metavar="ENCODER", help="As minilm, or hf:NAME_OR_FOLDER.")],
    modality: Annotated[str, typer.Option(help="text, image, audio or video.")],
    to: Annotated[str, typer.Option(help="int8, bf16 or pruned: smaller files; none of them is faster.")],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where to write it: new or empty.")],
    media: Annotated[
        Path,
        typer.Option(
            metavar="PATH",
            help="What to compare it on: a folder of files, whose folders are their classes, or one file; "
            "of a text, each line counts for itself.",
        ),
    ],
    share: Annotated[
        float, typer.Option(min=0, max=0.99, help="Of the weights, how many pruned drops.")
    ] = 0.3,
    sample: Annotated[
        int | None,
        typer.Option(min=1, help="Compare on so many of the files, spread evenly over their names."),
    ] = None,
    device: Device = None,
    json_file: JsonFile = None,
) -> None:
    """Write an encoder with smaller weights, and compare it with the original. Load it as compressed:FOLDER."""
    with one_line_media_errors():
        from encoders.compression.folder import CompressionError  # noqa: PLC0415  # keeps `freshet --help` fast
        from encoders.compression.writing import write_compressed  # noqa: PLC0415

        its, method = parse_modality(modality), _method(to)
        paths = [media] if media.is_file() else evenly(media_below(media, its)[1], sample)
        original = load_encoder(its, encoder, device, as_set=False)
        try:
            write_compressed(original, encoder, method, out, share)
            smaller = load_encoder(its, f"compressed:{out}", device, as_set=False)
            found = _compare(original, smaller, out, paths, by_folder=media.is_dir())
        except CompressionError as exc:
            raise MediaError(str(exc)) from exc
        found = {"modality": its, "original": encoder, "method": method, **found}
        write_json(str(out / REPORT), found)
        _show(found, quiet=json_file == "-")
        if json_file is not None:
            write_json(json_file, found)


def _method(name: str) -> "Method":
    for known in METHODS:
        if known == name:
            return known
    message = f"--to {name!r}: expected one of {', '.join(METHODS)}"
    raise MediaError(message)


def _compare(
    original: "Encoder[Any]", smaller: "Encoder[Any]", out: Path, paths: Sequence[Path], by_folder: bool
) -> dict[str, Any]:
    from encoders.compression.comparing import likeness, speed  # noqa: PLC0415  # keeps `freshet --help` fast
    from encoders.compression.folder import stored_bytes  # noqa: PLC0415
    from encoders.compression.writing import float32_bytes, network_of  # noqa: PLC0415

    weights, after = network_of(original), stored_bytes(out)
    in_float32 = float32_bytes(weights.network)
    classes = [path.parent.name for path in paths] if by_folder else None
    timed = speed(original, smaller, _entries(original.modality, paths, not by_folder))
    near = likeness(original, smaller, lambda: _entries(original.modality, paths, not by_folder), classes)
    return {
        "compressed": smaller.name,
        "version": smaller.version,
        "original_bytes": weights.published_bytes,
        "float32_bytes": in_float32,
        "compressed_bytes": after,
        "float32_ratio": after / in_float32,
        "original_entries_per_s": timed.original,
        "compressed_entries_per_s": timed.compressed,
        **asdict(near),
    }


def _entries(modality: "Modality", paths: Sequence[Path], by_line: bool) -> Iterable[object]:
    if modality == "text" and by_line:
        text = paths[0].read_text("utf-8", errors="replace")
        return [line for line in text.splitlines() if line.strip()]
    return (read_medium(path, modality) for path in paths)


def _show(found: dict[str, Any], quiet: bool) -> None:
    say = [
        f"{found['original']} -> {found['compressed']} ({found['method']}), version {found['version']}",
        f"size: {found['original_bytes']:,} -> {found['compressed_bytes']:,} bytes; the network alone takes "
        f"{found['float32_bytes']:,} in float32, ratio {found['float32_ratio']:.3f}",
        f"speed: {found['original_entries_per_s']:.1f} -> {found['compressed_entries_per_s']:.1f} entries/s "
        "in the network",
        f"cosine to the original: mean {found['mean_cosine']:.4f}, min {found['min_cosine']:.4f}, "
        f"n = {found['entries']}",
    ]
    if found["original_accuracy"] is not None:
        loss = found["original_accuracy"] - found["compressed_accuracy"]
        say.append(
            f"5-nearest-neighbour accuracy: {found['original_accuracy']:.4f} -> "
            f"{found['compressed_accuracy']:.4f}, loss {loss:.4f}"
        )
    for line in say:
        typer.echo(line, err=quiet)
