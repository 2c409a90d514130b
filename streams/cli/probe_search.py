"""`freshet probe search`: whether sentences find their texts, and altered pictures the pictures they were made of."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streams.cli.chosen_encoder import Device, EncoderName, load_encoder, one_line_media_errors
from streams.cli.media_files import MediaError, media_below
from streams.cli.output import JsonFile
from streams.cli.probing import report

if TYPE_CHECKING:
    from encoders.base import Encoder
    from encoders.probes.search import Found


def search(
    given: Annotated[Path, typer.Argument(help="A table of items (CSV, Parquet), or a folder of pictures.")],
    text: Annotated[
        str, typer.Option(help="Columns of an item's text, with commas between: of all that is encoded.")
    ] = "title,text",
    sentences: Annotated[str, typer.Option(help="The column whose sentences are searched for.")] = "text",
    count: Annotated[int, typer.Option(min=1, help="Queries.")] = 500,
    seed: Annotated[
        int, typer.Option(min=0, help="Decides which sentences, and how pictures are altered.")
    ] = 0,
    encoder: EncoderName = None,
    device: Device = None,
    json_file: JsonFile = None,
) -> None:
    """Whether what is searched for is found: a sentence's text, a cropped and recoloured picture's original.

    Compared are the vectors of the one modality, as they are stored.
    """
    with one_line_media_errors():
        if given.is_dir():
            modality, measured, about = _pictures(given, count, seed, encoder, device)
        else:
            modality, measured, about = _sentences(given, text, sentences, count, seed, encoder, device)
        report(
            {modality: measured._asdict()},
            {"task": "search", "modality": modality, "seed": seed} | about,
            json_file,
        )


def _sentences(
    items: Path, text: str, column: str, count: int, seed: int, name: str | None, device: str | None
) -> "tuple[str, Found, dict[str, object]]":
    from encoders.probes.search import sentences_of  # noqa: PLC0415  # keeps `freshet --help` fast
    from online.evaluation.tables import read_table, texts_of  # noqa: PLC0415

    table = read_table(items)
    columns = [texts_of(items, table, name) for name in text.split(",")]
    texts = ["\n".join(filter(None, parts)) for parts in zip(*columns, strict=True)]
    queries = sentences_of(texts_of(items, table, column), count, seed)
    judged = load_encoder("text", name, device)
    found, about = _search(
        judged, texts, [sentence for _, sentence in queries], [place for place, _ in queries]
    )
    return "text", found, about


def _pictures(
    folder: Path, count: int, seed: int, name: str | None, device: str | None
) -> "tuple[str, Found, dict[str, object]]":
    from encoders.base import BadEntryError  # noqa: PLC0415  # keeps `freshet --help` fast
    from encoders.probes.search import altered  # noqa: PLC0415

    _, paths = media_below(folder, "image")
    chosen = (
        [number * len(paths) // count for number in range(count)] if count < len(paths) else range(len(paths))
    )
    judged = load_encoder("image", name, device)
    made: list[tuple[int, bytes]] = []
    for place in chosen:
        try:
            made.append((place, altered(paths[place].read_bytes(), seed + place)))
        except BadEntryError as exc:
            typer.echo(f"left out: {paths[place]}: {exc}", err=True)
    found, about = _search(
        judged, (path.read_bytes() for path in paths), [q for _, q in made], [p for p, _ in made]
    )
    return "image", found, about


def _search(
    judged: "Encoder[Any]", entries: Iterable[object], queries: Sequence[object], own: Sequence[int]
) -> "tuple[Found, dict[str, object]]":
    import numpy as np  # noqa: PLC0415  # keeps `freshet --help` fast

    from encoders.probes.search import found_among  # noqa: PLC0415
    from encoders.probes.vectors import encode_all, kept  # noqa: PLC0415

    searched, asked = encode_all(judged, entries), encode_all(judged, queries)
    usable = [n for n, place in enumerate(own) if place not in searched.errors and n not in asked.errors]
    if not usable:
        message = "nothing that is searched for can be encoded"
        raise MediaError(message)
    rows = np.array([own[n] for n in usable])
    found = found_among(kept(searched.vectors), kept(asked.vectors[usable]), rows)
    about = {
        "encoder": judged.name,
        "encoder_version": judged.version,
        "entries": len(usable),
        "searched": len(searched.vectors) - len(searched.errors),
        "left_out": len(own) - len(usable),
    }
    return found, about
