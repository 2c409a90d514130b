"""`freshet encode`: what the encoders make of files, texts and places, for a person to try."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streams.cli.chosen_encoder import Device, EncoderName, ModalityName, load_encoder, one_line_media_errors
from streams.cli.given_media import Medium, given_media
from streams.cli.media_files import MediaError, parse_modality
from streams.cli.output import JsonFile, widen, write_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rich.table import Table

    from encoders.base import Encoder
    from encoders.modalities import Modality


@dataclass
class Row:
    """What became of one medium: a vector or a reason."""

    medium: Medium
    vector: "NDArray[np.float32] | None" = None
    error: str | None = None


def encode(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]…", help="Texts (.txt), pictures, sounds, clips.")
    ] = None,
    text: Annotated[list[str] | None, typer.Option(help="A text itself; may be repeated.")] = None,
    place: Annotated[
        list[str] | None, typer.Option(metavar="LAT,LON", help="A place in degrees; may be repeated.")
    ] = None,
    modality: ModalityName = None,
    encoder: EncoderName = None,
    device: Device = None,
    vectors: Annotated[
        bool, typer.Option("--vectors/--table", help="Print the vectors themselves, or a table of cosines.")
    ] = False,
    json_file: JsonFile = None,
) -> None:
    """Encode what is given, and print how similar it is, or the vectors as the pipeline keeps them."""
    with one_line_media_errors():
        of_all = None if modality is None else parse_modality(modality)
        rows = [
            Row(medium, error=medium.problem)
            for medium in given_media(files or (), text or (), place or (), of_all)
        ]
        loaded = {its: load_encoder(its, encoder, device) for its in _modalities(rows, encoder)}
        for its, its_encoder in loaded.items():
            _encode([row for row in rows if row.medium.modality == its and row.error is None], its_encoder)
        _show(rows, vectors, quiet=json_file == "-")
        if json_file is not None:
            write_json(json_file, _found(rows, loaded))
    if any(row.error is not None for row in rows):
        raise typer.Exit(1)


def _modalities(rows: Sequence[Row], encoder: str | None) -> "list[Modality]":
    """The modalities of what can be encoded, each once."""
    if not rows:
        message = "nothing to encode; give files, --text or --place"
        raise MediaError(message)
    found = list(dict.fromkeys(r.medium.modality for r in rows if r.medium.modality and r.error is None))
    if encoder is not None and len(found) > 1:
        message = f"--encoder {encoder} cannot be for all of {', '.join(found)}: give one modality at a time"
        raise MediaError(message)
    return found


def _encode(rows: Sequence[Row], encoder: "Encoder[Any]") -> None:
    from encoders.probes.vectors import encode_all, kept  # noqa: PLC0415  # keeps `freshet --help` fast

    encoded = encode_all(encoder, (row.medium.raw for row in rows))
    for place, (row, vector) in enumerate(zip(rows, kept(encoded.vectors), strict=True)):
        row.error = encoded.errors.get(place)
        row.vector = vector if row.error is None else None


def _by_modality(rows: Sequence[Row]) -> "Iterator[tuple[Modality, list[tuple[str, NDArray[np.float32]]]]]":
    """The rows with a vector: only those of one modality lie in one space."""
    for modality in dict.fromkeys(row.medium.modality for row in rows):
        own = [
            (r.medium.name, r.vector) for r in rows if r.vector is not None and r.medium.modality == modality
        ]
        if modality is not None and own:
            yield modality, own


def _show(rows: Sequence[Row], vectors: bool, quiet: bool) -> None:
    from rich.console import Console  # noqa: PLC0415  # keeps `freshet --help` fast

    console = Console(stderr=quiet, soft_wrap=True, highlight=False)
    widen(console)
    if vectors:
        for row in rows:
            if row.vector is not None:
                numbers = " ".join(f"{number:.4f}" for number in row.vector)
                console.print(f"{row.medium.name}: {numbers}", markup=False)
    else:
        for modality, own in _by_modality(rows):
            console.print(_table(modality, own))
    for row in rows:
        if row.error is not None:
            console.print(f"{row.medium.name}: {row.error}", markup=False)


def _table(modality: "Modality", own: "Sequence[tuple[str, NDArray[np.float32]]]") -> "Table":
    from rich.box import SIMPLE  # noqa: PLC0415  # as above
    from rich.table import Column, Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    columns = (Column(str(number), justify="right", no_wrap=True) for number in range(1, len(own) + 1))
    table = Table("", Column(f"{modality}: cosines"), *columns, box=SIMPLE)
    for number, ((name, _), cosines) in enumerate(zip(own, _cosines(own), strict=True), 1):
        table.add_row(str(number), Text(name), *(f"{cosine:.2f}" for cosine in cosines))
    return table


def _cosines(own: "Sequence[tuple[str, NDArray[np.float32]]]") -> list[list[float]]:
    """[n, n]."""
    import numpy as np  # noqa: PLC0415  # as above

    stacked = np.stack([vector for _, vector in own])
    found: list[list[float]] = (stacked @ stacked.T).round(4).tolist()
    return found


def _found(rows: Sequence[Row], loaded: "Mapping[Modality, Encoder[Any]]") -> dict[str, object]:
    return {
        "encoders": {
            its: {"name": encoder.name, "version": encoder.version, "dim": encoder.dim}
            for its, encoder in loaded.items()
        },
        "entries": [
            {
                "name": row.medium.name,
                "modality": row.medium.modality,
                "vector": None if row.vector is None else row.vector.tolist(),
                "error": row.error,
            }
            for row in rows
        ],
        "cosines": {
            modality: {"names": [name for name, _ in own], "cosines": _cosines(own)}
            for modality, own in _by_modality(rows)
        },
    }
